//! The history of a branch, read from `git log`.
//!
//! libgit2 took ten times as long for the history of one path. Three kinds of
//! children are read as they write, and end when nobody reads on:
//!
//! - the *spine*, which names every commit along the branch, and is what the
//!   others are ordered by;
//! - one *stream* of commits with their changes, or one for each path, which
//!   name only what changed something;
//! - a comparison where a merge hides the branch's own history.

mod changes;
mod filters;
mod pull;
mod scope;
mod spine;
mod stream;
mod walk;
mod way;

use std::sync::Arc;

use scope::Scope;
use walk::Walk;
use way::{Branch, Way};

use super::{
    CommitHistory, HistoryError, Names, ObjectError, ObjectName, ProgramError, Repository, Step,
};
use crate::source::{MAX_FILE_BYTES, RepoPath};

/// Tells git to write when its buffer is full, and not after each commit: a
/// third of the time where it names nearly every commit. Where it names few of
/// many, the first would come with the last.
const UNHURRIED: (&str, &str) = ("GIT_FLUSH", "0");

/// The history of a clone's branch.
pub struct Log {
    repository: Arc<Repository>,
    branch: Option<String>,
}

impl Log {
    /// The history of the branch of that short name (`main`); none where that
    /// is not known. The name tells which merges were pulls into the branch.
    pub fn new(repository: Arc<Repository>, branch: Option<&str>) -> Self {
        Self { repository, branch: branch.map(str::to_owned) }
    }

    fn way(&self, tip: &ObjectName) -> Result<Way<'_>, HistoryError> {
        Way::new(&self.repository, self.branch.as_deref(), tip)
    }
}

impl CommitHistory for Log {
    fn steps<'h>(
        &'h self,
        tip: &ObjectName,
        paths: &[RepoPath],
    ) -> Result<Box<dyn Iterator<Item = Result<Step, HistoryError>> + 'h>, HistoryError> {
        let scope = Scope::new(self.repository.prefix(), paths);
        Ok(Box::new(Walk::new(self.way(tip)?, scope, tip)?))
    }

    fn branch<'h>(&'h self, tip: &ObjectName) -> Result<Names<'h>, HistoryError> {
        Ok(Box::new(Branch::new(self.way(tip)?)))
    }

    fn blob(&self, id: &ObjectName) -> Result<Vec<u8>, HistoryError> {
        let objects = self.repository.objects();
        let size = objects.blob_size(id)?;
        if size > MAX_FILE_BYTES {
            let reason =
                format!("blob {id} is {size} bytes, more than the 4 MiB that a file may have");
            return Err(HistoryError::Failed(reason));
        }
        Ok(objects.blob(id)?)
    }

    fn prefetch(&self, ids: &[ObjectName]) -> Result<(), HistoryError> {
        Ok(self.repository.objects().prefetch(ids)?)
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
