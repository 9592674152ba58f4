//! What changed when, along a branch.

use super::{Commit, ObjectName};
use crate::source::RepoPath;

/// A commit of a branch with the files that it changed there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchStep {
    /// The commit.
    pub commit: Commit,
    /// The changes against the commit before it on the branch, by path.
    pub changes: Vec<FileChange>,
    /// Whether it is a merge that hides the branch's own history, as a pushed
    /// `git pull` does: its second parent is what the branch was before, and
    /// the history continues there. What the other side brought counts as this
    /// commit's change, since that is when the branch got it.
    pub hides_branch: bool,
}

/// A file that a commit changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Its path, from the directory that holds `rungs.yaml`.
    pub path: RepoPath,
    /// The blob before; none if there was no file.
    pub before: Option<ObjectName>,
    /// The blob after; none if the file is gone.
    pub after: Option<ObjectName>,
}

/// Names of commits, one after the other.
pub type CommitNames<'h> = Box<dyn Iterator<Item = Result<ObjectName, HistoryError>> + 'h>;

/// The commits of a branch that changed something, newest first.
pub trait CommitHistory: Send + Sync {
    /// Along the branch, from `tip` backwards: the commits that changed a file
    /// at or below one of `paths`, and every merge that hides the branch, even
    /// without changes there, because what came before it is less certain.
    /// Reads only as far as the iterator goes. At the edge of a shallow clone
    /// the last item is [`HistoryError::Shallow`].
    fn steps<'h>(
        &'h self,
        tip: &ObjectName,
        paths: &[RepoPath],
    ) -> Result<Box<dyn Iterator<Item = Result<BranchStep, HistoryError>> + 'h>, HistoryError>;

    /// Every commit of the branch, newest first, whatever it changed, along the
    /// same way as [`Self::steps`]: past a merge that hides the branch by its
    /// second parent. Ends in the same way, with the edge's own commit before
    /// the error.
    fn branch<'h>(&'h self, tip: &ObjectName) -> Result<CommitNames<'h>, HistoryError>;

    /// A blob's bytes.
    fn blob(&self, id: &ObjectName) -> Result<Vec<u8>, HistoryError>;

    /// Fetches at once those of the blobs that a partial clone lacks, for
    /// callers that are about to read many of them.
    fn prefetch(&self, _ids: &[ObjectName]) -> Result<(), HistoryError> {
        Ok(())
    }
}

/// Why history cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// The clone's history ends too early.
    #[error("the clone is shallow, and its history ends too early")]
    Shallow {
        /// The command that fetches the rest.
        fetch: String,
    },
    /// Git failed.
    #[error("git could not read the history: {0}")]
    Failed(String),
}
