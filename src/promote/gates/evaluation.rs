//! A candidate while it is judged: what several gates ask about it, found out
//! once.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::prerequisites::Prerequisites;
use super::{Candidate, Transition};
use crate::kubernetes::full_repository;
use crate::sites::{Key, SiteValue, State};

/// A candidate with what several gates ask about it.
pub(in crate::promote) struct Evaluation<'c> {
    pub(super) candidate: &'c Candidate<'c>,
    /// What has to have been below: all that the target will say. `set` names
    /// single references, and only those.
    pub(super) wanted: State,
    prerequisites: OnceCell<Prerequisites>,
}

impl<'c> Evaluation<'c> {
    pub(in crate::promote) fn new(candidate: &'c Candidate<'c>) -> Self {
        let wanted = match (candidate.transition, candidate.current) {
            (Transition::Set, Some(current)) => changed(current, candidate.proposed),
            _ => candidate.proposed.clone(),
        };
        Self { candidate, wanted, prerequisites: OnceCell::new() }
    }

    /// What has to hold the state before. May read history, where an
    /// environment does not have the app.
    pub(super) fn prerequisites(&self) -> &Prerequisites {
        self.prerequisites.get_or_init(|| Prerequisites::of(self.candidate))
    }

    /// Whether a state says all that is wanted. It may say more: the target
    /// need not have every image of its source.
    pub(super) fn is_held_by(&self, state: &State) -> bool {
        self.first_difference(state).is_none()
    }

    /// The first thing wanted that a state says otherwise, and what it says.
    pub(super) fn first_difference<'s>(
        &'s self,
        state: &'s State,
    ) -> Option<(&'s Key, &'s SiteValue, Option<&'s SiteValue>)> {
        self.wanted.iter().find_map(|(key, value)| {
            let theirs = state.get(key);
            let is_held = theirs.is_some_and(|theirs| {
                theirs.is_same(value) && (is_of(value, theirs) || self.is_from_here(key, value))
            });
            (!is_held).then_some((key, value, theirs))
        })
    }

    /// Whether the target has that image's repository already: it keeps its own.
    fn is_from_here(&self, key: &Key, value: &SiteValue) -> bool {
        let current = self.candidate.current.and_then(|current| current.get(key));
        current.is_some_and(|current| is_of(value, current))
    }

    /// The images that the target will have, by the names of their keys.
    pub(super) fn images(&self) -> impl Iterator<Item = (&str, &crate::sites::ImageParts)> {
        self.candidate.proposed.iter().filter_map(|(key, value)| match value {
            SiteValue::Image(image) => Some((key.name(), image)),
            SiteValue::Revision(_) | SiteValue::Moving(_) | SiteValue::Value(_) => None,
        })
    }
}

/// Whether an image comes from where another does, so that the same tag is the
/// same image; with the same digest it is in any case.
fn is_of(value: &SiteValue, other: &SiteValue) -> bool {
    let (SiteValue::Image(one), SiteValue::Image(two)) = (value, other) else { return true };
    let same_digest = one.digest.is_some() && one.digest == two.digest;
    let repositories = one.repository.as_deref().zip(two.repository.as_deref());
    same_digest
        || repositories.is_none_or(|(one, two)| full_repository(one) == full_repository(two))
}

/// What a state says anew.
fn changed(current: &State, proposed: &State) -> State {
    let is_old = |old: &SiteValue, value: &SiteValue| old.is_same(value) && is_of(value, old);
    let is_new =
        |key: &Key, value: &SiteValue| !current.get(key).is_some_and(|old| is_old(old, value));
    let entries = proposed.iter().filter(|(key, value)| is_new(key, value));
    State::new(entries.map(|(key, value)| (key.clone(), value.clone())).collect::<BTreeMap<_, _>>())
}
