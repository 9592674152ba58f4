//! How long which state stood.

use std::mem;

use super::reading::Reading;
use super::walk::{StepChange, Walk};
use crate::git::{Commit, HistoryError, ObjectName};
use crate::history::{Since, Tenure};
use crate::sites::{AppInstance, State};

/// The stays of one app in one environment, the newest first. The times at
/// which it was not there are stays as well, of a state without entries, but
/// for the one before it first came.
pub(super) struct Tenures<'h, R> {
    walk: Walk<'h, R>,
    instance: AppInstance,
    /// The stay whose beginning is looked for; none once the history ended.
    open: Option<OpenTenure>,
}

/// A stay whose beginning is looked for.
#[derive(Debug, Clone)]
pub(crate) struct OpenTenure {
    /// What is said; none where it cannot be read.
    pub(crate) state: Option<State>,
    left: Option<ObjectName>,
    /// The newest merge in it that hides the branch's own history.
    hidden_by: Option<Commit>,
}

impl OpenTenure {
    /// The stay that still goes on.
    pub(crate) fn new(state: Option<State>) -> Self {
        Self { state, left: None, hidden_by: None }
    }

    /// Goes on behind a commit, where `before` is what was said before it: the
    /// stay that the commit began, if it did; then this one is what was before.
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

    /// Goes on behind a merge that hides the branch and began no stay.
    pub(crate) fn hide(&mut self, merge: &Commit) {
        self.hidden_by.get_or_insert_with(|| merge.clone());
    }

    /// The stay, where the clone does not have its beginning.
    pub(crate) fn cut_off(self, fetch: String) -> Tenure {
        let Self { state, left, .. } = self;
        Tenure { state, since: Since::Unknown { fetch }, entered: None, left }
    }
}

impl<'h, R: Reading> Tenures<'h, R> {
    pub(super) fn new(walk: Walk<'h, R>, instance: AppInstance) -> Self {
        let open = OpenTenure::new(walk.now(&instance));
        Self { walk, instance, open: Some(open) }
    }

    /// The stay that this commit began, if it did.
    fn begun(&self, open: &mut OpenTenure, change: StepChange) -> Option<Tenure> {
        let StepChange { step, changes } = change;
        let before =
            changes.into_iter().find(|one| one.instance == self.instance).map(|one| one.before);
        let begun = before.and_then(|before| open.undo(&step.commit, before));
        if begun.is_none() && step.hides_branch {
            open.hide(&step.commit);
        }
        begun
    }
}

impl<R: Reading> Iterator for Tenures<'_, R> {
    type Item = Result<Tenure, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut open = self.open.take()?;
        loop {
            match self.walk.next()? {
                Ok(change) => {
                    if let Some(tenure) = self.begun(&mut open, change) {
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

/// Whether both deploy the same. What cannot be read is like nothing but what
/// cannot be read either: two broken versions are one time without a state.
/// States that are written alike are the same, even where nothing in them says
/// what is deployed.
pub(crate) fn same(one: Option<&State>, two: Option<&State>) -> bool {
    match (one, two) {
        (Some(one), Some(two)) => one == two || one.is_same(two),
        (None, None) => true,
        _ => false,
    }
}
