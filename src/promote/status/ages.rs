//! Since when each app has had its state, and how far it is behind: from one walk for
//! all of them.

use std::collections::BTreeMap;

use crate::git::{HistoryError, ObjectName};
use crate::history::{OpenTenure, Since, StepChange, Tenure, Walk, same};
use crate::sites::{AppInstance, State};

/// The number of a source's states that are searched for the target's. A target that
/// is further behind is simply far behind.
const MOST_STATES: usize = 100;

/// What the walk found out about each app in each environment.
#[derive(Debug, Default)]
pub(super) struct Ages(BTreeMap<AppInstance, Tracker>);

#[derive(Debug)]
struct Tracker {
    /// The tenure whose start has not been found yet; none once the known history has
    /// ended.
    open: Option<OpenTenure>,
    /// The tenures, the newest first.
    tenures: Vec<Tenure>,
    /// The states of this source's targets, to be found among its tenures.
    wanted: Vec<State>,
}

impl Tracker {
    /// Whether everything has been found.
    fn is_done(&self) -> bool {
        let Some(open) = &self.open else { return true };
        let is_found = |wanted: &State| {
            let all = self.tenures.iter().map(|tenure| &tenure.state).chain([&open.state]);
            all.flatten().any(|state| agree(state, wanted))
        };
        let is_far = self.tenures.len() >= MOST_STATES;
        !self.tenures.is_empty() && (is_far || self.wanted.iter().all(is_found))
    }
}

fn same_state(one: &State, two: &State) -> bool {
    same(Some(one), Some(two))
}

/// Whether a source's state is the target's. Not [`State::covers`]: this counts how far
/// the target is behind and decides nothing, and it should still count if a site of the
/// target has no partner, which is reported as `unpaired-site`.
fn agree(source: &State, target: &State) -> bool {
    let both = target.iter().filter_map(|(key, value)| Some((value, source.get(key)?)));
    let mut both = both.peekable();
    both.peek().is_some() && both.all(|(one, other)| one == other || one.is_same(other))
}

/// How far a target is behind a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Distance {
    /// The number of states that the source has had since the target's.
    pub(super) states: usize,
    /// Whether the source is known to have had the target's state.
    pub(super) is_exact: bool,
    /// The time at which the first of them came.
    pub(super) since: Option<jiff::Timestamp>,
}

impl Ages {
    /// Walks back from the base for these apps in their environments. `wanted` has the
    /// states of each source's targets. Goes back only until everything is known.
    pub(super) fn find(
        mut walk: Walk<'_>,
        instances: impl Iterator<Item = AppInstance>,
        wanted: &BTreeMap<AppInstance, Vec<State>>,
    ) -> Result<Self, HistoryError> {
        let trackers = instances.map(|instance| {
            let open = Some(OpenTenure::new(walk.now(&instance)));
            let wanted = wanted.get(&instance).cloned().unwrap_or_default();
            (instance, Tracker { open, tenures: Vec::new(), wanted })
        });
        let mut ages = Self(trackers.collect());
        let mut remaining = ages.0.len();
        while remaining > 0 {
            match walk.next() {
                None => break,
                Some(Err(HistoryError::Shallow { fetch })) => {
                    ages.cut_off(&fetch);
                    break;
                }
                Some(Err(error)) => return Err(error),
                Some(Ok(change)) => remaining -= ages.undo(&change),
            }
        }
        Ok(ages)
    }

    /// Goes back by one commit. Returns the number of apps for which that was the last
    /// one needed.
    fn undo(&mut self, change: &StepChange) -> usize {
        let mut done = 0;
        if change.step.hides_branch {
            let is_changed =
                |instance: &AppInstance| change.changes.iter().any(|one| one.instance == *instance);
            for (_, tracker) in self.0.iter_mut().filter(|(instance, _)| !is_changed(instance)) {
                tracker.open.iter_mut().for_each(|open| open.hide(&change.step.commit));
            }
        }
        for one in &change.changes {
            let Some(tracker) = self.0.get_mut(&one.instance) else { continue };
            if tracker.is_done() {
                continue;
            }
            let Some(open) = &mut tracker.open else { continue };
            tracker.tenures.extend(open.undo(&change.step.commit, one.before.clone()));
            done += usize::from(tracker.is_done());
        }
        done
    }

    /// Ends the walk at the edge of a shallow clone.
    fn cut_off(&mut self, fetch: &str) {
        for tracker in self.0.values_mut() {
            if tracker.is_done() {
                continue;
            }
            let open = tracker.open.take();
            tracker.tenures.extend(open.map(|open| open.cut_off(fetch.to_owned())));
        }
    }

    /// Since when an app has had its state, and the commit that brought it.
    pub(super) fn since(&self, instance: &AppInstance) -> Option<(Since, Option<ObjectName>)> {
        let tenure = self.0.get(instance)?.tenures.first()?;
        Some((tenure.since.clone(), tenure.entered.as_ref().map(|commit| commit.id.clone())))
    }

    /// How far a target's state is behind a source.
    pub(super) fn distance(&self, source: &AppInstance, target: &State) -> Option<Distance> {
        let tracker = self.0.get(source)?;
        let open = tracker.open.as_ref().map(|open| &open.state);
        let states = tracker.tenures.iter().map(|tenure| &tenure.state).chain(open);
        let mut newer: Vec<&State> = Vec::new();
        let mut since = None;
        let mut is_exact = false;
        for (at, state) in states.enumerate() {
            let Some(state) = state else { continue };
            if agree(state, target) {
                is_exact = true;
                break;
            }
            if !state.is_empty() && !newer.iter().any(|known| same_state(known, state)) {
                newer.push(state);
            }
            since = tracker.tenures.get(at).and_then(|tenure| tenure.since.time());
        }
        Some(Distance { states: newer.len(), is_exact, since })
    }
}
