//! The state of every app in every environment: since when it has been there, how
//! far it is behind, and what blocks it.

mod ages;
mod cell;
mod status_builder;
mod sites;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

pub use cell::{AppStatus, Behind, Block, Blocker, Cell, NextPromotion, Reference, Status};

use super::LoadedBase;
use crate::config::EnvironmentName;
use crate::diagnostic::Findings;
use crate::git::HistoryError;
use crate::history::{AskedApps, History};
use crate::sites::{AppInstance, Model, ModelScope, Site, shared_base};

use sites::StatusSites;
use status_builder::StatusBuilder;

/// Why there is no status.
#[derive(Debug)]
pub enum StatusError {
    /// Something is wrong with the repository.
    Findings(Findings),
    /// The history cannot be read.
    History(HistoryError),
}

impl From<Findings> for StatusError {
    fn from(findings: Findings) -> Self {
        Self::Findings(findings)
    }
}

impl From<HistoryError> for StatusError {
    fn from(error: HistoryError) -> Self {
        Self::History(error)
    }
}

/// Returns the status of the apps of a base in these environments, or in all if none
/// are named; with ages and distances if the base's past is known.
pub fn status(
    base: &LoadedBase,
    environments: &[EnvironmentName],
    now: Timestamp,
) -> Result<(Status, Findings), StatusError> {
    refuse_unknown(base)?;
    let is_shown = |environment: &EnvironmentName| {
        environments.is_empty() || environments.contains(environment)
    };
    let all = base.repository().environments.iter().map(|one| one.name.clone());
    let environments: Vec<_> = all.filter(is_shown).collect();
    // Gates ask further back than the ages do, about few environments: with the files
    // of one app alone, git finds those faster one by one.
    let gates = if base.apps().is_some() { AskedApps::Few } else { AskedApps::Most };
    let ages = (gates == AskedApps::Few).then(|| base.history(AskedApps::Most));
    let (apps, mut findings) = base.ask(now, gates, |asked| {
        let ages = ages.as_ref().map_or(asked.history, |ages| ages as &dyn History);
        let builder = StatusBuilder::new(asked, ages);
        let sites = StatusSites::of(asked);
        let apps = sites.rows().map(|(app, row)| builder.app(app, row, &environments));
        let apps = apps.collect::<Result<_, _>>()?;
        let findings = sites.findings(is_shown);
        Ok::<_, StatusError>((apps, findings))
    })?;
    let commit = base.commits().map(|commits| commits.tip.clone());
    findings.extend(base.model().findings_of_files(is_shown));
    findings.extend(shared_bases(&base.model().shared(&base.tree), is_shown));
    Ok((Status { commit, environments, apps }, findings))
}

/// Refuses apps that were selected by name and that no environment has.
fn refuse_unknown(base: &LoadedBase) -> Result<(), Findings> {
    let Some(selected) = base.apps() else { return Ok(()) };
    let known = names(base.model());
    let Some(unknown) = selected.iter().find(|app| !known.contains(*app)) else {
        return Ok(());
    };
    let known = names(&Model::of_tree(base.repository(), &base.tree, &ModelScope::all()));
    Err(base.repository().unknown_app(unknown, known.iter().map(String::as_str)).into())
}

/// The names of a model's apps.
fn names(model: &Model) -> BTreeSet<String> {
    model.environments().iter().flat_map(|environment| model.apps(environment)).collect()
}

/// The findings about files that several environments use: one for each place,
/// however many apps and environments lead there.
fn shared_bases(
    shared: &BTreeMap<AppInstance, Vec<Site>>,
    is_shown: impl Fn(&EnvironmentName) -> bool,
) -> Findings {
    let shown = shared.iter().filter(|(instance, _)| is_shown(&instance.environment));
    let mut places = BTreeMap::new();
    for site in shown.flat_map(|(_, sites)| sites) {
        let start = site.location.start();
        places.entry((site.file.path(), start.line, start.column)).or_insert(site);
    }
    places.into_values().filter_map(shared_base).collect()
}
