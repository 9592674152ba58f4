//! Makes `~` as strict as `{{ }}`.
//!
//! Tera refuses to print what is undefined, but joins it to a text as if it were
//! empty: `{{ images.web.repository ~ ":" ~ images.web.tag }}` without a
//! tag would become a reference without one. Therefore each variable beside a `~`
//! goes through a filter that refuses what is undefined. Few sources need that; the
//! others are compiled unchanged.

use std::ops::Range;

use tera::{Error, ErrorKind, Kwargs, State, TeraResult, Value};

use super::scan::{self, PartKind, TeraToken, TeraTokenKind};
use crate::source::SourceFile;

/// The filter's name, which no template uses.
const FILTER: &str = "rungs_defined";

/// A source with every `~` made strict.
#[derive(Debug, Default)]
pub(super) struct Strict {
    /// The text to compile; none if the source has no `~`.
    text: Option<String>,
    /// The offsets in the file's text where something was inserted, with the lengths.
    inserted: Vec<(usize, usize)>,
}

impl Strict {
    pub(super) fn of(source: &str) -> Self {
        let mut insertions = Vec::new();
        if source.contains('~') {
            let parts = scan::parts(source).into_iter();
            for part in parts.filter(|part| matches!(part.kind, PartKind::Print | PartKind::Tag)) {
                joined(source, &scan::tokens(source, part.inner), &mut insertions);
            }
        }
        if insertions.is_empty() {
            return Self::default();
        }
        Self::with(source, &insertions)
    }

    fn with(source: &str, paths: &[Range<usize>]) -> Self {
        let mut strict = Self::default();
        let mut text = String::new();
        let mut at = 0;
        let after = format!(" | {FILTER})");
        for path in paths {
            for (offset, insertion) in [(path.start, "("), (path.end, after.as_str())] {
                text.push_str(&source[at..offset]);
                text.push_str(insertion);
                strict.inserted.push((offset, insertion.len()));
                at = offset;
            }
        }
        text.push_str(&source[at..]);
        strict.text = Some(text);
        strict
    }

    /// The text to compile.
    pub(super) fn text<'a>(&'a self, file: &'a SourceFile) -> &'a str {
        self.text.as_deref().unwrap_or(file.text())
    }

    /// Maps a range of the compiled text to the file.
    pub(super) fn original(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.offset(range.start);
        start..self.offset(range.end).max(start)
    }

    fn offset(&self, compiled: usize) -> usize {
        let mut before = 0;
        for (offset, length) in &self.inserted {
            if offset + before >= compiled {
                break;
            }
            if offset + before + length > compiled {
                return *offset;
            }
            before += length;
        }
        compiled - before
    }
}

/// Finds the variables beside a `~` that have no filter of their own.
fn joined(source: &str, tokens: &[TeraToken], found: &mut Vec<Range<usize>>) {
    let symbol = |at: Option<usize>, symbol: char| {
        at.and_then(|at| tokens.get(at)).is_some_and(|t| t.kind == TeraTokenKind::Symbol(symbol))
    };
    for path in scan::paths(source, tokens) {
        let span = path.span();
        // A subscript's own variables were handled with the path around them.
        if found.last().is_some_and(|last| last.end > span.start) {
            continue;
        }
        let first = tokens.iter().position(|token| token.span.start == span.start);
        let after = tokens.iter().position(|token| token.span.start >= span.end);
        let before = first.and_then(|first| first.checked_sub(1));
        if (symbol(before, '~') || symbol(after, '~')) && !symbol(after, '|') {
            found.push(span);
        }
    }
}

/// An error that Tera reports at the value's own place.
pub(super) fn undefined() -> Error {
    Error::new(ErrorKind::InvalidArgument {
        expected_type: "a defined value".to_owned(),
        actual_type: "undefined".to_owned(),
    })
}

/// The value, unless it is undefined.
fn defined(value: &Value, _: Kwargs, _: &State) -> TeraResult<Value> {
    if value.is_undefined() { Err(undefined()) } else { Ok(value.clone()) }
}

pub(super) fn register(tera: &mut tera::Tera) {
    tera.register_filter(FILTER, defined);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_variables_beside_a_tilde_are_wrapped() {
        let source = r#"{{ a.b["c"] ~ ":" ~ d | upper ~ e }}{% if f ~ g %}{{ h }}~"#;
        let strict = Strict::of(source);
        let text = strict.text.as_deref().unwrap();
        assert_eq!(
            text.replace(" | rungs_defined", "!"),
            r#"{{ (a.b["c"]!) ~ ":" ~ d | upper ~ (e!) }}{% if (f!) ~ (g!) %}{{ h }}~"#
        );
    }

    #[test]
    fn every_byte_of_the_file_is_found_again() {
        let source = r#"x {{ a ~ ":" ~ b }} y"#;
        let strict = Strict::of(source);
        let text = strict.text.clone().unwrap();
        for needle in ["x", "a", "\":\"", "b", "y"] {
            let compiled = text.find(needle).unwrap();
            let original = source.find(needle).unwrap();
            assert_eq!(strict.offset(compiled), original, "{needle}");
        }
    }
}
