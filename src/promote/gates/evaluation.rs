//! A candidate while it is judged, with what several gates need, found out once.

use std::cell::OnceCell;

use super::prerequisites::Prerequisites;
use super::{Candidate, Transition};
use crate::sites::{SiteValue, State, WantedValues};

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
            Transition::Set => wanted.changed(),
            Transition::Promote { .. } | Transition::Rollback => wanted,
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

    /// The images of the proposed state and of sites that say something else, with the
    /// names of their keys.
    pub(super) fn images(&self) -> impl Iterator<Item = (&str, &crate::sites::ImageParts)> {
        let Candidate { proposed, beside, .. } = *self.candidate;
        let beside = beside.iter().map(|entry| (&entry.key, &entry.value));
        proposed.iter().chain(beside).filter_map(|(key, value)| match value {
            SiteValue::Image(image) => Some((key.name(), image)),
            SiteValue::Revision(_) | SiteValue::Moving(_) | SiteValue::Value(_) => None,
        })
    }
}
