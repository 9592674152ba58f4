//! Bytes for bytes.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use crate::yaml::line;

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

    /// Nothing in the place of whole lines, from the start of the first to any
    /// byte of the last; the last line of a text goes with the line break
    /// before it, where it has none of its own.
    pub(super) fn cut_lines(text: &str, start: usize, last: usize) -> Self {
        let next = line::next(text, last);
        if line::end(text, last) < text.len() || start == 0 {
            return Self::cut(start..next);
        }
        let before = text[..start].strip_suffix('\n').unwrap_or(&text[..start]);
        Self::cut(before.strip_suffix('\r').unwrap_or(before).len()..next)
    }

    /// New bytes in the place of others.
    pub(super) fn replace(at: Range<usize>, with: impl Into<String>) -> Self {
        Self { at, with: with.into() }
    }
}

/// Patches of one text that do not touch each other's bytes.
#[derive(Debug, Default)]
pub(super) struct Patches {
    /// By where they start and end.
    by_range: BTreeMap<(usize, usize), String>,
}

impl Patches {
    pub(super) fn is_empty(&self) -> bool {
        self.by_range.is_empty()
    }

    /// Where the first of them starts.
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
        let after = self.by_range.range(key..).next();
        let overlap = |at: &(usize, usize)| at.0 < range.end && range.start < at.1;
        self.by_range.contains_key(&key)
            || before.is_some_and(|(at, _)| overlap(at))
            || after.is_some_and(|(at, _)| overlap(at))
    }

    /// The offset in the text without the patches of one in the text with them; of a byte
    /// that a patch brought, where that starts.
    pub(super) fn before(&self, at: usize) -> usize {
        let mut added = 0;
        let mut cut = 0;
        for (&(start, end), with) in &self.by_range {
            let new = start + added - cut;
            if at < new {
                break;
            }
            if at < new + with.len() {
                return start;
            }
            added += with.len();
            cut += end - start;
        }
        at + cut - added
    }

    /// The patches that do at once what these do one after the other to a text of that
    /// length.
    pub(super) fn joined(length: usize, made: &[Self]) -> Vec<Patch> {
        let whole = VecDeque::from([Piece::Kept(0..length)]);
        let pieces = made.iter().fold(whole, |pieces, patches| patches.to_pieces(pieces));
        let mut joined = Vec::new();
        let (mut at, mut new) = (0, String::new());
        for piece in pieces.into_iter().chain([Piece::Kept(length..length)]) {
            match piece {
                Piece::New(text) => new.push_str(&text),
                Piece::Kept(range) if range.is_empty() && range.start < length => {}
                Piece::Kept(range) => {
                    if !new.is_empty() || range.start > at {
                        joined.push(Patch::replace(at..range.start, std::mem::take(&mut new)));
                    }
                    at = range.end;
                }
            }
        }
        joined
    }

    /// The pieces of the text with the patches in it, for those of the text without them.
    fn to_pieces(&self, mut left: VecDeque<Piece>) -> VecDeque<Piece> {
        let mut patched = VecDeque::new();
        let mut at = 0;
        for (&(start, end), with) in &self.by_range {
            patched.extend(Piece::take(&mut left, start - at));
            Piece::take(&mut left, end - start);
            patched.push_back(Piece::New(with.clone()));
            at = end;
        }
        patched.extend(left);
        patched
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

/// A piece of a text that was patched.
enum Piece {
    /// Bytes that the text had before.
    Kept(Range<usize>),
    New(String),
}

impl Piece {
    /// Takes so many bytes from the first pieces.
    fn take(pieces: &mut VecDeque<Self>, mut bytes: usize) -> Vec<Self> {
        let mut taken = Vec::new();
        while bytes > 0
            && let Some(piece) = pieces.pop_front()
        {
            let length = piece.length();
            if length <= bytes {
                bytes -= length;
                taken.push(piece);
            } else {
                let (first, rest) = piece.split(bytes);
                pieces.push_front(rest);
                taken.push(first);
                bytes = 0;
            }
        }
        taken
    }

    fn length(&self) -> usize {
        match self {
            Self::Kept(range) => range.len(),
            Self::New(text) => text.len(),
        }
    }

    fn split(self, at: usize) -> (Self, Self) {
        match self {
            Self::Kept(Range { start, end }) => {
                (Self::Kept(start..start + at), Self::Kept(start + at..end))
            }
            Self::New(mut text) => {
                let rest = text.split_off(at);
                (Self::New(text), Self::New(rest))
            }
        }
    }
}
