//! Any change on a branch, whoever made it: what it changes, and whether that may
//! enter.

use std::collections::BTreeSet;

use super::arrival::Arrival;
use super::assessment::{AppChange, assess};
use super::base::Base;
use super::gates::{Evidence as _, Gate};
use super::rerender::check_rendered;
use super::{AppPlan, Override, Plan, SiteChange};
use crate::config::{Environment, EnvironmentName};
use crate::diagnostic::Findings;
use crate::history::{Action, Record};
use crate::sites::{AppSites, EnteringValue, Key, Model, Site, SiteValue, State, differences};
use crate::source::{RepoPath, Tree};
use crate::worker::Renderer;

/// A change that is to be merged.
pub struct ProposedChange<'a> {
    /// Its files.
    pub tree: &'a Tree,
    /// Its sites, read by the base's configuration.
    pub model: &'a Model,
    /// The sites at the commit where it branched off.
    pub fork: &'a Model,
    /// The records in its commits' messages.
    pub records: &'a [Record],
    /// The gates that the person who runs the assessment overrides. Overrides in a
    /// record do not count here: they are the word of the change's own author.
    pub overrides: &'a [Override],
    /// What renders.
    pub renderer: &'a dyn Renderer,
}

/// Assesses every app whose sites the change changes: a plan for each environment,
/// in the repository's order. What has changed on the base since is not part of
/// the change, and is not judged.
///
/// # Errors
///
/// The sites of the change cannot be read, or disagree.
pub fn assess_change(base: &Base<'_>, change: &ProposedChange<'_>) -> Result<Vec<Plan>, Findings> {
    let mut plans = Vec::new();
    let mut findings = Findings::new();
    for environment in &base.repository.environments {
        let mut apps = Vec::new();
        for app in changed_apps(change, &environment.name) {
            match assessed(base, change, environment, &app) {
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

/// The apps of an environment whose sites differ from those at the fork.
fn changed_apps(change: &ProposedChange<'_>, environment: &EnvironmentName) -> BTreeSet<String> {
    let names = change.model.apps(environment).into_iter().chain(change.fork.apps(environment));
    let is_changed = |app: &String| match (
        change.model.app(environment, app),
        change.fork.app(environment, app),
    ) {
        (Some(new), Some(old)) => site_values(&new) != site_values(&old),
        (new, old) => new.is_some() != old.is_some(),
    };
    names.collect::<BTreeSet<_>>().into_iter().filter(is_changed).collect()
}

/// The value of each site, so that a change is seen even if sites disagree.
fn site_values(app: &AppSites) -> Vec<(&RepoPath, &Key, Option<&SiteValue>)> {
    let sites = app.sites.iter();
    sites.map(|site| (site.file.path(), &site.key, site.value.as_ref())).collect()
}

/// The plan of one app; none if the app is removed, or if the base has the same
/// state by now.
fn assessed(
    base: &Base<'_>,
    change: &ProposedChange<'_>,
    target: &Environment,
    app: &str,
) -> Result<Option<AppPlan>, Findings> {
    let Some(sites) = change.model.app(&target.name, app) else { return Ok(None) };
    let proposed = sites.state.clone()?;
    let current = base.current(&target.name, app);
    let beside = beside(&sites, base.app(&target.name, app).as_deref(), &proposed);
    if current.as_ref() == Some(&proposed) && beside.is_empty() {
        return Ok(None);
    }
    // A record is a claim: it counts if it says what the change does.
    let at_fork = change.fork.app(&target.name, app).and_then(|app| app.state.ok());
    let references = Record::references_of(&at_fork.unwrap_or_default(), &proposed);
    let is_for_this = |record: &&Record| {
        let moves_app = !matches!(record.action, Action::Hold | Action::Lift);
        moves_app
            && record.app == app
            && record.environment == target.name
            && record.references == references
    };
    let record = change.records.iter().find(is_for_this);
    let arrival = Arrival::of_change(base, target, app, &proposed, current.as_ref(), record)?;
    let check = || check_rendered(change.renderer, change.tree, base.repository, &target.name, app);
    let rendered = base.repository.is_native().then(check);
    let from = current.clone().unwrap_or_default();
    let change = AppChange {
        target,
        app,
        arrival: &arrival,
        current: current.as_ref(),
        changes: site_changes(&sites, &from, &proposed),
        proposed,
        beside,
        rendering: rendered.as_ref().map(|rendered| rendered.as_ref().copied()),
        direct: false,
        ticket: record.and_then(|record| record.ticket.as_deref()),
        overrides: change.overrides,
    };
    Ok(Some(assess(base, change, &Gate::ALL)))
}

/// What changes at sites that say less than the state does, or something else: their
/// value may be deployed as well.
fn beside(sites: &AppSites, base: Option<&AppSites>, proposed: &State) -> Vec<EnteringValue> {
    let is_twin =
        |one: &Site, other: &Site| one.key == other.key && one.file.path() == other.file.path();
    let mut entering = Vec::new();
    for (at, site) in sites.sites.iter().enumerate() {
        let exact = site.value.as_ref().filter(|value| !matches!(value, SiteValue::Moving(_)));
        let Some(value) = exact.filter(|value| proposed.get(&site.key) != Some(value)) else {
            continue;
        };
        // The sites of a key in a file are told apart by their order.
        let number = sites.sites[..at].iter().filter(|other| is_twin(site, other)).count();
        let twins = base.iter().flat_map(|base| &base.sites).filter(|other| is_twin(site, other));
        let current = { twins }.nth(number).and_then(|twin| twin.value.clone());
        if current.as_ref() != Some(value) {
            let (key, value) = (site.key.clone(), value.clone());
            entering.push(EnteringValue { key, value, current });
        }
    }
    entering
}

fn site_changes(sites: &AppSites, from: &State, to: &State) -> Vec<SiteChange> {
    let mut changes = Vec::new();
    for difference in differences(from, to) {
        let Some(value) = difference.to else { continue };
        changes.extend(sites.of(difference.key).map(|site| SiteChange {
            key: difference.key.clone(),
            from: difference.from.cloned(),
            to: value.clone(),
            path: site.file.path().clone(),
            line: site.location.start().line,
        }));
    }
    changes
}
