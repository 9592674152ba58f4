//! A map while it is read.

use std::collections::HashMap;

use crate::source::Span;
use crate::yaml::value::MapEntry;

/// A map's entries, and which of them come from a merge.
#[derive(Default)]
pub(super) struct Entries {
    pub(super) list: Vec<MapEntry>,
    pub(super) merged: Vec<bool>,
    /// By key; only for maps too long to be searched.
    index: HashMap<Box<str>, usize>,
    /// The first `<<`.
    pub(super) merge: Option<Span>,
}

impl Entries {
    /// Up to this length, searching is faster than hashing.
    const SHORT: usize = 16;

    pub(super) fn find(&self, key: &str) -> Option<usize> {
        if self.list.len() <= Self::SHORT {
            return self.list.iter().position(|entry| entry.key_text() == key);
        }
        self.index.get(key).copied()
    }

    pub(super) fn push(&mut self, entry: MapEntry, merged: bool) {
        self.list.push(entry);
        self.merged.push(merged);
        let at = self.list.len() - 1;
        match at {
            0..Self::SHORT => {}
            Self::SHORT => {
                let known = self.list.iter().enumerate();
                self.index = known.map(|(at, entry)| (entry.key_text().into(), at)).collect();
            }
            _ => {
                self.index.insert(self.list[at].key_text().into(), at);
            }
        }
    }

    pub(super) fn replace(&mut self, at: usize, entry: MapEntry, merged: bool) {
        self.list[at] = entry;
        self.merged[at] = merged;
    }
}
