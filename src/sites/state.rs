//! What an app's sites say together.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::{Key, SiteValue};

/// What all of an app's sites in one environment say at one commit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct State {
    entries: BTreeMap<Key, SiteValue>,
}

impl State {
    /// From what each key is said to be.
    pub fn new(entries: BTreeMap<Key, SiteValue>) -> Self {
        Self { entries }
    }

    /// What is said of a key.
    pub fn get(&self, key: &Key) -> Option<&SiteValue> {
        self.entries.get(key)
    }

    /// Keys and what they say, in the keys' order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Key, &SiteValue)> {
        self.entries.iter()
    }

    /// The same with other things said of some keys.
    #[must_use]
    pub fn with(&self, new: &BTreeMap<Key, SiteValue>) -> Self {
        let mut entries = self.entries.clone();
        entries.extend(new.iter().map(|(key, said)| (key.clone(), said.clone())));
        Self { entries }
    }

    /// Whether the app has no sites.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether both deploy the same: the digests where both have them, else the
    /// tags; git references and values as they are. Repositories do not count,
    /// because each environment may have its own.
    pub fn is_same(&self, other: &Self) -> bool {
        self.entries.len() == other.entries.len()
            && self
                .entries
                .iter()
                .all(|(key, said)| other.entries.get(key).is_some_and(|other| said.is_same(other)))
    }
}

impl SiteValue {
    /// Whether both deploy the same, as [`State::is_same`] says.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Image(one), Self::Image(two)) => match (&one.digest, &two.digest) {
                (Some(one), Some(two)) => one == two,
                _ => one.tag == two.tag && one.tag.is_some(),
            },
            _ => self == other,
        }
    }
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(key, said)| (key.name(), said.shown(key))))
    }
}
