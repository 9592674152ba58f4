//! A map while it is read.

use std::collections::HashMap;

use crate::source::Span;
use crate::yaml::value::MapEntry;

/// A map's entries, and which of them come from a merge.
#[derive(Default)]
pub(super) struct Entries {
    pub(super) list: Vec<MapEntry>,
    /// By position; entries after its end are the map's own, as nearly all are.
    merged: Vec<bool>,
    /// By key; only for maps too long to be searched.
    index: Option<HashMap<Box<str>, usize>>,
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
        self.index.as_ref()?.get(key).copied()
    }

    /// Whether the entry at a position comes from a merge.
    pub(super) fn is_merged(&self, at: usize) -> bool {
        self.merged.get(at).copied().unwrap_or_default()
    }

    fn set_merged(&mut self, at: usize, is_merged: bool) {
        if is_merged != self.is_merged(at) {
            self.merged.resize(self.list.len(), false);
            self.merged[at] = is_merged;
        }
    }

    pub(super) fn push(&mut self, entry: MapEntry, is_merged: bool) {
        self.list.push(entry);
        let at = self.list.len() - 1;
        self.set_merged(at, is_merged);
        match at {
            0..Self::SHORT => {}
            Self::SHORT => {
                let known = self.list.iter().enumerate();
                let known = known.map(|(at, entry)| (entry.key_text().into(), at));
                self.index = Some(known.collect());
            }
            _ => {
                let index = self.index.get_or_insert_default();
                index.insert(self.list[at].key_text().into(), at);
            }
        }
    }

    pub(super) fn replace(&mut self, at: usize, entry: MapEntry, is_merged: bool) {
        self.list[at] = entry;
        self.set_merged(at, is_merged);
    }
}
