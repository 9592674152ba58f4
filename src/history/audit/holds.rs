//! Holds that a commit set or lifted, as entries of an audit.

use super::entry::{Changed, HoldNote};
use super::{AppInstance, ChangeKind};
use crate::config::Repository;
use crate::git::{BranchStep, CommitHistory, HistoryError};
use crate::history::changed_holds::ChangedHolds;
use crate::holds::Hold;
use crate::sites::{lines_in_one, shortened};

/// A hold that was set or lifted.
pub(super) struct HoldChange {
    pub(super) instance: AppInstance,
    pub(super) action: ChangeKind,
    pub(super) changes: Vec<Changed>,
    pub(super) note: HoldNote,
}

/// The holds that a commit set and lifted.
pub(super) fn hold_changes(
    repository: &Repository,
    history: &dyn CommitHistory,
    step: &BranchStep,
) -> Result<Vec<HoldChange>, HistoryError> {
    let ChangedHolds { set, lifted } = ChangedHolds::of(repository, history, step)?;
    let set = set.iter().map(|hold| hold_change(hold, ChangeKind::Hold));
    let lifted = lifted.iter().map(|hold| hold_change(hold, ChangeKind::Lift));
    Ok(set.chain(lifted).collect())
}

fn hold_change(hold: &Hold, action: ChangeKind) -> HoldChange {
    let changes = hold.state.iter().map(|(key, text)| {
        let (from, to) = match action {
            ChangeKind::Lift => (Some(text.clone()), None),
            _ => (None, Some(text.clone())),
        };
        Changed { key: key.clone(), from, to, brief: shortened(&lines_in_one(text), 40) }
    });
    HoldChange {
        instance: AppInstance { environment: hold.environment.clone(), app: hold.app.clone() },
        action,
        changes: changes.collect(),
        note: HoldNote { reason: hold.reason.clone(), by: hold.by.clone(), until: hold.until },
    }
}
