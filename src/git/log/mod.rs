//! The history of a branch, read from `git log`.
//!
//! libgit2 took ten times as long for the history of one path. Three kinds of
//! child processes are read as they write, and end when nobody reads any more:
//!
//! - the *first parents*, which name every commit along the branch, and put the
//!   others in order;
//! - one *stream* of commits with their changes, or one for each path, which
//!   name only what changed something;
//! - a comparison where a merge hides the branch's own history.

mod changes;
mod changed_path_filters;
mod pull;
mod path_filter;
mod first_parents;
mod changed_commits;
mod steps;
mod branch_walk;
mod whole_branch;

use std::sync::Arc;

use branch_walk::{BranchWalk, WalkedPositions};
use path_filter::PathFilter;
pub(super) use steps::Steps;
pub(super) use whole_branch::WholeBranch;

use super::commit_history::with_newest_hiding;
use super::{
    BranchPositions, BranchSteps, CommitHistory, HistoryError, LocalClone, ObjectError, ObjectName,
    ProgramError,
};
use crate::source::{MAX_FILE_BYTES, RepoPath};

/// The history of a clone's branch.
pub struct Log {
    clone: Arc<LocalClone>,
    branch: Option<String>,
}

impl Log {
    /// The history of the branch of that short name (`main`); none if the name
    /// is not known. It only decides which merges were pulls into the branch.
    pub fn new(clone: Arc<LocalClone>, branch: Option<&str>) -> Self {
        Self { clone, branch: branch.map(str::to_owned) }
    }

    /// The steps of [`CommitHistory::steps`].
    pub(super) fn read_steps(
        &self,
        tip: &ObjectName,
        paths: &[RepoPath],
    ) -> Result<Steps<'_>, HistoryError> {
        let filter = PathFilter::new(self.clone.prefix(), paths);
        Steps::new(self.walk(tip)?, filter, tip)
    }

    fn walk(&self, tip: &ObjectName) -> Result<BranchWalk<'_>, HistoryError> {
        BranchWalk::new(&self.clone, self.branch.as_deref(), tip)
    }
}

impl CommitHistory for Log {
    fn steps<'h>(
        &'h self,
        tip: &ObjectName,
        paths: &[RepoPath],
    ) -> Result<BranchSteps<'h>, HistoryError> {
        Ok(with_newest_hiding(self.read_steps(tip, paths)?))
    }

    fn positions<'h>(
        &'h self,
        tip: &ObjectName,
    ) -> Result<Box<dyn BranchPositions + 'h>, HistoryError> {
        Ok(Box::new(WalkedPositions::new(self.walk(tip)?)))
    }

    fn blob(&self, id: &ObjectName) -> Result<Vec<u8>, HistoryError> {
        let objects = self.clone.objects();
        let size = objects.blob_size(id)?;
        if size > MAX_FILE_BYTES {
            let reason =
                format!("blob {id} is {size} bytes, more than the 4 MiB that a file may have");
            return Err(HistoryError::Failed(reason));
        }
        Ok(objects.blob(id)?)
    }

    fn fetches_blobs(&self) -> bool {
        self.clone.is_partial()
    }

    fn prefetch(&self, ids: &[ObjectName]) -> Result<(), HistoryError> {
        Ok(self.clone.objects().prefetch(ids)?)
    }
}

impl From<ProgramError> for HistoryError {
    fn from(error: ProgramError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<ObjectError> for HistoryError {
    fn from(error: ObjectError) -> Self {
        Self::Failed(error.to_string())
    }
}
