//! Since when an app has had its state, and how far it is behind.

use crate::git::{HistoryError, ObjectName};
use crate::history::{History, Since};
use crate::sites::{AppInstance, State};

/// The number of a source's states that are searched for the target's. A target that
/// is further behind is simply far behind.
const MOST_STATES: usize = 100;

/// How far a target is behind a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Distance {
    /// The number of states that the source has had since the target's.
    pub(super) states: usize,
    /// Whether the source is known to have had the target's state.
    pub(super) is_exact: bool,
    /// The time at which the first of them came, if the source had the target's state.
    pub(super) since: Option<jiff::Timestamp>,
}

/// Since when an app has had its state, and the commit that brought it; none if it
/// never came.
pub(super) fn since(
    history: &dyn History,
    instance: &AppInstance,
) -> Result<Option<(Since, Option<ObjectName>)>, HistoryError> {
    let newest = history.tenures(&instance.environment, &instance.app).next().transpose()?;
    Ok(newest.map(|tenure| (tenure.since, tenure.entered)))
}

/// How far a target's state is behind a source.
pub(super) fn distance(
    history: &dyn History,
    source: &AppInstance,
    target: &State,
) -> Result<Distance, HistoryError> {
    let AppInstance { environment, app } = source;
    let mut newer: Vec<State> = Vec::new();
    for (at, state) in history.states(environment, app).take(MOST_STATES).enumerate() {
        let Some(state) = state? else { continue };
        if agree(&state, target) {
            let after = at.checked_sub(1).and_then(|at| history.tenures(environment, app).nth(at));
            let since = after.transpose()?.and_then(|tenure| tenure.since.time());
            return Ok(Distance { states: newer.len(), is_exact: true, since });
        }
        let is_known = |known: &State| *known == state || known.agrees_with(&state);
        if !state.is_empty() && !newer.iter().any(is_known) {
            newer.push(state);
        }
    }
    Ok(Distance { states: newer.len(), is_exact: false, since: None })
}

/// Whether a source's state is the target's. Not [`crate::sites::WantedValues`]: this counts how far
/// the target is behind and decides nothing, and it should still count if a site of the
/// target has no partner, which is reported as `unpaired-site`.
fn agree(source: &State, target: &State) -> bool {
    let both = target.iter().filter_map(|(key, value)| Some((value, source.get(key)?)));
    let mut both = both.peekable();
    both.peek().is_some() && both.all(|(one, other)| one == other || one.agrees_with(other))
}
