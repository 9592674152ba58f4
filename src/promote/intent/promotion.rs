//! `rungs promote`.

use super::plan_builder::PlanBuilder;
use super::{AppSelection, Intent, PlannedChange, Submission};
use crate::config::{Environment, EnvironmentName};
use crate::diagnostic::{Finding, Findings};
use crate::history::{Action, Record};
use crate::promote::base::Base;
use crate::promote::code::NOTHING_BELOW;
use crate::promote::gates::{Answer, Evidence as _, Gate};
use crate::promote::planning::{AppOutcome, Planner};
use crate::promote::select;
use crate::promote::{Request, Verdict};
use crate::sites::{NO_SITE, State};

/// Promotion of apps.
pub struct Promotion {
    /// The request.
    pub request: Request,
    /// The apps that are promoted.
    pub apps: AppSelection,
}

impl Intent for Promotion {
    fn at(&self, base: &Base<'_>, submission: &Submission<'_>) -> Result<PlannedChange, Findings> {
        let repository = base.repository;
        let target = repository.find_environment(&self.request.environment)?;
        let apps = self.names(base, target)?;
        if self.takes_all()
            && !base.repository.is_native()
            && base.model.apps(&target.name).is_empty()
        {
            return Err(without_apps(base, target));
        }
        let Submission { direct, renderer, .. } = *submission;
        let planner = Planner::of_change(base, target, &self.request.permissions, direct, renderer);
        let mut builder = PlanBuilder::new(&target.name);
        for app in &apps {
            match planner.promote(&self.request, app) {
                Ok(outcome) if self.is_for_nothing(base, &target.name, &outcome) => {
                    let mut findings = outcome.warnings;
                    findings.push(planner.without_reference(&outcome.plan));
                    builder.add_obstacles(findings);
                }
                Ok(outcome) => match passed_over(base, target, &outcome) {
                    Some(finding) => builder.add_obstacles(finding.into()),
                    None => builder.add(outcome, submission, self.takes_all()),
                },
                Err(findings) => builder.add_obstacles(findings),
            }
        }
        let train = match &self.apps {
            AppSelection::Train(train) => Some(train.as_str()),
            _ => None,
        };
        builder.build(base, submission, &self.request.permissions, train, |plan| {
            let mut record = Record::new(Action::Promote, &plan.app, target.name.clone());
            record.source.clone_from(&plan.source);
            record.names_source = self.request.from.is_some();
            record.names_state = self.request.reference.is_some();
            record
        })
    }

    fn apps(&self) -> AppSelection {
        self.apps.clone()
    }

    fn branch(&self) -> String {
        match &self.apps {
            AppSelection::Named(names) => joined(names),
            AppSelection::Train(train) => train.clone(),
            AppSelection::All => "all".to_owned(),
        }
    }

    fn takes_all(&self) -> bool {
        self.apps == AppSelection::All
    }
}

/// The finding about a rung below that no file belongs to, which keeps an app out: its name is
/// wrong, and no state ever fulfils the gate `order`.
fn passed_over(base: &Base<'_>, target: &Environment, outcome: &AppOutcome) -> Option<Finding> {
    let mut verdicts = outcome.plan.gates.iter();
    let fails = |verdict: &&Verdict| verdict.answer == Answer::Fail && !verdict.lets_through();
    verdicts.find(|verdict| verdict.gate == Gate::Order && fails(verdict))?;
    let repository = base.repository;
    let is_below = |name| repository.ladder.above(name).contains(&target.name);
    // One that had the app is no mistake.
    let had_it = |name| base.tenures(name, &outcome.plan.app).next().is_some();
    let mut below = repository.environments.iter().map(|one| &one.name);
    below.find_map(|name| {
        let is_new = is_below(name) && !had_it(name);
        is_new.then(|| base.unbound.finding(name)).flatten()
    })
}

/// The number of bytes that the names of apps may take in a branch's name.
const BRANCH_LENGTH: usize = 100;

/// The name of several apps in a branch's name.
pub(super) fn joined(names: &[String]) -> String {
    let mut names = names.to_vec();
    names.sort();
    let whole = names.join("+");
    if whole.len() <= BRANCH_LENGTH {
        return whole;
    }
    format!("{}+{}-more", names[0], names.len() - 1)
}

impl Promotion {
    /// Whether an app was named of which neither environment has a reference. In a native
    /// repository an app need not have one.
    fn is_for_nothing(
        &self,
        base: &Base<'_>,
        target: &EnvironmentName,
        outcome: &AppOutcome,
    ) -> bool {
        let is_named = matches!(self.apps, AppSelection::Named(_)) && !base.repository.is_native();
        let (plan, is_empty) = (&outcome.plan, |state: &State| state.iter().next().is_none());
        let is_bare = is_empty(&plan.from) && is_empty(&plan.to);
        // One whose only reference moves by itself has a reference.
        let moves = |environment: &EnvironmentName| {
            base.model.app(environment, &plan.app).is_some_and(|app| app.has_moving())
        };
        let below = || plan.source.as_ref().is_some_and(|source| moves(&source.environment));
        let is_moving = || moves(target) || below();
        is_named && outcome.obstacles.is_empty() && is_bare && !is_moving()
    }

    fn names(&self, base: &Base<'_>, target: &Environment) -> Result<Vec<String>, Findings> {
        let mut apps = match &self.apps {
            AppSelection::Named(names) => names.clone(),
            AppSelection::Train(train) => base.repository.find_train(train)?.apps.clone(),
            // What only the target has is nobody's to promote.
            AppSelection::All => {
                let mut all = base.model.apps(&target.name);
                all.retain(|app| has_source(base, target, app));
                all
            }
        };
        apps.sort();
        apps.dedup();
        Ok(apps)
    }
}

/// The findings that no file of an environment has an app, with those about the entries.
fn without_apps(base: &Base<'_>, target: &Environment) -> Findings {
    let mut findings = base.model.findings_of_files(|name| *name == target.name);
    let message = format!("no file of `{}` has an app", target.name);
    findings.push(
        Finding::new(&NO_SITE, message, base.repository.location.clone())
            .because("no entry of `sites` finds anything there")
            .help("look at the paths of the entries, and at what `rungs status` says"),
    );
    findings
}

/// Whether an app's state can come from below, or why it cannot is worth a finding.
fn has_source(base: &Base<'_>, target: &Environment, app: &str) -> bool {
    let sources = select::sources(base.repository, target, app, base);
    !sources.is_err_and(|finding| finding.code == &NOTHING_BELOW)
}
