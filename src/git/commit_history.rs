//! What changed when, along a branch.

use jiff::Timestamp;

use super::{ContentFacts, ObjectName};
use crate::source::RepoPath;

/// A commit of a branch with the files that it changed there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchStep {
    /// The commit. What else it says is in the clone's objects.
    pub id: ObjectName,
    /// The time of the commit, by its committer's own clock.
    pub at: Timestamp,
    /// The commit before it on the branch, its first parent; none if it is the first.
    pub before: Option<ObjectName>,
    /// The changes against that commit, by path.
    pub changes: Vec<FileChange>,
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

/// Steps of a branch, one after the other.
pub type BranchSteps<'h> = Box<dyn Iterator<Item = Result<BranchStep, HistoryError>> + 'h>;

/// The commit of the first of these steps.
pub(super) fn first_of(mut steps: BranchSteps<'_>) -> Result<Option<ObjectName>, HistoryError> {
    Ok(steps.next().transpose()?.map(|step| step.id))
}

/// The commits of a branch with the times of their committers' clocks, newest first.
pub type CommitTimes<'h> =
    Box<dyn Iterator<Item = Result<(ObjectName, Timestamp), HistoryError>> + 'h>;

/// Where commits are on a branch. The positions count from the tip, which is at zero.
pub trait BranchPositions {
    /// The position of a commit, if it is less than `end`; none if it is not on the
    /// branch, or farther back, or before the edge of a shallow clone. Reads only as far
    /// as is needed.
    fn position(&mut self, id: &ObjectName, end: usize) -> Result<Option<usize>, HistoryError>;
}

/// The commits of a branch, and those of them that changed something.
pub trait CommitHistory: Send + Sync {
    /// Along the branch, from `tip` backwards by first parents: the commits that changed
    /// a file at or below one of `paths`. What a merge brought is its own change.
    /// Reads only as far as the iterator goes. At the edge of a shallow clone
    /// the last item is [`HistoryError::Shallow`].
    fn steps<'h>(
        &'h self,
        tip: &ObjectName,
        paths: &[RepoPath],
    ) -> Result<BranchSteps<'h>, HistoryError>;

    /// The commit of the first of these steps, which says what all the others are.
    fn newest(
        &self,
        tip: &ObjectName,
        paths: &[RepoPath],
    ) -> Result<Option<ObjectName>, HistoryError> {
        first_of(self.steps(tip, paths)?)
    }

    /// The positions of all commits of the branch, whatever they changed, along the
    /// same way as [`Self::steps`]. The commit at the edge of a shallow clone is the last.
    fn positions<'h>(
        &'h self,
        tip: &ObjectName,
    ) -> Result<Box<dyn BranchPositions + 'h>, HistoryError>;

    /// The commits of the branch with their times, along the same way as [`Self::steps`];
    /// whether or not those are left out that changed nothing.
    fn times<'h>(&'h self, tip: &ObjectName) -> Result<CommitTimes<'h>, HistoryError> {
        let steps = self.steps(tip, &[RepoPath::root()])?;
        Ok(Box::new(steps.map(|step| step.map(|step| (step.id, step.at)))))
    }

    /// Says that many questions follow, about most of the branch: whoever can answers
    /// them from an index, even if making it takes longer than one answer.
    fn expect_many(&self) {}

    /// Whether steps from a tip that changed a few paths are found without looking at the
    /// others.
    fn is_indexed(&self, _tip: &ObjectName) -> bool {
        false
    }

    /// What steps depend on beside the tip and the paths, for facts about them; none if
    /// no facts are kept.
    fn reading(&self) -> Option<&str> {
        None
    }

    /// Facts that were derived from blobs, if they are kept.
    fn facts(&self) -> Option<&ContentFacts> {
        None
    }

    /// Facts that were derived from the past of files, if they are kept: fewer, and apart
    /// from the others, so that those do not take their room.
    fn past_facts(&self) -> Option<&ContentFacts> {
        None
    }

    /// A blob's bytes.
    fn blob(&self, id: &ObjectName) -> Result<Vec<u8>, HistoryError>;

    /// Whether blobs are fetched when they are read, so that asking for many at once is
    /// better.
    fn fetches_blobs(&self) -> bool {
        false
    }

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
    /// There is no commit whose history it would be: no clone, or one without a commit.
    #[error("there is no commit to look at")]
    NoCommit,
    /// Git failed.
    #[error("git could not read the history: {0}")]
    Failed(String),
}
