//! Rows that are kept from run to run.
//!
//! At most times most apps are idle: nothing is to be promoted of them, and nothing is
//! wrong. The row of such an app depends on no gate and no clock, but on the files that
//! it is read from and on the commits that changed these. So it is a fact, named by both.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::cell::{AppStatus, Cell, Reference};
use crate::config::{EnvironmentName, Repository};
use crate::git::{FactKey, HistoryError, ObjectName, fact_key};
use crate::history::{PastFacts, Since};
use crate::promote::LoadedBase;
use crate::sites::{AppFiles, Model, ModelScope};

/// The rows of idle apps.
pub(super) struct KeptRows<'b> {
    facts: PastFacts<'b>,
    /// The number of environments that a row has to be about.
    environments: usize,
    keys: BTreeMap<String, FactKey>,
    /// The rows that are known.
    rows: BTreeMap<String, AppStatus>,
}

#[derive(Serialize, Deserialize)]
struct KeptCell {
    environment: String,
    references: Vec<KeptReference>,
    /// When it came, by the commit's own time.
    since: Timestamp,
    commit: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct KeptReference {
    key: String,
    reference: String,
    brief: String,
    differs: bool,
    is_value: bool,
}

impl<'b> KeptRows<'b> {
    /// The rows of a base's apps. None unless the repository is native, its past is
    /// indexed, and no file of an app is a link or a submodule.
    pub(super) fn of(base: &'b LoadedBase) -> Result<Option<Self>, HistoryError> {
        let repository = base.repository();
        let files = || Model::empty(repository, &ModelScope::all()).app_files(&base.tree);
        let facts = base.commits().and_then(PastFacts::of);
        let Some((facts, files)) = facts.and_then(|facts| Some((facts, files()?))) else {
            return Ok(None);
        };
        let common = common_key(&files, repository);
        let mut keys = BTreeMap::new();
        let mut rows = BTreeMap::new();
        for (app, own) in files.own() {
            let contents = own.iter().flat_map(|(path, content)| [path.as_str(), content]);
            let texts = std::iter::once(app).chain(contents).map(str::as_bytes);
            let paths: Vec<_> = files.possible_paths(app).into_iter().collect();
            let key = facts.key("row", &paths, std::iter::once(&common[..]).chain(texts))?;
            if let Some(row) = facts.get(&key).and_then(|fact| row(repository, app, &fact)) {
                rows.insert(app.to_owned(), row);
            }
            keys.insert(app.to_owned(), key);
        }
        let environments = repository.environments.len();
        Ok(Some(Self { facts, environments, keys, rows }))
    }

    /// The apps whose rows are not known.
    pub(super) fn unknown(&self) -> BTreeSet<String> {
        self.keys.keys().filter(|app| !self.rows.contains_key(*app)).cloned().collect()
    }

    /// Keeps the row of an idle app, if it is about all environments.
    pub(super) fn keep(&self, row: &AppStatus, shown: &[EnvironmentName]) {
        if shown.len() < self.environments {
            return;
        }
        let cells = row.environments.iter().map(KeptCell::of).collect::<Option<Vec<_>>>();
        if let (Some(key), Some(cells)) = (self.keys.get(&row.app), cells) {
            let fact = serde_json::to_vec(&cells).expect("keys are text and numbers finite");
            self.facts.put(*key, fact);
        }
    }

    /// The rows that are known, with the cells of these environments.
    pub(super) fn into_rows(
        self,
        environments: &[EnvironmentName],
    ) -> impl Iterator<Item = AppStatus> {
        self.rows.into_values().map(|mut row| {
            row.environments.retain(|cell| environments.contains(&cell.environment));
            row
        })
    }
}

/// The key of everything that all rows depend on, except their past.
fn common_key(files: &AppFiles, repository: &Repository) -> FactKey {
    let settings = repository.location.file().content().unwrap_or_default();
    let environments = repository.environments.iter();
    let environments = environments.flat_map(|one| [one.name.as_str(), one.directory.as_str()]);
    let shared = files.shared().iter();
    let shared = shared.flat_map(|(path, content)| [path.as_str(), content.as_str()]);
    let texts = std::iter::once(settings).chain(environments);
    fact_key("status", texts.chain([""]).chain(shared))
}

/// The row that a fact is; none if it is not one.
fn row(repository: &Repository, app: &str, fact: &[u8]) -> Option<AppStatus> {
    let cells: Vec<KeptCell> = serde_json::from_slice(fact).ok()?;
    let cells = cells.into_iter().map(|cell| cell.cell(repository)).collect::<Option<_>>()?;
    Some(AppStatus { app: app.to_owned(), environments: cells })
}

impl KeptCell {
    /// A cell that is kept; none if its start is not known for good.
    fn of(cell: &Cell) -> Option<Self> {
        let since = match cell.since.as_ref()? {
            Since::Unverified { at } => *at,
            // What the forge says is not in the key.
            Since::Verified { .. } | Since::Impossible { .. } | Since::Unknown { .. } => {
                return None;
            }
        };
        let reference = |one: &Reference| KeptReference {
            key: one.key.clone(),
            reference: one.reference.clone(),
            brief: one.brief.clone(),
            differs: one.differs,
            is_value: one.is_value,
        };
        Some(Self {
            environment: cell.environment.to_string(),
            references: cell.references.as_ref()?.iter().map(reference).collect(),
            since,
            commit: cell.commit.as_ref().map(ToString::to_string),
        })
    }

    fn cell(self, repository: &Repository) -> Option<Cell> {
        let environments = repository.environments.iter().map(|one| &one.name);
        let mut environments = environments.filter(|name| name.as_str() == self.environment);
        let commit = match self.commit {
            Some(commit) => Some(ObjectName::parse(&commit)?),
            None => None,
        };
        let reference = |one: KeptReference| Reference {
            key: one.key,
            reference: one.reference,
            brief: one.brief,
            differs: one.differs,
            is_value: one.is_value,
        };
        Some(Cell {
            environment: environments.next()?.clone(),
            is_unreadable: false,
            references: Some(self.references.into_iter().map(reference).collect()),
            since: Some(Since::Unverified { at: self.since }),
            commit,
            behind: None,
            next: None,
            blocked: Vec::new(),
        })
    }
}
