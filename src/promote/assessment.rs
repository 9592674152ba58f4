//! May this change enter, and why not? One answer, whoever asks: `promote`,
//! `set` and `rollback` before they change something, `gates` for any change of
//! a branch, `status` for what a promotion would do.

use super::gates::{Candidate, Gate, Transition};
use super::values::ReadValues;
use super::verdict::judge;
use super::{AppPlan, Base, Override, SiteChange};
use crate::config::Environment;
use crate::diagnostic::Findings;
use crate::history::Source;
use crate::sites::State;

/// What is to become of one app in one environment.
pub(super) struct AppChange<'a> {
    pub(super) target: &'a Environment,
    pub(super) app: &'a str,
    /// How the state enters.
    pub(super) transition: Transition<'a>,
    /// Where the state comes from; none where it was given.
    pub(super) source: Option<&'a Source>,
    /// What the environment says at the base; none where the app is new there.
    pub(super) current: Option<&'a State>,
    /// What it will say.
    pub(super) proposed: State,
    /// The sites that change.
    pub(super) changes: Vec<SiteChange>,
    /// What rendering came to; none where nothing was rendered.
    pub(super) rendering: Option<Result<(), &'a Findings>>,
    /// Whether it goes straight onto the base branch, so that nobody can approve
    /// it.
    pub(super) direct: bool,
    pub(super) ticket: Option<&'a str>,
    pub(super) overrides: &'a [Override],
}

/// The plan of a change with what the gates that are asked say of it. The same
/// base, change and gates give the same plan.
pub(super) fn assess(base: &Base<'_>, change: AppChange<'_>, asked: &[Gate]) -> AppPlan {
    let AppChange { target, app, transition, source, current, proposed, changes, .. } = change;
    let values = ReadValues::new(base, target, source, app);
    let candidate = Candidate {
        repository: base.repository,
        target,
        gates: target.gates_of(app),
        app,
        transition,
        direct: change.direct,
        current,
        proposed: &proposed,
        evidence: base,
        values: &values,
        facts: base.forge,
        now: base.now,
        ticket: change.ticket,
        rendering: change.rendering,
    };
    let gates = judge(&candidate, asked, change.overrides);
    let from = current.cloned().unwrap_or_default();
    AppPlan { app: app.to_owned(), source: source.cloned(), from, to: proposed, changes, gates }
}
