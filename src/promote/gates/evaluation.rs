//! A candidate while it is judged, with what several gates need, found out once.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::prerequisites::Prerequisites;
use super::{Candidate, Transition};
use crate::kubernetes::full_repository;
use crate::sites::{Key, SiteValue, State};

/// A candidate with what several gates need to know about it.
pub(in crate::promote) struct Evaluation<'c> {
    pub(super) candidate: &'c Candidate<'c>,
    /// The values that have to have been below: all of the proposed state, or for `set`
    /// only the references that change.
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

    /// The environments that have to have the state before. Reads history if one of them
    /// does not have the app.
    pub(super) fn prerequisites(&self) -> &Prerequisites {
        self.prerequisites.get_or_init(|| Prerequisites::of(self.candidate))
    }

    /// Whether a state has all wanted values: whether it [covers](State::covers) them,
    /// and its images are the same images. It may have more, which is not for gates to
    /// judge: a promotion from a source that has an image that the target does not have
    /// stops with `unpaired-site`.
    pub(super) fn is_satisfied_by(&self, state: &State) -> bool {
        self.first_difference(state).is_none()
    }

    /// The first wanted value that a state does not have, with the one that it has.
    pub(super) fn first_difference<'s>(
        &'s self,
        state: &'s State,
    ) -> Option<(&'s Key, &'s SiteValue, Option<&'s SiteValue>)> {
        self.wanted.iter().find_map(|(key, value)| {
            let actual = state.get(key);
            let is_held = actual.is_some_and(|actual| {
                let is_same_image = is_of(value, actual) || self.keeps_repository(key, value);
                actual.is_same(value) && is_same_image
            });
            (!is_held).then_some((key, value, actual))
        })
    }

    /// Whether an image's repository is the one that the target already has, and keeps.
    fn keeps_repository(&self, key: &Key, value: &SiteValue) -> bool {
        let current = self.candidate.current.and_then(|current| current.get(key));
        current.is_some_and(|current| is_of(value, current))
    }

    /// The images of the proposed state, with the names of their keys.
    pub(super) fn images(&self) -> impl Iterator<Item = (&str, &crate::sites::ImageParts)> {
        self.candidate.proposed.iter().filter_map(|(key, value)| match value {
            SiteValue::Image(image) => Some((key.name(), image)),
            SiteValue::Revision(_) | SiteValue::Moving(_) | SiteValue::Value(_) => None,
        })
    }
}

/// Whether two images are from the same repository, so that the same tag means the
/// same image. With the same digest they are the same image in any case.
fn is_of(value: &SiteValue, other: &SiteValue) -> bool {
    let (SiteValue::Image(one), SiteValue::Image(two)) = (value, other) else { return true };
    let same_digest = one.digest.is_some() && one.digest == two.digest;
    let repositories = one.repository.as_deref().zip(two.repository.as_deref());
    same_digest
        || repositories.is_none_or(|(one, two)| full_repository(one) == full_repository(two))
}

/// The values of a proposed state that the current one does not have.
fn changed(current: &State, proposed: &State) -> State {
    let is_old = |old: &SiteValue, value: &SiteValue| old.is_same(value) && is_of(value, old);
    let is_new =
        |key: &Key, value: &SiteValue| !current.get(key).is_some_and(|old| is_old(old, value));
    let entries = proposed.iter().filter(|(key, value)| is_new(key, value));
    State::new(entries.map(|(key, value)| (key.clone(), value.clone())).collect::<BTreeMap<_, _>>())
}
