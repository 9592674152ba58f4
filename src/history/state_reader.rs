//! What an app says at the versions of its files, read once for all runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::git::{CommitHistory, ContentFacts, FactKey, HistoryError, ObjectName};
use crate::sites::{AppInstance, ImageParts, Key, Model, SiteValue, State, StateBasis};
use crate::source::{RepoPath, SourceFile};

/// The version of the code that reads states: one that is changed may read others.
const CODE: &str = env!("RUNGS_CODE_VERSION");

/// Reads the state of an app in an environment at any versions of its files. Neither the
/// files nor what is in them is looked at if the state is a fact already.
pub(super) struct StateReader<'h> {
    history: &'h dyn CommitHistory,
    facts: &'h ContentFacts,
    instance: AppInstance,
    /// Its sites at the versions that were read last.
    model: Model,
    reading: String,
    /// The versions that are asked about.
    files: BTreeMap<RepoPath, String>,
    /// Those that the model does not have yet; none for files that are gone.
    unread: BTreeMap<RepoPath, Option<ObjectName>>,
}

impl<'h> StateReader<'h> {
    /// Reads the states of the app that a model is narrowed to; none if facts are not kept,
    /// or if a file of the model is not a commit's.
    pub(super) fn new(
        history: &'h dyn CommitHistory,
        model: &Model,
        instance: &AppInstance,
    ) -> Option<Self> {
        let facts = history.facts()?;
        let StateBasis { reading, files } = model.basis()?;
        let (model, instance, unread) = (model.clone(), instance.clone(), BTreeMap::new());
        Some(Self { history, facts, instance, model, reading, files, unread })
    }

    /// The app.
    pub(super) fn instance(&self) -> &AppInstance {
        &self.instance
    }

    /// Replaces a file by another version, or removes it. Returns false if it has no
    /// sites.
    pub(super) fn put(&mut self, path: &RepoPath, version: Option<&ObjectName>) -> bool {
        if !self.model.concerns(path) {
            return false;
        }
        match version {
            Some(version) => self.files.insert(path.clone(), version.as_str().to_owned()),
            None => self.files.remove(path),
        };
        self.unread.insert(path.clone(), version.cloned());
        true
    }

    /// The state; none if the sites cannot be read or disagree.
    pub(super) fn state(&mut self) -> Result<Option<State>, HistoryError> {
        let key = self.key();
        if let Some(fact) = self.facts.get(&key)
            && let Some(state) = decoded(&fact)
        {
            return Ok(state);
        }
        for (path, version) in std::mem::take(&mut self.unread) {
            let bytes = version.map(|version| self.history.blob(&version)).transpose()?;
            put(&mut self.model, &path, bytes);
        }
        let state = state(&self.model, &self.instance);
        self.facts.put(key, encoded(state.as_ref()));
        Ok(state)
    }

    fn key(&self) -> FactKey {
        let mut digest = Sha256::new();
        for text in [CODE, "state", &self.reading] {
            digest.update(text);
            digest.update([0]);
        }
        for (path, content) in &self.files {
            digest.update(path.as_str());
            digest.update([0]);
            digest.update(content);
            digest.update([0]);
        }
        let digest = digest.finalize();
        std::array::from_fn(|at| digest[at])
    }
}

/// What an app's sites in an environment say: an empty state if there are no sites,
/// and none if they cannot be read or disagree.
pub(super) fn state(model: &Model, instance: &AppInstance) -> Option<State> {
    match model.app(&instance.environment, &instance.app) {
        None => Some(State::default()),
        Some(sites) => sites.state.ok(),
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

/// A value of a state, as it is kept.
#[derive(Serialize, Deserialize)]
struct KeptValue {
    key: KeptKey,
    value: KeptContent,
}

#[derive(Serialize, Deserialize)]
enum KeptKey {
    Image(String),
    Git(String),
    Version(String),
    Value(String),
}

#[derive(Serialize, Deserialize)]
enum KeptContent {
    Image { repository: Option<String>, tag: Option<String>, digest: Option<String> },
    Revision(String),
    Moving(String),
    Value(String),
}

fn encoded(state: Option<&State>) -> Vec<u8> {
    let kept: Option<Vec<KeptValue>> = state.map(|state| state.iter().map(kept).collect());
    serde_json::to_vec(&kept).expect("a state is text")
}

/// The state that was kept; none if it is not one.
fn decoded(fact: &[u8]) -> Option<Option<State>> {
    let kept: Option<Vec<KeptValue>> = serde_json::from_slice(fact).ok()?;
    Some(kept.map(|kept| State::new(kept.into_iter().map(restored).collect())))
}

fn kept((key, value): (&Key, &SiteValue)) -> KeptValue {
    let key = match key.clone() {
        Key::Image(name) => KeptKey::Image(name),
        Key::Git(name) => KeptKey::Git(name),
        Key::Version(name) => KeptKey::Version(name),
        Key::Value(name) => KeptKey::Value(name),
    };
    let value = match value.clone() {
        SiteValue::Image(ImageParts { repository, tag, digest }) => {
            KeptContent::Image { repository, tag, digest }
        }
        SiteValue::Revision(text) => KeptContent::Revision(text),
        SiteValue::Moving(text) => KeptContent::Moving(text),
        SiteValue::Value(yaml) => KeptContent::Value(yaml),
    };
    KeptValue { key, value }
}

fn restored(KeptValue { key, value }: KeptValue) -> (Key, SiteValue) {
    let key = match key {
        KeptKey::Image(name) => Key::Image(name),
        KeptKey::Git(name) => Key::Git(name),
        KeptKey::Version(name) => Key::Version(name),
        KeptKey::Value(name) => Key::Value(name),
    };
    let value = match value {
        KeptContent::Image { repository, tag, digest } => {
            SiteValue::Image(ImageParts { repository, tag, digest })
        }
        KeptContent::Revision(text) => SiteValue::Revision(text),
        KeptContent::Moving(text) => SiteValue::Moving(text),
        KeptContent::Value(yaml) => SiteValue::Value(yaml),
    };
    (key, value)
}
