//! The state of an app in an environment.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::{Key, SiteValue};
use crate::source::RepoPath;

/// The values of all of an app's sites in one environment at one commit, by
/// key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct State {
    /// In the order of the keys. A plan, its change and its evidence have the same ones.
    entries: Arc<[(Key, SiteValue)]>,
}

/// What the state of an app in an environment is computed from, and nothing else: of
/// equal bases, the states are equal.
#[derive(Debug, Clone)]
pub struct StateBasis {
    /// How the files are read.
    pub reading: String,
    /// The names of the files' contents.
    pub files: BTreeMap<RepoPath, String>,
    /// The name of files that all apps of an environment share, if there are such. A state
    /// is computed from them only if it [`super::AppSites::reads_shared`].
    pub shared: Option<&'static str>,
}

impl StateBasis {
    /// Whether a file is one that all apps share.
    pub fn is_shared(&self, path: &RepoPath) -> bool {
        self.shared.is_some_and(|shared| path.name() == shared)
    }
}

impl State {
    /// From the value of each key.
    pub fn new(entries: BTreeMap<Key, SiteValue>) -> Self {
        Self { entries: entries.into_iter().collect() }
    }

    /// The value of a key.
    pub fn get(&self, key: &Key) -> Option<&SiteValue> {
        let at = self.entries.binary_search_by(|(one, _)| one.cmp(key)).ok()?;
        Some(&self.entries[at].1)
    }

    /// Keys and values, in the order of the keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Key, &SiteValue)> {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// The same state with other values of some keys.
    #[must_use]
    pub fn with(&self, new: &BTreeMap<Key, SiteValue>) -> Self {
        if new.is_empty() {
            return self.clone();
        }
        let entries = self.iter().chain(new).map(|(key, value)| (key.clone(), value.clone()));
        Self::new(entries.collect())
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(key, value)| (key.name(), value.shown(key))))
    }
}
