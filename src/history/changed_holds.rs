//! Holds that a commit set or lifted.

use crate::config::Repository;
use crate::git::{BranchStep, CommitHistory, HistoryError, ObjectName};
use crate::holds::{self, Hold};
use crate::sites::State;
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

impl ChangedHolds {
    /// Whether a commit lifted the last hold on a state in one of the files. A hold that says
    /// something else from then on was not lifted, nor one whose file cannot be read.
    pub(super) fn frees(
        repository: &Repository,
        history: &dyn CommitHistory,
        step: &BranchStep,
        state: &State,
    ) -> Result<bool, HistoryError> {
        let directory = holds::directory();
        for change in step.changes.iter().filter(|change| change.path.is_within(&directory)) {
            let holds_back = |id: &Option<ObjectName>| -> Result<Option<bool>, HistoryError> {
                let Some(blob) = id else { return Ok(Some(false)) };
                let holds = readable(repository, history, &change.path, blob)?;
                Ok(holds.map(|holds| holds.iter().any(|hold| hold.matches(state))))
            };
            if holds_back(&change.before)? == Some(true)
                && holds_back(&change.after)? == Some(false)
            {
                return Ok(true);
            }
        }
        Ok(false)
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
    Ok(readable(repository, history, path, blob)?.unwrap_or_default())
}

/// The holds of a file; none if it cannot be read.
fn readable(
    repository: &Repository,
    history: &dyn CommitHistory,
    path: &RepoPath,
    blob: &ObjectName,
) -> Result<Option<Vec<Hold>>, HistoryError> {
    let mut memory = Memory::new();
    memory.insert(path.clone(), history.blob(blob)?);
    Ok(holds::all(&Tree::new(memory), repository).ok())
}
