//! The state of every app in every environment: since when it has been there, how
//! far it is behind, and what blocks it.

mod ages;
mod cell;
mod kept_rows;
mod misnamed;
mod settings;
mod status_builder;
mod sites;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;

pub use cell::{AppStatus, Behind, Block, Blocker, Cell, NextPromotion, Reference, Status};

use super::base::Base;
use super::{AppSelection, LoadedBase};
use crate::config::EnvironmentName;
use crate::diagnostic::Findings;
use crate::git::HistoryError;
use crate::history::AskedApps;
use crate::holds;
use crate::sites::{AppInstance, Model, ModelScope, Site, shared_base};

use kept_rows::KeptRows;
use settings::AppSettings;
use sites::StatusSites;
use status_builder::{StatusBuilder, block_all};

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

/// Returns the status of these apps of a base, which was read without settings, in these
/// environments, or in all if none are named; with ages and distances if the base's past
/// is known.
///
/// The settings of apps are read only where they have a say: of apps that are named, and of
/// those that something may be promoted of.
pub fn status(
    base: &LoadedBase,
    apps: &AppSelection,
    environments: &[EnvironmentName],
    now: Timestamp,
) -> Result<(Status, Findings), StatusError> {
    let kept = if *apps == AppSelection::All { KeptRows::of(base)? } else { None };
    let scope = scope(apps, kept.as_ref());
    let model = Model::of_tree(base.repository(), &base.tree, &scope);
    refuse_unknown(base, apps, &model)?;
    let is_shown = |environment: &EnvironmentName| {
        environments.is_empty() || environments.contains(environment)
    };
    let all = base.repository().environments.iter().map(|one| one.name.clone());
    let shown: Vec<_> = all.filter(is_shown).collect();
    // Gates ask further back than the ages do, about few environments: with the files
    // of one app alone, git finds those faster one by one.
    let past = |asked| base.history(&model, asked);
    let (ages, gates) = match apps {
        AppSelection::All => (past(AskedApps::Most), None),
        _ => (past(AskedApps::Most), Some(past(AskedApps::Few))),
    };
    let gates = gates.as_ref().unwrap_or(&ages);
    let (commit, repository) = (base.commit().cloned(), base.repository());
    let held = holds::all(&base.tree, repository)?;
    let asked = Base::new(commit, &base.tree, repository, &model, gates, held, now);
    let sites = StatusSites::of(&asked);
    let builder = StatusBuilder::without_gates(&asked, &ages);
    let open = sites.rows().filter(|(_, row)| !builder.is_idle(row, &shown));
    let open: BTreeSet<&str> = open.map(|(app, _)| app).chain(apps.names()).collect();

    let settings = AppSettings::of(base, open.iter().map(|app| (*app).to_owned()).collect());
    let asked = asked.configured_by(&settings.loaded.repository);
    let builder = StatusBuilder::new(&asked, &ages);
    let mut rows = Vec::new();
    for (app, row) in sites.rows() {
        let is_idle = !open.contains(app);
        // Gates are not asked about what may be read wrongly.
        let broken = settings.broken(app);
        let mut status = builder.app(app, row, &shown, is_idle || broken.is_some())?;
        if let Some(finding) = broken {
            block_all(&mut status, finding);
        }
        if let Some(kept) = kept.as_ref().filter(|_| is_idle && row.is_sound()) {
            kept.keep(&status, &shown);
        }
        rows.push(status);
    }
    rows.extend(kept.into_iter().flat_map(|kept| kept.into_rows(&shown)));
    rows.sort_by(|one, other| one.app.cmp(&other.app));

    // Those about an entry come first: what they say of single apps is the same.
    let mut findings = model.findings_of_files(is_shown);
    findings.extend(sites.findings(is_shown));
    findings.extend(unbound(&asked, &rows, &shown));
    // Of apps that are selected by name, nobody knows what others there are.
    if *apps == AppSelection::All && !rows.is_empty() {
        findings.extend(misnamed::findings(base.repository(), &rows));
    }
    findings.extend(settings.findings);
    findings.extend(shared_bases(&model.shared(&base.tree), is_shown));
    let commit = base.commits().map(|commits| commits.tip.clone());
    Ok((Status { commit, environments: shown, apps: rows }, findings))
}

/// The findings about environments that no file belongs to.
fn unbound(base: &Base<'_>, rows: &[AppStatus], shown: &[EnvironmentName]) -> Findings {
    // If no app is found at all, the patterns are wrong, which is said of them.
    if rows.is_empty() {
        return Findings::new();
    }
    let cells = rows.iter().flat_map(|row| &row.environments);
    let with_apps = cells.filter(|cell| cell.references.is_some() || cell.is_unreadable);
    let with_apps: HashSet<_> = with_apps.map(|cell| &cell.environment).collect();
    let empty = shown.iter().filter(|environment| !with_apps.contains(environment));
    empty.filter_map(|one| base.unbound.finding(one)).collect()
}

/// The apps whose sites are read.
fn scope(apps: &AppSelection, kept: Option<&KeptRows<'_>>) -> ModelScope {
    let apps = match apps {
        AppSelection::Named(names) => Some(names.iter().cloned().collect()),
        _ => kept.map(KeptRows::unknown),
    };
    ModelScope { environments: None, apps }
}

/// Refuses apps that were selected by name and that no environment has.
fn refuse_unknown(base: &LoadedBase, apps: &AppSelection, model: &Model) -> Result<(), Findings> {
    let known = names(model);
    let Some(unknown) = apps.names().find(|app| !known.contains(*app)) else {
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
    for site in shown.flat_map(|(_, sites)| sites).filter(|site| !site.is_as_meant) {
        let start = site.location.start();
        places.entry((site.file.path(), start.line, start.column)).or_insert(site);
    }
    places.into_values().filter_map(shared_base).collect()
}
