//! The tenures of an app, found by walking back.

use std::mem;

use super::walk::{StepChange, Walk};
use crate::git::{Commit, HistoryError, ObjectName};
use crate::history::{Since, Tenure};
use crate::sites::{AppInstance, State};

/// The tenures of one app in one environment, newest first. The times at which
/// it was absent are tenures as well, of an empty state, except for the one
/// before it first came.
pub(super) struct Tenures<'h> {
    walk: Walk<'h>,
    instance: AppInstance,
    /// The tenure whose start is not found yet; none once the history has
    /// ended.
    open: Option<OpenTenure>,
}

/// A tenure whose start is not found yet.
#[derive(Debug, Clone)]
pub(crate) struct OpenTenure {
    /// The state; none if it cannot be read.
    pub(crate) state: Option<State>,
    left: Option<ObjectName>,
    /// The newest merge in it that hides the branch's own history.
    hidden_by: Option<Commit>,
}

impl OpenTenure {
    /// The tenure that has not ended.
    pub(crate) fn new(state: Option<State>) -> Self {
        Self { state, left: None, hidden_by: None }
    }

    /// Goes back past a commit, before which the state was `before`. Returns
    /// the tenure that the commit started, if it started one; this is then the
    /// tenure before it.
    pub(crate) fn undo(&mut self, commit: &Commit, before: Option<State>) -> Option<Tenure> {
        if same(before.as_ref(), self.state.as_ref()) {
            return None;
        }
        let next = Self { state: before, left: Some(commit.id.clone()), hidden_by: None };
        let Self { state, left, hidden_by } = mem::replace(self, next);
        let since = match hidden_by {
            Some(merge) => Since::HiddenBefore { at: merge.committer.time, merge: merge.id },
            None => Since::Unverified { at: commit.committer.time },
        };
        Some(Tenure { state, since, entered: Some(commit.clone()), left })
    }

    /// Goes back past a merge that hides the branch and did not start a tenure.
    pub(crate) fn hide(&mut self, merge: &Commit) {
        self.hidden_by.get_or_insert_with(|| merge.clone());
    }

    /// The tenure, if the clone does not have its start.
    pub(crate) fn cut_off(self, fetch: String) -> Tenure {
        let Self { state, left, .. } = self;
        Tenure { state, since: Since::Unknown { fetch }, entered: None, left }
    }
}

impl<'h> Tenures<'h> {
    pub(super) fn new(walk: Walk<'h>, instance: AppInstance) -> Self {
        let open = OpenTenure::new(walk.now(&instance));
        Self { walk, instance, open: Some(open) }
    }

    /// The tenure that a commit started, if it started one.
    fn started(&self, open: &mut OpenTenure, change: StepChange) -> Option<Tenure> {
        let StepChange { step, changes } = change;
        let before =
            changes.into_iter().find(|one| one.instance == self.instance).map(|one| one.before);
        let started = before.and_then(|before| open.undo(&step.commit, before));
        if started.is_none() && step.hides_branch {
            open.hide(&step.commit);
        }
        started
    }
}

impl Iterator for Tenures<'_> {
    type Item = Result<Tenure, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut open = self.open.take()?;
        loop {
            match self.walk.next()? {
                Ok(change) => {
                    if let Some(tenure) = self.started(&mut open, change) {
                        self.open = Some(open);
                        return Some(Ok(tenure));
                    }
                }
                Err(HistoryError::Shallow { fetch }) => return Some(Ok(open.cut_off(fetch))),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// Whether both deploy the same. A state that cannot be read is the same only
/// as another one that cannot be read: two broken versions are one tenure
/// without a state. States that are written alike are the same, even if nothing
/// in them says what is deployed.
pub(crate) fn same(one: Option<&State>, two: Option<&State>) -> bool {
    match (one, two) {
        (Some(one), Some(two)) => one == two || one.is_same(two),
        (None, None) => true,
        _ => false,
    }
}
