//! Where on the branch the commits are that records name as their source.

use super::claims;
use crate::git::{BranchPositions, HistoryError, ObjectName};
use crate::history::{Action, Record, Source, StateChange};
use crate::sites::{AppInstance, EnteringValue};

/// A source whose state is known once the walk reaches its commit.
pub(super) struct PendingSource {
    pub(super) source: Source,
    pub(super) instance: AppInstance,
    /// What it has to have said.
    pub(super) expected: Vec<EnteringValue>,
    /// The position of its commit on the branch; the tip's is zero.
    pub(super) at: usize,
}

/// The most commits before a change that are searched for its source.
const FARTHEST: usize = 50_000;

/// The positions of commits on the branch, and which of them entries wait for.
pub(super) struct SourceSearch<'h> {
    branch: Box<dyn BranchPositions + 'h>,
    /// The position of the nearest commit that an entry waits for.
    due: Option<usize>,
}

impl<'h> SourceSearch<'h> {
    pub(super) fn new(branch: Box<dyn BranchPositions + 'h>) -> Self {
        Self { branch, due: None }
    }

    /// The position of a commit on the branch; none if it is not on it.
    pub(super) fn position(&mut self, id: &ObjectName) -> Result<Option<usize>, HistoryError> {
        self.branch.position(id, usize::MAX)
    }

    /// Whether the commit at `at` is `other` or comes before it.
    pub(super) fn is_before(
        &mut self,
        at: Option<usize>,
        other: &ObjectName,
    ) -> Result<bool, HistoryError> {
        let other = self.position(other)?;
        Ok(at.zip(other).is_some_and(|(at, other)| at >= other))
    }

    /// What a record's source has to have said, and at which commit that is
    /// checked; if it cannot be checked, the reason.
    pub(super) fn look_for(
        &mut self,
        at: Option<usize>,
        record: &Record,
        one: &StateChange,
    ) -> Result<Result<Option<PendingSource>, String>, HistoryError> {
        let Some(Source { environment, commit }) = &record.source else {
            let needs_one = record.action == Action::Promote;
            return Ok(if needs_one { Err("it names no source".to_owned()) } else { Ok(None) });
        };
        let own_position = at.unwrap_or_default();
        let position = match commit {
            // Without a commit, it is what was there before the change.
            None => Some(own_position + 1),
            Some(commit) => self.branch.position(commit, own_position.saturating_add(FARTHEST))?,
        };
        let Some(position) = position.filter(|position| *position > own_position) else {
            let name = commit.as_ref().map_or("it", ObjectName::short);
            return Ok(Err(format!("{name} is not on the branch before the change")));
        };
        self.due = Some(self.due.map_or(position, |due| due.min(position)));
        Ok(Ok(Some(PendingSource {
            source: Source { environment: environment.clone(), commit: commit.clone() },
            instance: AppInstance {
                environment: environment.clone(),
                app: one.instance.app.clone(),
            },
            expected: claims::expected(one),
            at: position,
        })))
    }

    /// Whether something waits for a commit that the walk has reached.
    pub(super) fn is_due(&self, at: usize) -> bool {
        self.due.is_some_and(|due| due <= at)
    }

    /// Sets the position of the nearest commit that an entry waits for.
    pub(super) fn due(&mut self, due: Option<usize>) {
        self.due = due;
    }
}
