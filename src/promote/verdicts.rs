//! The verdict on any change of a branch, whoever made it.

use std::collections::BTreeSet;

use super::base::Base;
use super::gates::{self, Candidate, Transition, Verdict};
use super::rerender::check_rendered;
use super::select;
use super::values::ReadValues;
use super::{AppPlan, Override, Plan, SiteChange};
use crate::config::{Environment, EnvironmentName};
use crate::diagnostic::Findings;
use crate::history::{Action, History as _, Record, Source};
use crate::sites::{AppSites, Key, Model, SiteValue, State, differences};
use crate::source::{RepoPath, Tree};

/// A change that asks to be merged.
pub struct Head<'a> {
    /// Its files.
    pub tree: &'a Tree,
    /// Its sites, as the base's configuration reads them.
    pub model: &'a Model,
    /// The sites where it left the base branch.
    pub fork: &'a Model,
    /// What its commits say of themselves.
    pub records: &'a [Record],
    /// Gates that whoever asks puts aside. What a record says of overrides is
    /// the word of the change's own author, and puts nothing aside here.
    pub overrides: &'a [Override],
}

/// What the gates say of every app whose sites the change changes: by
/// environment, in the repository's order. What the base has changed since is
/// not the change's doing, and is not judged.
///
/// # Errors
///
/// The sites of the change cannot be read, or disagree.
pub fn judge(base: &Base<'_>, head: &Head<'_>) -> Result<Vec<Plan>, Findings> {
    let mut plans = Vec::new();
    let mut findings = Findings::new();
    for environment in &base.repository.environments {
        let mut apps = Vec::new();
        for app in changed(head, &environment.name) {
            match judged(base, head, environment, &app) {
                Ok(plan) => apps.extend(plan),
                Err(found) => findings.extend(found),
            }
        }
        if !apps.is_empty() {
            let (environment, base) = (environment.name.clone(), base.commit.clone());
            plans.push(Plan { environment, base, apps });
        }
    }
    if findings.has_errors() { Err(findings) } else { Ok(plans) }
}

/// The apps of an environment that say something else than where the change
/// left the base.
fn changed(head: &Head<'_>, environment: &EnvironmentName) -> BTreeSet<String> {
    let names = head.model.apps(environment).into_iter().chain(head.fork.apps(environment));
    let says_something_else =
        |app: &String| match (head.model.app(environment, app), head.fork.app(environment, app)) {
            (Some(now), Some(then)) => said(&now) != said(&then),
            (now, then) => now.is_some() != then.is_some(),
        };
    names.collect::<BTreeSet<_>>().into_iter().filter(says_something_else).collect()
}

/// What each site says, whether or not they agree: of sites that disagree, too,
/// a change is seen.
fn said(app: &AppSites) -> Vec<(&RepoPath, &Key, Option<&SiteValue>)> {
    let sites = app.sites.iter();
    sites.map(|site| (site.file.path(), &site.key, site.said.as_ref())).collect()
}

/// None where the app goes, or where the base says the same by now.
fn judged(
    base: &Base<'_>,
    head: &Head<'_>,
    target: &Environment,
    app: &str,
) -> Result<Option<AppPlan>, Findings> {
    let Some(proposed) = head.model.app(&target.name, app) else { return Ok(None) };
    let to = proposed.state.clone()?;
    let from = base.history.current(&target.name, app);
    if from.as_ref() == Some(&to) {
        return Ok(None);
    }
    let source = source(base, target, app, &to);
    // A record is a claim: it counts where it says what the change does.
    let then = head.fork.app(&target.name, app).and_then(|app| app.state.ok());
    let references = Record::references_of(&then.unwrap_or_default(), &to);
    let is_of_this = |record: &&Record| {
        record.app == app && record.environment == target.name && record.references == references
    };
    let record = head.records.iter().find(is_of_this);
    let transition = transition(base, target, app, &to, source.as_ref(), record);
    let values = ReadValues::new(base, target, source.as_ref(), app);
    let mut verdicts = gates::judge(&Candidate {
        repository: base.repository,
        target,
        gates: target.gates_of(app),
        app,
        transition,
        direct: false,
        current: from.as_ref(),
        proposed: &to,
        history: base.history,
        values: &values,
        facts: None,
        now: base.now,
        ticket: record.and_then(|record| record.ticket.as_deref()),
        overrides: head.overrides,
    });
    if base.repository.is_native() {
        gates::insert(&mut verdicts, rendered(base, head, target, app));
    }
    let from = from.unwrap_or_default();
    let changes = changes(&proposed, &from, &to);
    Ok(Some(AppPlan { app: app.to_owned(), source, from, to, changes, gates: verdicts }))
}

/// The environment below that says the same, or did most recently.
fn source(base: &Base<'_>, target: &Environment, app: &str, state: &State) -> Option<Source> {
    let sources = select::sources(base.repository, target, app, base.history).ok()?;
    let standing = |name: &&EnvironmentName| {
        base.history.current(name, app).is_some_and(|standing| standing.is_same(state))
    };
    if let Some(environment) = sources.iter().find(standing) {
        return Some(Source { environment: environment.clone(), commit: base.commit.clone() });
    }
    sources.iter().find_map(|environment| {
        let mut tenures = base.history.tenures(environment, app).map_while(Result::ok);
        let tenure =
            tenures.find(|tenure| tenure.state.as_ref().is_some_and(|held| held.is_same(state)))?;
        let commit = select::commit_of(&tenure, base.commit.as_ref()).ok()?;
        Some(Source { environment: environment.clone(), commit })
    })
}

/// How the state enters. That it is a rollback is the record's claim, and
/// believed only of a state that the environment has held.
fn transition<'s>(
    base: &Base<'_>,
    target: &Environment,
    app: &str,
    state: &State,
    source: Option<&'s Source>,
    record: Option<&Record>,
) -> Transition<'s> {
    let is_rollback = record.is_some_and(|record| record.action == Action::Rollback);
    if is_rollback {
        let mut tenures = base.history.tenures(&target.name, app).map_while(Result::ok);
        let has_held = tenures.any(|tenure| tenure.state.is_some_and(|held| held.is_same(state)));
        if has_held {
            return Transition::Rollback;
        }
    }
    match source {
        // A person who named an older state said so in the record.
        Some(source) => {
            let named = source.commit != base.commit && record.is_some();
            Transition::Promote { from: &source.environment, chosen: false, named }
        }
        None => Transition::Set,
    }
}

fn rendered(base: &Base<'_>, head: &Head<'_>, target: &Environment, app: &str) -> Verdict {
    let checked = check_rendered(head.tree, base.repository, &target.name, app);
    super::planning::rendered_verdict(checked.err().as_ref())
}

fn changes(proposed: &AppSites, from: &State, to: &State) -> Vec<SiteChange> {
    let mut changes = Vec::new();
    for difference in differences(from, to) {
        let Some(said) = difference.to else { continue };
        changes.extend(proposed.of(difference.key).map(|site| SiteChange {
            key: difference.key.clone(),
            from: difference.from.cloned(),
            to: said.clone(),
            path: site.file.path().clone(),
            line: site.location.start().line,
        }));
    }
    changes
}
