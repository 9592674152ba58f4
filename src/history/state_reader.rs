//! What an app says at the versions of its files, read once for all runs.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use crate::config::EnvironmentName;
use crate::git::{
    CommitHistory, ContentFacts, FactKey, FileChange, HistoryError, ObjectName, fact_key,
};
use crate::sites::{AppInstance, KeptState, Model, State, StateBasis};
use crate::source::{RepoPath, SourceFile};

/// Reads the states of apps at any versions of their files, each app alone.
pub(super) struct StateReaders<'h> {
    history: &'h dyn CommitHistory,
    facts: &'h ContentFacts,
    /// The sites at the branch's tip.
    model: Rc<Model>,
    /// The readers of apps whose files changed since.
    started: BTreeMap<AppInstance, StateReader>,
    /// The versions of the files that all apps share at the commit that was reached, of
    /// those that changed since: an app that was there only earlier depends on them too.
    shared: BTreeMap<RepoPath, Option<ObjectName>>,
}

/// The versions of an app's files in an environment that are asked about.
struct StateReader {
    /// Its sites at the versions that were read last; none if none were read yet.
    model: Option<Model>,
    /// None if a file is not a commit's, so that nothing is kept.
    basis: Option<StateBasis>,
    /// The files that the model does not have yet; none for those that are gone.
    unread: BTreeMap<RepoPath, Option<ObjectName>>,
}

impl<'h> StateReaders<'h> {
    /// Starts with the sites at a branch's tip; none if facts are not kept, or if files
    /// have sites of several apps.
    pub(super) fn new(history: &'h dyn CommitHistory, model: &Rc<Model>) -> Option<Self> {
        let facts = history.facts().filter(|_| model.is_narrowable())?;
        let (started, shared) = (BTreeMap::new(), BTreeMap::new());
        Some(Self { history, facts, model: Rc::clone(model), started, shared })
    }

    /// The apps that may say something else if the file at a path changes.
    pub(super) fn possible_instances(&self, path: &RepoPath) -> BTreeSet<AppInstance> {
        self.model.possible_instances(path, &|environment| {
            let started = self.started.keys().filter(|one| one.environment == *environment);
            let started = started.map(|instance| instance.app.clone());
            self.model.apps(environment).into_iter().chain(started).collect()
        })
    }

    /// Notes what a commit replaced, before the apps that it concerns are looked at.
    pub(super) fn pass(&mut self, changes: &[FileChange]) {
        let shared = changes.iter().filter(|change| self.model.is_shared(&change.path));
        let versions = shared.map(|change| (change.path.clone(), change.before.clone()));
        self.shared.extend(versions);
    }

    /// Replaces a file of an app by another version, or removes it.
    pub(super) fn put(
        &mut self,
        instance: &AppInstance,
        path: &RepoPath,
        version: Option<&ObjectName>,
    ) {
        self.reader(instance).put(path, version);
    }

    /// What an app says. Reads no file if the answer is kept already.
    pub(super) fn read(&mut self, instance: &AppInstance) -> Result<StateRead, HistoryError> {
        let (history, facts, tip) = (self.history, self.facts, Rc::clone(&self.model));
        let reader = self.reader(instance);
        if let Some(known) = reader.basis.as_ref().and_then(|basis| kept(facts, basis)) {
            return Ok(known);
        }
        let model = reader
            .model
            .get_or_insert_with(|| tip.narrowed(instance).unwrap_or_else(|| (*tip).clone()));
        for (path, version) in std::mem::take(&mut reader.unread) {
            let bytes = version.map(|version| history.blob(&version)).transpose()?;
            put(model, &path, bytes);
        }
        let read = read(model, instance);
        if let Some(basis) = &reader.basis {
            keep(facts, basis, &read);
        }
        Ok(read)
    }

