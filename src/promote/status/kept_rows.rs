//! Rows that are kept from run to run.
//!
//! At most times most apps are settled: nothing is to be promoted of them, and nothing is
//! wrong. The row of such an app depends on no gate and no clock, but on the files that
//! it is read from and on the commits that changed these. So it is a fact, named by both.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::cell::{AppStatus, Cell, Reference};
use crate::config::{EnvironmentName, Repository};
use crate::git::{ContentFacts, FactKey, HistoryError, ObjectName, fact_key};
use crate::history::{Commits, Since};
use crate::promote::LoadedBase;
use crate::source::RepoPath;

/// The name of the files that all apps of a directory share.
const SHARED: &str = "environment.yaml";

/// The rows of settled apps.
pub(super) struct KeptRows<'b> {
    facts: &'b ContentFacts,
    /// The number of environments that a row has to be about.
    environments: usize,
    keys: BTreeMap<String, FactKey>,
    /// The rows that are known.
    rows: BTreeMap<String, AppStatus>,
}

/// The files that the apps of a native repository are read from.
struct AppFiles {
    /// Each app's own files, with the names of their contents.
    own: BTreeMap<String, Vec<(RepoPath, String)>>,
    /// The files that apps share, in the same way.
    shared: Vec<(RepoPath, String)>,
    /// The directories that both are in.
    directories: BTreeSet<RepoPath>,
}

#[derive(Serialize, Deserialize)]
struct KeptCell {
    environment: String,
    references: Vec<KeptReference>,
    since: KeptSince,
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

#[derive(Serialize, Deserialize)]
enum KeptSince {
    Verified(Timestamp),
    Unverified(Timestamp),
    HiddenBefore(Timestamp, String),
}

impl<'b> KeptRows<'b> {
    /// The rows of a base's apps; none if rows are not kept: of a native repository they
    /// are, whose apps are known by the names of files, if the past is indexed and no file
    /// is read through a link.
    pub(super) fn of(base: &'b LoadedBase) -> Result<Option<Self>, HistoryError> {
        let (repository, Some(commits)) = (base.repository(), base.commits()) else {
            return Ok(None);
        };
        commits.history.expect_many();
        let facts = commits.history.facts().filter(|_| commits.history.is_indexed(commits.tip));
        let (Some(facts), true) = (facts, repository.is_native()) else { return Ok(None) };
        let Some(files) = AppFiles::of(base) else { return Ok(None) };
        let common = files.common_key(repository, commits);
        let environments = repository.environments.len();
        let mut kept = Self { facts, environments, keys: BTreeMap::new(), rows: BTreeMap::new() };
        for (app, own) in &files.own {
            let key = files.key(&common, app, own, commits)?;
            if let Some(row) = facts.get(&key).and_then(|fact| row(repository, app, &fact)) {
                kept.rows.insert(app.clone(), row);
            }
            kept.keys.insert(app.clone(), key);
        }
        Ok(Some(kept))
    }

    /// The apps whose rows are not known.
    pub(super) fn unknown(&self) -> BTreeSet<String> {
        self.keys.keys().filter(|app| !self.rows.contains_key(*app)).cloned().collect()
    }

    /// Keeps the row of a settled app, if it is about all environments.
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

impl AppFiles {
    /// The files of a base; none if they are not all plain files of a commit.
    fn of(base: &LoadedBase) -> Option<Self> {
        let environments = base.repository().environments.iter();
        let leaves: BTreeSet<RepoPath> =
            environments.map(|environment| environment.directory.clone()).collect();
        let ways = leaves.iter().flat_map(|leaf| {
            let way = std::iter::successors(Some(leaf.clone()), RepoPath::parent);
            way.take_while(|path| !path.is_root())
        });
        let directories: BTreeSet<RepoPath> = ways.collect();
        let mut files = Self { own: BTreeMap::new(), shared: Vec::new(), directories };
        for directory in &files.directories {
            for (name, content) in base.tree.contents(directory)? {
                let path = directory.child_named(&name)?;
                if name == SHARED {
                    files.shared.push((path, content));
                } else if let Some(app) = name.strip_suffix(".yaml") {
                    files.own.entry(app.to_owned()).or_default().push((path, content));
                }
            }
        }
        // Where no environment has it, there is no app.
        files.own.retain(|_, own| own.iter().any(|(path, _)| is_directly_in(path, &leaves)));
        Some(files)
    }

    /// The key of everything that all rows depend on.
    fn common_key(&self, repository: &Repository, commits: Commits<'_>) -> FactKey {
        let settings = repository.location.file().content().unwrap_or_default();
        let environments = repository.environments.iter();
        let environments = environments.flat_map(|one| [one.name.as_str(), one.directory.as_str()]);
        let shared = self.shared.iter();
        let shared = shared.flat_map(|(path, content)| [path.as_str(), content.as_str()]);
        let reading = commits.history.reading().unwrap_or_default();
        let texts = [reading, settings].into_iter();
        fact_key("status", texts.chain(environments).chain([""]).chain(shared))
    }

    /// The key of an app's row.
    fn key(
        &self,
        common: &FactKey,
        app: &str,
        own: &[(RepoPath, String)],
        commits: Commits<'_>,
    ) -> Result<FactKey, HistoryError> {
        let newest = self.newest_step(app, commits)?;
        let files = own.iter().flat_map(|(path, content)| [path.as_str(), content.as_str()]);
        let texts = [app, &newest].into_iter().chain(files).map(str::as_bytes);
        Ok(fact_key("row", [&common[..]].into_iter().chain(texts)))
    }

    /// The newest commit that changed a file of the app or one that apps share, or that
    /// hides the branch: what was there before is in its own past, which never changes.
    /// Empty if there is none.
    fn newest_step(&self, app: &str, commits: Commits<'_>) -> Result<String, HistoryError> {
        // An earlier version may have been where there is no file now.
        let name = format!("{app}.yaml");
        let names = |directory: &RepoPath| [directory.child(&name), directory.child(SHARED)];
        let paths: Vec<_> = self.directories.iter().flat_map(names).collect();
        let step = commits.history.steps(commits.tip, &paths)?.next().transpose()?;
        Ok(step.map(|step| step.id.to_string()).unwrap_or_default())
    }
}

fn is_directly_in(path: &RepoPath, directories: &BTreeSet<RepoPath>) -> bool {
    path.parent().is_some_and(|directory| directories.contains(&directory))
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
            Since::Verified { at } => KeptSince::Verified(*at),
            Since::Unverified { at } => KeptSince::Unverified(*at),
            Since::HiddenBefore { at, merge } => KeptSince::HiddenBefore(*at, merge.to_string()),
            Since::Unknown { .. } => return None,
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
            references: Some(self.references.into_iter().map(reference).collect()),
            since: Some(match self.since {
                KeptSince::Verified(at) => Since::Verified { at },
                KeptSince::Unverified(at) => Since::Unverified { at },
                KeptSince::HiddenBefore(at, merge) => {
                    Since::HiddenBefore { at, merge: ObjectName::parse(&merge)? }
                }
            }),
            commit,
            behind: None,
            next: None,
            blocked: Vec::new(),
        })
    }
}
