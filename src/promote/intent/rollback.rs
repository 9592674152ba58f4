//! `rungs rollback`.

use super::plan_builder::PlanBuilder;
use super::{AppSelection, Intent, PlannedChange, Submission};
use crate::config::Environment;
use crate::diagnostic::{Finding, Findings, Subject};
use crate::git::OwnBranch;
use crate::history::{self, Action, Record};
use crate::holds::{self, Hold};
use crate::promote::base::Base;
use crate::promote::code::{NEVER_HELD, NOTHING_BEFORE};
use crate::promote::gates::Evidence as _;
use crate::promote::part::MovingKeys;
use crate::promote::planning::Planner;
use crate::promote::restore::EarlierState;
use crate::promote::target::TargetEnvironment;
use crate::promote::{Part, Permissions};
use crate::sites::{KnownKeys, State, StateReference, differences};
use crate::source::Location;

/// A return to an earlier state of an app, with a hold on the current one.
pub struct Rollback {
    /// The environment.
    pub environment: String,
    /// The app.
    pub app: String,
    /// A state that the person named, instead of the newest one before the current.
    pub to: Option<StateReference>,
    /// The reason, for the hold and the record.
    pub reason: String,
    /// What goes back.
    pub part: Part,
    /// The person who holds the current state back.
    pub by: String,
    /// What is permitted.
    pub permissions: Permissions,
}

impl Intent for Rollback {
    fn at(&self, base: &Base<'_>, submission: &Submission<'_>) -> Result<PlannedChange, Findings> {
        let target = base.repository.find_environment(&self.environment)?;
        let Submission { direct, renderer, .. } = *submission;
        let planner = Planner::of_change(base, target, &self.permissions, direct, renderer);
        let environment = TargetEnvironment { base, environment: target };
        let current = environment.target_sites(&self.app)?;
        let now = &current.state;
        let moving = self.part.keys(&[&current.app], &target.location)?;
        let before = self.before(base, target, now, &moving)?;
        let mut outcome = planner.restore(&self.app, &before)?;
        if !outcome.plan.changes.is_empty() {
            let mut held = Hold::of(&target.name, &self.app, now, &self.reason, &self.by);
            // Keys that are the same in both were not the problem, and may change later.
            let differences = differences(now, &before.state);
            held.state.retain(|name, _| differences.iter().any(|one| one.key.name() == name));
            outcome.files.extend(holds::added(base.tree, &held)?);
        }
        let mut builder = PlanBuilder::new(&target.name);
        builder.add(outcome, submission, false);
        builder.build(base, submission, &self.permissions, None, |plan| {
            let mut record = Record::new(Action::Rollback, &plan.app, target.name.clone());
            record.reason = Some(self.reason.clone());
            record
        })
    }

    fn apps(&self) -> AppSelection {
        AppSelection::Named(vec![self.app.clone()])
    }

    fn branch(&self) -> String {
        self.app.clone()
    }

    fn own_branch(&self) -> OwnBranch {
        OwnBranch::Rollback
    }
}

impl Rollback {
    /// The newest earlier state that differs from the current one and is not held back,
    /// or the one that was named.
    fn before(
        &self,
        base: &Base<'_>,
        target: &Environment,
        now: &State,
        moving: &MovingKeys,
    ) -> Result<EarlierState, Findings> {
        let holds = base.holds(&target.name, &self.app);
        let is_held = |state: &State| holds.iter().any(|held| held.holds_back(state, base.now));
        let app = base.app(&target.name, &self.app);
        let known = KnownKeys::of(app.as_deref());
        let mirrors = &base.repository.mirrors;
        for tenure in base.tenures(&target.name, &self.app) {
            let tenure = tenure.map_err(|error| history::finding(&error, &target.location))?;
            let is_match = |state: &State, restored: &State| match &self.to {
                Some(named) => named.names_state(state, &known, &target.location),
                None => Ok(!restored.deploys_same(now, mirrors) && !is_held(restored)),
            };
            let edge = tenure.edge();
            let last_commit = tenure.last;
            // A time without the app is not a state to go back to.
            if let Some(state) = tenure.state.filter(|state| !state.is_empty()) {
                let restored = moving.moved(now, &state);
                if is_match(&state, &restored)? {
                    // The files of that time have the other keys' earlier values.
                    let last_commit = last_commit.filter(|_| !moving.is_part());
                    return Ok(EarlierState { state: restored, last_commit });
                }
            }
            // The past beyond this is unknown, which does not mean that it is empty.
            if let Some(error) = edge {
                return Err(history::finding(&error, &target.location).into());
            }
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
