//! A candidate while it is judged, with what several gates need, found out once.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::candidate::{BroughtReference, BroughtReferences};
use super::judgement::Judgement;
use super::prerequisites::Prerequisites;
use super::{Candidate, Transition};
use crate::config::EnvironmentName;
use crate::sites::{ImageParts, Key, SiteValue, State, WantedValues};

/// A candidate with what several gates need to know about it.
pub(in crate::promote) struct Evaluation<'c> {
    pub(super) candidate: &'c Candidate<'c>,
    /// The values that have to have been below: all of the proposed state, or for `set`
    /// only those that change what runs.
    pub(super) wanted: WantedValues<'c>,
    prerequisites: OnceCell<Prerequisites>,
}

impl<'c> Evaluation<'c> {
    pub(in crate::promote) fn new(candidate: &'c Candidate<'c>) -> Self {
        let Candidate { proposed, current, beside, .. } = *candidate;
        let wanted = WantedValues::of_state(proposed, current, &candidate.repository.mirrors);
        let wanted = wanted.with(beside.iter().cloned());
        let wanted = match candidate.transition {
            Transition::Set | Transition::Promote { is_part: true, .. } => wanted.changed(),
            Transition::Promote { is_part: false, .. } | Transition::Rollback => wanted,
        };
        Self { candidate, wanted, prerequisites: OnceCell::new() }
    }

    /// The environments that have to have the state before. Reads history if one of them
    /// does not have the app.
    pub(super) fn prerequisites(&self) -> &Prerequisites {
        self.prerequisites.get_or_init(|| Prerequisites::of(self.candidate))
    }

    /// Whether a state has all wanted values. It may have more, which is not for gates to
    /// judge: a promotion from a source that has an image that the target does not have
    /// stops with `unpaired-site`.
    pub(super) fn is_satisfied_by(&self, state: &State) -> bool {
        self.wanted.are_in(state)
    }

    /// Whether a state is judged by the keys that change alone, and this is none of them.
    pub(super) fn leaves_alone(&self, key: &str) -> bool {
        matches!(self.candidate.transition, Transition::Promote { is_part: true, .. })
            && !self.wanted.iter().any(|(wanted, _)| wanted.name() == key)
    }

    /// Whether the state is to be judged: not if it stays, and something else is brought.
    pub(super) fn judges_state(&self) -> bool {
        let Candidate { proposed, current, beside, .. } = *self.candidate;
        self.brought().is_empty() || current != Some(proposed) || !beside.is_empty()
    }

    /// The images of the state that enters and of sites that say something else, with the
    /// names of their keys.
    pub(super) fn images_of_sites(&self) -> impl Iterator<Item = (&str, &ImageParts)> {
        let Candidate { proposed, beside, .. } = *self.candidate;
        let beside = beside.iter().map(|entry| (&entry.key, &entry.value));
        let of_sites = proposed.iter().chain(beside).filter(|_| self.judges_state());
        of_sites.filter_map(|(key, value)| image_of(key, value))
    }

    /// Those and the images that the result deploys besides.
    pub(super) fn images(&self) -> impl Iterator<Item = (&str, &ImageParts)> {
        let brought = self.brought().iter().filter_map(|one| image_of(&one.key, &one.value));
        self.images_of_sites().chain(brought)
    }

    /// The repositories of images whose tags other files have, with the names of their keys.
    pub(super) fn repositories(&self) -> impl Iterator<Item = (&str, &str)> {
        let Candidate { proposed, beside, .. } = *self.candidate;
        let beside = beside.iter().map(|entry| (&entry.key, &entry.value));
        let of_sites = proposed.iter().chain(beside).filter(|_| self.judges_state());
        of_sites.filter_map(|(key, value)| match (key, value) {
            (Key::Image(name), SiteValue::Repository(repository)) => Some((&**name, &**repository)),
            _ => None,
        })
    }

    /// What the result deploys otherwise, and no site says.
    fn brought(&self) -> &[BroughtReference] {
        self.candidate.brought.map(BroughtReferences::all).unwrap_or_default()
    }

    /// The state as it would be if sites said what is brought in place of their own images.
    pub(super) fn brought_states(&self) -> impl Iterator<Item = State> {
        let proposed = self.candidate.proposed;
        let images = self.brought().iter().filter_map(|one| image_of(&one.key, &one.value));
        images.flat_map(move |(_, brought)| {
            let is_same = move |value: &SiteValue| {
                matches!(value, SiteValue::Image(own) if own.has_repository_of(brought))
            };
            let keys = proposed.iter().filter(move |(_, value)| is_same(value));
            keys.map(move |(key, _)| {
                let new = BTreeMap::from([(key.clone(), SiteValue::Image(brought.clone()))]);
                proposed.with(&new)
            })
        })
    }

    /// The judgements of what no site says and has to climb all the same, in the environments
    /// that have to have it before; none if there is nothing of the sort.
    pub(super) fn judge_brought(
        &self,
        judge_one: &dyn Fn(
            &dyn BroughtReferences,
            &BroughtReference,
            &EnvironmentName,
        ) -> Judgement,
    ) -> Option<Judgement> {
        let known = self.candidate.brought?;
        let ordered = known.all().iter().filter(|one| one.is_ordered);
        let judged = ordered.filter_map(|reference| {
            self.prerequisites().judge(&|below| judge_one(known, reference, &below.environment))
        });
        Judgement::all(judged.collect())
    }
}

/// The image of a value, with the name of its key.
fn image_of<'v>(key: &'v Key, value: &'v SiteValue) -> Option<(&'v str, &'v ImageParts)> {
    match value {
        SiteValue::Image(image) => Some((key.name(), image)),
        SiteValue::Repository(_)
        | SiteValue::Revision(_)
        | SiteValue::Moving(_)
        | SiteValue::Value(_)
        | SiteValue::Secret(_) => None,
    }
}
