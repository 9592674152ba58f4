//! Holds that a commit set or lifted.

use crate::config::Repository;
use crate::git::{BranchStep, CommitHistory, HistoryError, ObjectName};
use crate::holds::{self, Hold};
use crate::source::{Memory, RepoPath, Tree};

/// The holds that a commit set and lifted.
pub(super) struct ChangedHolds {
    pub(super) set: Vec<Hold>,
    pub(super) lifted: Vec<Hold>,
}

impl ChangedHolds {
    /// Those of a commit. A file that cannot be read counts as one without holds: whoever
    /// set holds in it got an error.
    pub(super) fn of(
        repository: &Repository,
        history: &dyn CommitHistory,
        step: &BranchStep,
    ) -> Result<Self, HistoryError> {
        let mut changed = Self { set: Vec::new(), lifted: Vec::new() };
        let directory = holds::directory();
        for change in step.changes.iter().filter(|change| change.path.is_within(&directory)) {
            let read = |id: &Option<ObjectName>| match id {
                Some(blob) => read(repository, history, &change.path, blob),
                None => Ok(Vec::new()),
            };
            let (before, after) = (read(&change.before)?, read(&change.after)?);
            changed.set.extend(without(&after, &before));
            changed.lifted.extend(without(&before, &after));
        }
        Ok(changed)
    }
}

/// The holds that others do not say as well.
fn without<'h>(holds: &'h [Hold], others: &'h [Hold]) -> impl Iterator<Item = Hold> + 'h {
    let is_new = |one: &&Hold| !others.iter().any(|other| one.says_the_same(other));
    holds.iter().filter(is_new).cloned()
}

fn read(
    repository: &Repository,
    history: &dyn CommitHistory,
    path: &RepoPath,
    blob: &ObjectName,
) -> Result<Vec<Hold>, HistoryError> {
    let mut memory = Memory::new();
    memory.insert(path.clone(), history.blob(blob)?);
    Ok(holds::all(&Tree::new(memory), repository).unwrap_or_default())
}
