//! `rungs rollback`.

use std::collections::BTreeSet;

use super::plan_builder::PlanBuilder;
use super::{Computed, How, Intent};
use crate::config::Environment;
use crate::diagnostic::{Finding, Findings, Subject};
use crate::history::{self, Action, Record};
use crate::holds::{self, Hold};
use crate::promote::Permissions;
use crate::promote::base::Base;
use crate::promote::code::{NEVER_HELD, NOTHING_BEFORE};
use crate::promote::gates::{Evidence as _, Gate};
use crate::promote::planning::Planner;
use crate::promote::restore::EarlierState;
use crate::promote::target::TargetEnvironment;
use crate::sites::{KnownKeys, State, StateReference, differences};
use crate::source::Location;

/// Back to a state that an app had before, with a hold on today's.
pub struct Rollback {
    /// The environment.
    pub environment: String,
    /// The app.
    pub app: String,
    /// A state that is named, instead of the newest before today's.
    pub to: Option<StateReference>,
    /// Why, for the hold and the record.
    pub reason: String,
    /// Who says so, for the hold.
    pub by: String,
    /// How far one may go.
    pub permissions: Permissions,
}

impl Intent for Rollback {
    fn at(&self, base: &Base<'_>, how: &How) -> Result<Computed, Findings> {
        let target = base.repository.find_environment(&self.environment)?;
        let planner = Planner {
            base,
            target,
            permissions: &self.permissions,
            direct: how.direct,
            asked: &Gate::ALL,
        };
        let environment = TargetEnvironment { base, environment: target };
        let current = environment.target_sites(&self.app)?;
        let now = &current.state;
        let before = self.before(base, target, now)?;
        let mut outcome = planner.restore(&self.app, &before)?;
        if !outcome.files.is_empty() {
            let mut held = Hold::of(&target.name, &self.app, now, &self.reason, &self.by);
            // What is the same in both is not what was wrong, and may change meanwhile.
            let left = differences(now, &before.state);
            held.state.retain(|name, _| left.iter().any(|one| one.key.name() == name));
            outcome.files.extend(holds::added(base.tree, &held)?);
        }
        let mut builder = PlanBuilder::new(&target.name);
        builder.add(outcome, how, false);
        builder.computed(base, how, &self.permissions, None, |plan| {
            let mut record = Record::new(Action::Rollback, &plan.app, target.name.clone());
            record.reason = Some(self.reason.clone());
            record
        })
    }

    fn apps(&self) -> Option<BTreeSet<String>> {
        Some(BTreeSet::from([self.app.clone()]))
    }

    fn branch(&self) -> String {
        self.app.clone()
    }

    fn prefix(&self) -> &'static str {
        "rungs-rollback"
    }
}

impl Rollback {
    /// The newest state before today's that is not held back, or the one that
    /// was named.
    fn before(
        &self,
        base: &Base<'_>,
        target: &Environment,
        now: &State,
    ) -> Result<EarlierState, Findings> {
        let holds = base.holds(&target.name, &self.app);
        let is_held = |state: &State| holds.iter().any(|held| held.holds_back(state, base.now));
        let app = base.app(&target.name, &self.app);
        let known = KnownKeys::of(app.as_deref());
        let mut stood = None;
        for tenure in base.tenures(&target.name, &self.app) {
            let tenure = tenure.map_err(|error| history::finding(&error, &target.location))?;
            let is_it = |state: &State| match &self.to {
                Some(named) => named.names_state(state, &known, &target.location),
                None => Ok(!state.is_same(now) && !is_held(state)),
            };
            let edge = tenure.edge();
            let before = tenure.entered.and_then(|commit| commit.parents.into_iter().next());
            // Times at which the app was not there are nothing to go back to.
            if let Some(state) = tenure.state.filter(|state| !state.is_empty())
                && is_it(&state)?
            {
                return Ok(EarlierState { state, stood });
            }
            // What was before is not known, which is not the same as nothing.
            if let Some(error) = edge {
                return Err(history::finding(&error, &target.location).into());
            }
            stood = before;
        }
        let (app, environment) = (&self.app, &target.name);
        let finding = match &self.to {
            Some(named) => Finding::new(
                &NEVER_HELD,
                format!("`{environment}` never had `{app}` at `{named}`"),
                Location::of_path(target.location.path()),
            )
            .help(format!("`rungs audit --app {app} --env {environment}` lists what it had")),
            None => Finding::new(
                &NOTHING_BEFORE,
                format!("there is nothing to roll `{app}` back to in `{environment}`"),
                Location::of_path(target.location.path()),
            )
            .because("it had no other state that is not held back"),
        };
        Err(finding.about(Subject::app(environment.as_str(), &**app)).into())
    }
}