    fn reader(&mut self, instance: &AppInstance) -> &mut StateReader {
        self.started.entry(instance.clone()).or_insert_with(|| {
            let basis = self.model.basis(instance);
            let mut reader = StateReader { model: None, basis, unread: BTreeMap::new() };
            for (path, version) in &self.shared {
                let apps = |_: &EnvironmentName| BTreeSet::from([instance.app.clone()]);
                if self.model.possible_instances(path, &apps).contains(instance) {
                    reader.put(path, version.as_ref());
                }
            }
            reader
        })
    }
}

impl StateReader {
    fn put(&mut self, path: &RepoPath, version: Option<&ObjectName>) {
        if let Some(basis) = &mut self.basis {
            match version {
                Some(version) => basis.files.insert(path.clone(), version.as_str().to_owned()),
                None => basis.files.remove(path),
            };
        }
        self.unread.insert(path.clone(), version.cloned());
    }
}

/// What follows from a basis, if that is kept. What an app's own files say alone holds
/// whatever the shared ones say, of which there are many versions.
fn kept(facts: &ContentFacts, basis: &StateBasis) -> Option<StateRead> {
    let fact = |with_shared| decoded(&facts.get(&key(basis, with_shared))?);
    let own: StateRead = fact(false)?;
    if own.reads_shared { fact(true) } else { Some(own) }
}

fn keep(facts: &ContentFacts, basis: &StateBasis, read: &StateRead) {
    if read.reads_shared {
        facts.put(key(basis, true), encoded(read));
        let shared = StateRead { state: None, reads_shared: true };
        facts.put(key(basis, false), encoded(&shared));
    } else {
        facts.put(key(basis, false), encoded(read));
    }
}

/// The key of what follows from a basis, with or without the files that apps share.
fn key(basis: &StateBasis, with_shared: bool) -> FactKey {
    let files = basis.files.iter().filter(|(path, _)| with_shared || !basis.is_shared(path));
    let files = files.flat_map(|(path, content)| [path.as_str(), content]);
    let sort = if with_shared { "state" } else { "state of own files" };
    fact_key(sort, std::iter::once(basis.reading.as_str()).chain(files))
}

/// What an app's sites in an environment say.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StateRead {
    /// Empty if there are no sites, none if they cannot be read or disagree.
    pub(super) state: Option<State>,
    /// Whether files that all apps share say something of it.
    pub(super) reads_shared: bool,
}

impl Default for StateRead {
    fn default() -> Self {
        Self { state: Some(State::default()), reads_shared: false }
    }
}

/// What an app's sites in an environment say.
pub(super) fn read(model: &Model, instance: &AppInstance) -> StateRead {
    match model.app(&instance.environment, &instance.app) {
        None => StateRead::default(),
        Some(sites) => StateRead { state: sites.state.ok(), reads_shared: sites.reads_shared },
    }
}

/// Replaces the file at a path by another version, or removes it. Returns the apps
/// in environments whose sites may say something else now.
///
/// A file that is not text is put as what can be read of it: then it says nothing,
/// or disagrees, but it is there.
pub(super) fn put(
    model: &mut Model,
    path: &RepoPath,
    bytes: Option<Vec<u8>>,
) -> BTreeSet<AppInstance> {
    let file = bytes.map(|bytes| {
        let text = String::from_utf8(bytes);
        let text =
            text.unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        Arc::new(SourceFile::new(path.clone(), text))
    });
    model.put(path, file)
}

/// What an app says, as a fact: whether it reads shared files, and the state.
fn encoded(read: &StateRead) -> Vec<u8> {
    let mut fact = vec![u8::from(read.reads_shared)];
    fact.extend(KeptState(read.state.clone()).to_fact());
    fact
}

/// What was kept; none if it is not that.
fn decoded(fact: &[u8]) -> Option<StateRead> {
    let (reads_shared, state) = fact.split_first()?;
    let KeptState(state) = KeptState::of_fact(state)?;
    Some(StateRead { state, reads_shared: *reads_shared != 0 })
}
