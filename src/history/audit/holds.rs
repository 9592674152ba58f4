//! Holds that a commit set or lifted.

use super::entry::{Changed, HoldNote};
use super::{AppInstance, ChangeKind};
use crate::config::Repository;
use crate::git::{BranchStep, CommitHistory, HistoryError, ObjectName};
use crate::holds::{self, Hold};
use crate::source::{Memory, RepoPath, Tree};

/// The directory that has the holds.
pub(super) fn directory() -> RepoPath {
    RepoPath::root().child(".rungs").child("holds")
}

/// A hold that was set or lifted.
pub(super) struct HoldChange {
    pub(super) instance: AppInstance,
    pub(super) action: ChangeKind,
    pub(super) changes: Vec<Changed>,
    pub(super) note: HoldNote,
}

/// The holds that a commit set and lifted. A file that cannot be read counts as
/// one without holds: whoever set holds in it got an error.
pub(super) fn hold_changes(
    repository: &Repository,
    history: &dyn CommitHistory,
    step: &BranchStep,
) -> Result<Vec<HoldChange>, HistoryError> {
    let mut found = Vec::new();
    for change in step.changes.iter().filter(|change| change.path.is_within(&directory())) {
        let read = |id: &Option<ObjectName>| read(repository, history, &change.path, id.as_ref());
        let (before, after) = (read(&change.before)?, read(&change.after)?);
        let set = after.iter().filter(|one| !before.iter().any(|other| one.says_the_same(other)));
        found.extend(set.map(|hold| hold_change(hold, ChangeKind::Hold)));
        let lifted =
            before.iter().filter(|one| !after.iter().any(|other| one.says_the_same(other)));
        found.extend(lifted.map(|hold| hold_change(hold, ChangeKind::Lift)));
    }
    Ok(found)
}

fn read(
    repository: &Repository,
    history: &dyn CommitHistory,
    path: &RepoPath,
    blob: Option<&ObjectName>,
) -> Result<Vec<Hold>, HistoryError> {
    let Some(blob) = blob else { return Ok(Vec::new()) };
    let mut memory = Memory::new();
    memory.insert(path.clone(), history.blob(blob)?);
    Ok(holds::all(&Tree::new(memory), repository).unwrap_or_default())
}

fn hold_change(hold: &Hold, action: ChangeKind) -> HoldChange {
    let changes = hold.state.iter().map(|(key, text)| {
        let (from, to) = match action {
            ChangeKind::Lift => (Some(text.clone()), None),
            _ => (None, Some(text.clone())),
        };
        Changed { key: key.clone(), from, to, brief: crate::sites::shortened(text, 40) }
    });
    HoldChange {
        instance: AppInstance { environment: hold.environment.clone(), app: hold.app.clone() },
        action,
        changes: changes.collect(),
        note: HoldNote { reason: hold.reason.clone(), by: hold.by.clone(), until: hold.until },
    }
}
