//! May this change enter, and if not, why? One answer, whoever asks: `promote`,
//! `set` and `rollback` before they change something, `gates` for any change of
//! a branch, `status` for what a promotion would do.

use super::arrival::Arrival;
use super::deployed::BroughtWithValues;
use super::gates::{BroughtReferences, Candidate, Gate};
use super::values::ReadValues;
use super::verdict::judge;
use super::{AppPlan, Base, Override, SiteChange};
use crate::config::Environment;
use crate::diagnostic::Findings;
use crate::sites::{EnteringValue, State, StateReference};

/// What is to become of one app in one environment.
pub(super) struct AppChange<'a> {
    pub(super) target: &'a Environment,
    pub(super) app: &'a str,
    /// How the state enters, and where it comes from.
    pub(super) arrival: &'a Arrival,
    /// The app's state there at the base; none if the app is new there.
    pub(super) current: Option<&'a State>,
    /// The state that it will have.
    pub(super) proposed: State,
    /// What changes at sites that say less, or something else, than the state does.
    pub(super) beside: Vec<EnteringValue>,
    /// What the result deploys otherwise, and no site says; none if nothing was rendered.
    pub(super) brought: Option<&'a dyn BroughtReferences>,
    /// The sites that change.
    pub(super) changes: Vec<SiteChange>,
    /// The result of rendering; none if nothing was rendered.
    pub(super) rendering: Option<Result<(), &'a Findings>>,
    /// Whether the change goes straight onto the base branch, so that nobody can
    /// approve it.
    pub(super) direct: bool,
    /// The values that are to go, although nothing below has had them.
    pub(super) replaces: &'a [StateReference],
    pub(super) ticket: Option<&'a str>,
    pub(super) overrides: &'a [Override],
}

/// The plan of a change, with the verdicts of the given gates. The same base,
/// change and gates give the same plan.
pub(super) fn assess(base: &Base<'_>, change: AppChange<'_>, gates: &[Gate]) -> AppPlan {
    let AppChange { target, app, arrival, current, proposed, beside, changes, .. } = change;
    let source = arrival.source();
    let values = ReadValues::new(base, target, source, app);
    // Elsewhere the result is rendered, and tells.
    let with_values = (!base.repository.is_native())
        .then(|| BroughtWithValues::new(change.brought, target, (current, &proposed)));
    let with_values = with_values.as_ref().map(|brought| brought as &dyn BroughtReferences);
    let candidate = Candidate {
        repository: base.repository,
        target,
        gates: target.gates_of(app),
        app,
        transition: arrival.transition(),
        direct: change.direct,
        current,
        proposed: &proposed,
        beside: &beside,
        brought: with_values.or(change.brought),
        evidence: base,
        values: &values,
        facts: base.forge,
        now: base.now,
        replaces: change.replaces,
        ticket: change.ticket,
        rendering: change.rendering,
    };
    let gates = judge(&candidate, gates, change.overrides);
    let from = current.cloned().unwrap_or_default();
    AppPlan { app: app.to_owned(), source: source.cloned(), from, to: proposed, changes, gates }
}
