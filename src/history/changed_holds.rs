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
        for ChangedHoldFile { before, after, .. } in changed_files(repository, history, step)? {
            let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
            changed.set.extend(without(&after, &before));
            changed.lifted.extend(without(&before, &after));
        }
        Ok(changed)
    }
}

/// Whether a commit lifted the last hold on a state in one of the files. A hold that says
/// something else from then on was not lifted, nor one whose file cannot be read.
pub(super) fn frees(
    repository: &Repository,
    history: &dyn CommitHistory,
    step: &BranchStep,
    state: &State,
) -> Result<bool, HistoryError> {
    let holds_back = |holds: &[Hold]| holds.iter().any(|hold| hold.matches(state));
    let files = changed_files(repository, history, step)?;
    Ok(files.iter().any(|file| {
        file.before.as_deref().is_some_and(holds_back)
            && file.after.as_deref().is_some_and(|after| !holds_back(after))
    }))
}

/// The holds that others do not say as well.
fn without<'h>(holds: &'h [Hold], others: &'h [Hold]) -> impl Iterator<Item = Hold> + 'h {
    let is_new = |one: &&Hold| !others.iter().any(|other| one.says_the_same(other));
    holds.iter().filter(is_new).cloned()
}

/// The holds of a file that a commit changed, before and after it; none if the file cannot be
/// read.
pub(super) struct ChangedHoldFile {
    pub(super) path: RepoPath,
    pub(super) before: Option<Vec<Hold>>,
    pub(super) after: Option<Vec<Hold>>,
}

pub(super) fn changed_files(
    repository: &Repository,
    history: &dyn CommitHistory,
    step: &BranchStep,
) -> Result<Vec<ChangedHoldFile>, HistoryError> {
    let directory = holds::directory();
    let changes = step.changes.iter().filter(|change| change.path.is_within(&directory));
    let files = changes.map(|change| {
        let read = |blob: &Option<ObjectName>| -> Result<_, HistoryError> {
            let Some(blob) = blob else { return Ok(Some(Vec::new())) };
            let mut memory = Memory::new();
            memory.insert(change.path.clone(), history.blob(blob)?);
            Ok(holds::all(&Tree::new(memory), repository).ok())
        };
        let (before, after) = (read(&change.before)?, read(&change.after)?);
        Ok(ChangedHoldFile { path: change.path.clone(), before, after })
    });
    files.collect()
}
