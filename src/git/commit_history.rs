//! What changed when, along a branch.

use super::{Commit, ObjectName};
use crate::source::RepoPath;

/// A commit of a branch with the files that it changed there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchStep {
    /// The commit.
    pub commit: Commit,
    /// Against the commit before it on the branch, by path.
    pub changes: Vec<FileChange>,
    /// Whether it is a merge that hides the branch's own history behind its
    /// second parent, as a pushed `git pull` does. The branch went on behind
    /// that parent, and so does the history; what the other side brought counts
    /// as this commit's change, since that is when the branch got it.
    pub hides_branch: bool,
}

/// A file that a commit changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Its path, from the directory that holds `rungs.yaml`.
    pub path: RepoPath,
    /// The blob before; none where there was no file.
    pub before: Option<ObjectName>,
    /// The blob after; none where there is no file any more.
    pub after: Option<ObjectName>,
}

/// Names of commits, one after the other.
pub type CommitNames<'h> = Box<dyn Iterator<Item = Result<ObjectName, HistoryError>> + 'h>;

/// The commits of a branch that changed something, newest first.
pub trait CommitHistory: Send + Sync {
    /// Along the branch, from `tip` backwards: the commits that changed a file
    /// at or below one of `paths`, and every merge that hides the branch, with
    /// or without changes there: what stood before it is not surely known to
    /// have stood. Reads on only as far as the iterator goes.
    /// At the edge of a shallow clone the last item is
    /// [`HistoryError::Shallow`].
    fn steps<'h>(
        &'h self,
        tip: &ObjectName,
        paths: &[RepoPath],
    ) -> Result<Box<dyn Iterator<Item = Result<BranchStep, HistoryError>> + 'h>, HistoryError>;

    /// Every commit of the branch, the newest first, whatever it changed, on the
    /// way that [`Self::steps`] goes: past a merge that hides the branch by its
    /// second parent. Ends as that does, with the edge's own commit before the
    /// error.
    fn branch<'h>(&'h self, tip: &ObjectName) -> Result<CommitNames<'h>, HistoryError>;

    /// A blob's bytes.
    fn blob(&self, id: &ObjectName) -> Result<Vec<u8>, HistoryError>;

    /// Fetches in one go what a partial clone has yet to fetch of these blobs,
    /// for whoever is about to read many of them.
    fn prefetch(&self, _ids: &[ObjectName]) -> Result<(), HistoryError> {
        Ok(())
    }
}

/// Why history cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// The clone ends before.
    #[error("the clone is shallow, and its history ends too early")]
    Shallow {
        /// The command that fetches the rest.
        fetch: String,
    },
    /// Git failed.
    #[error("git could not read the history: {0}")]
    Failed(String),
}
