//! The history of a branch, read from `git log`.
//!
//! libgit2 took ten times as long for the history of one path. Two kinds of
//! child processes are read as they write, and end when nobody reads any more:
//!
//! - the *first parents*, which name every commit along the branch, and put the
//!   others in order;
//! - one *stream* of commits with their changes, or one for each path, which
//!   name only what changed something.
//!
//! A branch is its first parents and nothing else. What a merge's message says of its
//! parents is the word of whoever wrote it.

mod changes;
mod changed_path_filters;
mod path_filter;
mod first_parents;
mod changed_commits;
mod steps;
mod branch_walk;
mod whole_branch;

use std::sync::Arc;

use branch_walk::{BranchWalk, WalkedPositions};
use first_parents::FirstParents;
use path_filter::PathFilter;
pub(super) use steps::Steps;
pub(super) use whole_branch::WholeBranch;

use super::{
    BranchPositions, BranchSteps, CommitHistory, CommitTimes, HistoryError, LocalClone,
    ObjectError, ObjectName, ProgramError,
};
use crate::source::{MAX_FILE_BYTES, RepoPath};

/// The history of a clone's branch.
pub struct Log {
    clone: Arc<LocalClone>,
}

impl Log {
    /// The history of a clone's branches.
    pub fn new(clone: Arc<LocalClone>) -> Self {
        Self { clone }
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
        BranchWalk::new(&self.clone, tip)
    }
}

impl CommitHistory for Log {
    fn steps<'h>(
        &'h self,
        tip: &ObjectName,
        paths: &[RepoPath],
    ) -> Result<BranchSteps<'h>, HistoryError> {
        Ok(Box::new(self.read_steps(tip, paths)?))
    }

    fn positions<'h>(
        &'h self,
        tip: &ObjectName,
    ) -> Result<Box<dyn BranchPositions + 'h>, HistoryError> {
        Ok(Box::new(WalkedPositions::new(self.walk(tip)?)))
    }

    fn times<'h>(&'h self, tip: &ObjectName) -> Result<CommitTimes<'h>, HistoryError> {
        let mut commits = FirstParents::from(&self.clone.program(), tip)?;
        let listed = std::iter::from_fn(move || {
            let next = commits.next().transpose()?;
            Some(next.map(|commit| (commit.id, commit.at)))
        });
        let edge = || HistoryError::Shallow { fetch: self.clone.unshallow() };
        let edge = self.clone.is_shallow().then(|| Err(edge()));
        Ok(Box::new(listed.chain(edge)))
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
