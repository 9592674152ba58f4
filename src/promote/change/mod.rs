//! Any change on a branch, whoever made it: what it changes, and whether that may
//! enter.
//!
//! A change is everything that differs between two sides ([`proposed`]). [`assess_change`] asks
//! of every app in every environment what becomes of its sites ([`changed_app`]), and hands what
//! changes to the gates. What no gate can judge by what sites say is [`lost`], or listed
//! ([`others`]); what it would weaken is [`relaxed`].

mod changed_app;
mod deployed;
mod ignored_record;
mod lost;
mod others;
mod proposed;
mod relaxed;

use std::collections::BTreeSet;

pub use proposed::{ChangeAssessment, ChangeSide, ProposedChange};

use super::Plan;
use super::base::Base;
use crate::config::EnvironmentName;
use crate::diagnostic::Findings;
use crate::sites::{AppSites, Key, SiteValue};
use crate::source::RepoPath;
use crate::yaml::Place;

use super::gates::Gate;
use changed_app::ChangedApp;
use deployed::DeployedChange;

/// Assesses every app whose sites the change changes: a plan for each environment,
/// in the repository's order.
///
/// # Errors
///
/// The sites of the change cannot be read, or disagree.
pub fn assess_change(
    base: &Base<'_>,
    change: &ProposedChange<'_>,
) -> Result<ChangeAssessment, Findings> {
    let mut assessment = ChangeAssessment::default();
    let mut errors = Findings::new();
    let deployed = if change.gates.contains(&Gate::Render) {
        DeployedChange::of(base.repository, change)
    } else {
        DeployedChange::of_commit(base.repository, change)
    };
    for environment in &base.repository.environments {
        let mut apps = Vec::new();
        let mut changed = changed_apps(change, &environment.name);
        changed.extend(deployed.apps(&environment.name).map(str::to_owned));
        changed.extend(apps_of_own_configuration(change, &environment.name));
        for app in changed {
            let deployed = deployed.app(&environment.name, &app);
            let changed = ChangedApp::of(base, change, environment, &app, deployed);
            let former = changed.former();
            assessment.findings.extend(changed.notes(&former));
            match changed.assessed(&former) {
                Ok(plan) => apps.extend(plan),
                Err(found) => errors.extend(found),
            }
        }
        if !apps.is_empty() {
            let (environment, base) = (environment.name.clone(), base.commit.clone());
            assessment.plans.push(Plan { environment, base, commit: None, apps });
        }
    }
    // What a single commit weakens, or changes besides, is said of the whole change.
    if change.configuration.is_some() {
        assessment.findings.extend(relaxed::findings(base, change));
        assessment.findings.extend(others::changes(base.repository, change));
    }
    assessment.findings.extend(deployed.into_others());
    if errors.has_errors() { Err(errors) } else { Ok(assessment) }
}

/// The apps of an environment whose sites differ.
fn changed_apps(change: &ProposedChange<'_>, environment: &EnvironmentName) -> BTreeSet<String> {
    let (before, after) = (change.before.model, change.after.model);
    let names = after.apps(environment).into_iter().chain(before.apps(environment));
    let is_changed =
        |app: &String| match (after.app(environment, app), before.app(environment, app)) {
            // What is not a value of a site may change what it means.
            (Some(new), Some(old)) => {
                let mut files = new.sites.iter().map(|site| site.file.path());
                site_values(&new) != site_values(&old)
                    || files.any(|file| change.files.contains(file))
            }
            (new, old) => new.is_some() != old.is_some(),
        };
    names.collect::<BTreeSet<_>>().into_iter().filter(is_changed).collect()
}

/// The apps that the change's own configuration finds in changed files.
fn apps_of_own_configuration(
    change: &ProposedChange<'_>,
    environment: &EnvironmentName,
) -> Vec<String> {
    let Some(own) = change.own else { return Vec::new() };
    let mut apps = own.apps(environment);
    apps.retain(|app| {
        let sites = own.app(environment, app).map(|app| app.sites).unwrap_or_default();
        sites.iter().any(|site| change.files.contains(site.file.path()))
    });
    apps
}

/// The place and value of each site, so that a change is seen even if sites disagree.
fn site_values(app: &AppSites) -> Vec<(&RepoPath, &Key, Option<&SiteValue>, Vec<&Place>)> {
    let sites = app.sites.iter();
    let values = sites.map(|site| {
        let places = site.parts.iter().map(|part| &part.at).collect();
        (site.file.path(), &site.key, site.value.as_ref(), places)
    });
    values.collect()
}
