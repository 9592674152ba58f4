//! The state of every app in every environment: since when it has been there, how
//! far it is behind, and what blocks it.

mod ages;
mod cell;
mod status_builder;
mod sites;

use std::collections::BTreeMap;

use jiff::Timestamp;

pub use cell::{AppStatus, Behind, Block, Blocker, Cell, NextPromotion, Reference, Status};

use super::base::Base;
use crate::config::{EnvironmentName, Repository};
use crate::diagnostic::Findings;
use crate::git::{HistoryError, ObjectName};
use crate::history::{BranchHistory, Commits, Walk};
use crate::sites::{AppInstance, Model, ModelScope, Site, shared_base};
use crate::source::Tree;

use ages::Ages;
use sites::StatusSites;
use status_builder::StatusBuilder;

/// Which apps and environments are shown; all if none are named.
#[derive(Debug, Clone, Default)]
pub struct StatusQuery {
    /// The apps.
    pub apps: Vec<String>,
    /// The environments.
    pub environments: Vec<EnvironmentName>,
}

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

/// Returns the status of a tree with this configuration, with ages and distances if
/// the tree is that of a branch's tip.
pub fn status(
    repository: &Repository,
    tree: &Tree,
    commits: Option<Commits<'_>>,
    shown: &StatusQuery,
    now: Timestamp,
) -> Result<(Status, Findings), StatusError> {
    let apps = (!shown.apps.is_empty()).then(|| shown.apps.iter().cloned().collect());
    let scope = ModelScope { environments: None, apps };
    let model = Model::of_tree(repository, tree, &scope);
    let sites = StatusSites::of(&model);
    if let Some(unknown) = shown.apps.iter().find(|app| !sites.apps().contains(app.as_str())) {
        let every = Model::of_tree(repository, tree, &ModelScope::all());
        let known = StatusSites::of(&every);
        let finding = repository.unknown_app(unknown, known.apps().iter().copied());
        return Err(Findings::from(finding).into());
    }
    let shared = model.shared(tree);
    let history = BranchHistory::new(repository, tree, commits);
    let commit = commits.map(|commits| ObjectName::clone(commits.tip));
    let base = Base::new(commit.clone(), tree, repository, &model, &history, now)?;
    let mut builder = StatusBuilder::new(&base, &sites);
    if let Some(Commits { tip, history, .. }) = commits {
        let wanted = builder.wanted();
        let walk = Walk::new(history, history.steps(tip, &model.paths())?, model.clone());
        let instances: Vec<AppInstance> = sites.apps.keys().cloned().collect();
        builder.ages = Ages::find(walk, instances.into_iter(), &wanted)?;
    }
    let is_shown = |environment: &EnvironmentName| {
        shown.environments.is_empty() || shown.environments.contains(environment)
    };
    let environments = repository.environments.iter().map(|one| one.name.clone());
    let environments: Vec<_> = environments.filter(is_shown).collect();
    let status = Status {
        commit,
        apps: sites.apps().into_iter().map(|app| builder.app(app, &environments)).collect(),
        environments,
    };
    let mut findings = sites.findings(is_shown);
    findings.extend(shared_bases(&shared, is_shown));
    Ok((status, findings))
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
