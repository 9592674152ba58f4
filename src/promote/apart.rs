//! An app of which one part is held up: what of the rest may go.

use std::collections::BTreeSet;

use super::arrival::Arrival;
use super::assessment::assess;
use super::part::{MovingKeys, linked, rest_may_go, stays_behind};
use super::planning::{AppOutcome, Planner};
use super::propose;
use super::select::SelectedState;
use super::target::TargetState;
use super::verdict::Verdict;
use crate::diagnostic::Findings;
use crate::sites::{AppSites, Key, Site};

/// The most parts of an app that are judged one by one.
const MOST_PARTS: usize = 50;

/// The keys of an app that move, by whether something holds them up.
struct Parts {
    free: BTreeSet<Key>,
    held_up: BTreeSet<Key>,
}

impl Planner<'_> {
    /// The outcome of a promotion in which something holds up the whole app: the rest, if the
    /// app's parts go by themselves; otherwise the same, with what the rest would need.
    pub(super) fn around(
        &self,
        app: &str,
        current: &TargetState,
        (selected, source): (&SelectedState, &AppSites),
        mut whole: AppOutcome,
    ) -> Result<AppOutcome, Findings> {
        let Some(Parts { free, held_up }) = self.parts(app, current, (selected, source)) else {
            return Ok(whole);
        };
        let at = current.app.sites.first().map(|site| site.location.clone());
        let at = at.unwrap_or_else(|| self.target.location.clone());
        let held_up: Vec<&Key> = held_up.iter().collect();
        if current.app.moves_together || source.moves_together {
            whole.around = Some(rest_may_go(app, &held_up, &at));
            return Ok(whole);
        }
        let selected = SelectedState { is_part: true, ..selected.clone() };
        let moving = MovingKeys::of(&free);
        let mut rest = self.enter_keys(app, current, &selected, source, &moving, None)?;
        if rest.is_held_up() {
            return Ok(whole);
        }
        rest.warnings.push(stays_behind(app, &held_up, &at));
        Ok(rest)
    }

    /// What of an app may go and what not; none unless there is some of both.
    fn parts(
        &self,
        app: &str,
        current: &TargetState,
        (selected, source): (&SelectedState, &AppSites),
    ) -> Option<Parts> {
        let sites: Vec<&Site> = source.sites.iter().chain(&current.app.sites).collect();
        let groups = linked(&sites);
        let mut parts = Parts { free: BTreeSet::new(), held_up: BTreeSet::new() };
        if groups.len() < 2 || groups.len() > MOST_PARTS {
            return None;
        }
        // Rendering is expensive, and says nothing about single keys.
        let unrendered = self.gates_before_rendering();
        let arrival = Arrival::Promotion(SelectedState { is_part: true, ..selected.clone() });
        for group in groups {
            let moving = MovingKeys::of(group.iter().copied());
            let proposal = propose::promoted(self.target_of(current), source, &moving);
            let is_free = if proposal.obstacles.has_errors() {
                false
            } else if proposal.changes.is_empty() {
                continue;
            } else {
                let change = self.change(app, current, &proposal, &arrival);
                assess(self.base, change, &unrendered).gates.iter().all(Verdict::lets_through)
            };
            let of = if is_free { &mut parts.free } else { &mut parts.held_up };
            of.extend(group.into_iter().cloned());
        }
        (!parts.free.is_empty() && !parts.held_up.is_empty()).then_some(parts)
    }
}
