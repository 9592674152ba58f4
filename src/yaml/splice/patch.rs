//! Bytes for bytes.

use std::collections::BTreeMap;
use std::ops::Range;

/// Bytes that take the place of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Patch {
    pub(super) at: Range<usize>,
    pub(super) with: String,
}

impl Patch {
    /// New bytes where none are taken away.
    pub(super) fn insert(at: usize, with: impl Into<String>) -> Self {
        Self { at: at..at, with: with.into() }
    }

    /// Nothing in the place of bytes.
    pub(super) fn cut(at: Range<usize>) -> Self {
        Self { at, with: String::new() }
    }

    /// New bytes in the place of others.
    pub(super) fn replace(at: Range<usize>, with: impl Into<String>) -> Self {
        Self { at, with: with.into() }
    }
}

/// Patches of one text that do not touch each other's bytes.
#[derive(Debug, Default)]
pub(super) struct Patches {
    /// By where they begin and end.
    by_range: BTreeMap<(usize, usize), String>,
}

impl Patches {
    pub(super) fn is_empty(&self) -> bool {
        self.by_range.is_empty()
    }

    /// Where the first of them begins.
    pub(super) fn first(&self) -> usize {
        self.by_range.keys().next().map_or(0, |(start, _)| *start)
    }

    /// Takes patches that belong together; false, and none of them, where one
    /// would touch what is changed already.
    pub(super) fn add(&mut self, patches: &[Patch]) -> bool {
        if patches.iter().any(|patch| self.touches(&patch.at)) {
            return false;
        }
        for Patch { at, with } in patches {
            self.by_range.insert((at.start, at.end), with.clone());
        }
        true
    }

    fn touches(&self, range: &Range<usize>) -> bool {
        let key = (range.start, range.end);
        let before = self.by_range.range(..key).next_back();
        let behind = self.by_range.range(key..).next();
        let overlap = |at: &(usize, usize)| at.0 < range.end && range.start < at.1;
        self.by_range.contains_key(&key)
            || before.is_some_and(|(at, _)| overlap(at))
            || behind.is_some_and(|(at, _)| overlap(at))
    }

    /// The text with the patches in it.
    pub(super) fn apply(&self, text: &str) -> String {
        let mut patched = String::with_capacity(text.len() + 64);
        let mut at = 0;
        for (&(start, end), with) in &self.by_range {
            patched.push_str(&text[at..start]);
            patched.push_str(with);
            at = end;
        }
        patched.push_str(&text[at..]);
        patched
    }
}
