//! The structure of a Tera source, as far as rungs needs it: which bytes are text,
//! which are tags, and which tokens a tag has.
//!
//! Tera does not expose its syntax tree. This scanner follows Tera's lexer
//! (`parsing/lexer.rs` of tera 2.4) token by token. It may misread a source that
//! Tera refuses, so its results are used only for sources that Tera accepts.

use std::ops::Range;

/// A part of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TemplatePart {
    pub(super) kind: PartKind,
    /// The whole part with its delimiters.
    pub(super) span: Range<usize>,
    /// The text between the delimiters; of a `raw` block, its body.
    pub(super) inner: Range<usize>,
    /// Whether the closing delimiter trims the blanks after it.
    pub(super) trims_after: bool,
}

/// The kind of a [`TemplatePart`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PartKind {
    /// Printed as it is.
    Text,
    /// `{% raw %}…{% endraw %}`
    Raw,
    /// `{{ … }}`
    Print,
    /// `{% … %}`
    Tag,
    /// `{# … #}`
    Comment,
}

/// A token inside `{{ … }}` or `{% … %}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TeraToken {
    pub(super) kind: TeraTokenKind,
    pub(super) span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TeraTokenKind {
    Name,
    /// A string with its escapes resolved.
    Text(String),
    Number,
    Symbol(char),
}

/// Splits a source into its parts, in order and without gaps.
pub(super) fn parts(source: &str) -> Vec<TemplatePart> {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < source.len() {
        let part = match source.get(at..at + 2) {
            Some("{{") => delimited(source, at, PartKind::Print, "}}"),
            Some("{%") => {
                raw(source, at).unwrap_or_else(|| delimited(source, at, PartKind::Tag, "%}"))
            }
            Some("{#") => comment(source, at),
            _ => text(source, at),
        };
        at = part.span.end;
        parts.push(part);
    }
    parts
}

/// The tokens of `source[range]`, their spans counted in `source`.
pub(super) fn tokens(source: &str, range: Range<usize>) -> Vec<TeraToken> {
    let mut tokens = Vec::new();
    let mut at = range.start;
    while let Some(token) = token(source, at).filter(|token| token.span.end <= range.end) {
        at = token.span.end;
        tokens.push(token);
    }
    tokens
}

fn text(source: &str, start: usize) -> TemplatePart {
    let bytes = source.as_bytes();
    let is_opening = |at: &usize| matches!(&bytes[*at..*at + 2], b"{{" | b"{%" | b"{#");
    let end = (start + 1..bytes.len().saturating_sub(1)).find(is_opening).unwrap_or(bytes.len());
    TemplatePart { kind: PartKind::Text, span: start..end, inner: start..end, trims_after: false }
}

fn comment(source: &str, start: usize) -> TemplatePart {
    let end = source[start..].find("#}").map_or(source.len(), |length| start + length + 2);
    let inner = (start + 2).min(end)..end.saturating_sub(2).max(start);
    let trims_after = source[start..end].ends_with("-#}");
    TemplatePart { kind: PartKind::Comment, span: start..end, inner, trims_after }
}

/// `{{ … }}` or `{% … %}`. The closing delimiter counts only between tokens, not
/// inside a string.
fn delimited(source: &str, start: usize, kind: PartKind, close: &str) -> TemplatePart {
    let trims_before = source.as_bytes().get(start + 2) == Some(&b'-');
    let inner_start = start + 2 + usize::from(trims_before);
    let mut at = inner_start;
    loop {
        at += blanks(&source[at..]);
        let rest = &source[at..];
        let trims_after = rest.strip_prefix('-').is_some_and(|rest| rest.starts_with(close));
        if trims_after || rest.starts_with(close) {
            let end = at + usize::from(trims_after) + close.len();
            return TemplatePart { kind, span: start..end, inner: inner_start..at, trims_after };
        }
        let Some(token) = token(source, at) else {
            let inner = inner_start..source.len();
            return TemplatePart { kind, span: start..source.len(), inner, trims_after: false };
        };
        at = token.span.end;
    }
}

fn raw(source: &str, start: usize) -> Option<TemplatePart> {
    let (body, _) = plain_tag(source, start, "raw")?;
    let mut at = body;
    loop {
        at += source[at..].find("{%")?;
        if let Some((end, trims_after)) = plain_tag(source, at, "endraw") {
            return Some(TemplatePart {
                kind: PartKind::Raw,
                span: start..end,
                inner: body..at,
                trims_after,
            });
        }
        at += 2;
    }
}

/// The end of a `{% name %}` that starts at `start`, and whether it trims.
fn plain_tag(source: &str, start: usize, name: &str) -> Option<(usize, bool)> {
    let rest = source[start..].strip_prefix("{%")?;
    let rest = rest.strip_prefix('-').unwrap_or(rest);
    let rest = rest[blanks(rest)..].strip_prefix(name)?;
    let rest = &rest[blanks(rest)..];
    let (rest, trims) = rest.strip_prefix('-').map_or((rest, false), |rest| (rest, true));
    let rest = rest.strip_prefix("%}")?;
    Some((source.len() - rest.len(), trims))
}

fn token(source: &str, start: usize) -> Option<TeraToken> {
    let start = start + blanks(&source[start..]);
    let rest = &source[start..];
    let first = rest.chars().next()?;
    let run = |accept: fn(u8) -> bool| rest.bytes().take_while(|&byte| accept(byte)).count();
    let (kind, length) = match first {
        '"' | '\'' | '`' => {
            let (text, length) = string(rest, first)?;
            (TeraTokenKind::Text(text), length)
        }
        'a'..='z' | 'A'..='Z' | '_' => {
            (TeraTokenKind::Name, run(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
        }
        '0'..='9' => (TeraTokenKind::Number, run(|byte| byte.is_ascii_digit() || byte == b'.')),
        other => (TeraTokenKind::Symbol(other), other.len_utf8()),
    };
    Some(TeraToken { kind, span: start..start + length })
}

/// The text of a quoted string, and its length with the quotes.
fn string(rest: &str, quote: char) -> Option<(String, usize)> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => match chars.next()?.1 {
                'n' => text.push('\n'),
                't' => text.push('\t'),
                'r' => text.push('\r'),
                other => text.push(other),
            },
            char if char == quote => return Some((text, at + 1)),
            char => text.push(char),
        }
    }
    None
}

fn blanks(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_whitespace).count()
}

/// The names that a source defines with loops and `set`.
pub(super) fn bound_names(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    for part in parts(source).into_iter().filter(|part| part.kind == PartKind::Tag) {
        let tokens = tokens(source, part.inner);
        let word = |token: &TeraToken| &source[token.span.clone()];
        let count = match tokens.first().map(word) {
            Some("set" | "set_global") => 1,
            Some("for") => tokens.iter().take_while(|token| word(token) != "in").count(),
            _ => 0,
        };
        let bound = tokens.iter().skip(1).take(count);
        names.extend(bound.filter(|t| t.kind == TeraTokenKind::Name).map(|t| word(t).to_owned()));
    }
    names
}

/// A variable with the steps after it: `values.frontend["log-level"]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) root: String,
    pub(super) root_span: Range<usize>,
    pub(super) steps: Vec<PathStep>,
}

/// One step of a [`Path`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PathStep {
    pub(super) key: PathStepKey,
    pub(super) span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PathStepKey {
    Key(String),
    Index(usize),
    /// An expression, whose value is known only when it is rendered.
    Computed,
}

impl Path {
    pub(super) fn span(&self) -> Range<usize> {
        self.root_span.start..self.steps.last().map_or(self.root_span.end, |step| step.span.end)
    }
}

/// Names that are not variables.
const RESERVED: [&str; 16] = [
    "true", "True", "false", "False", "none", "None", "null", "and", "or", "not", "is", "in", "if",
    "else", "for", "self",
];

/// All variables in an expression's tokens, with the steps after them. Those inside
/// another's brackets come after it.
pub(super) fn paths(source: &str, tokens: &[TeraToken]) -> Vec<Path> {
    let starts = (0..tokens.len()).filter(|&at| is_variable(source, tokens, at));
    starts.map(|at| path(source, tokens, at).0).collect()
}

fn is_symbol(token: Option<&TeraToken>, symbol: char) -> bool {
    token.is_some_and(|token| token.kind == TeraTokenKind::Symbol(symbol))
}

fn is_variable(source: &str, tokens: &[TeraToken], at: usize) -> bool {
    let token = &tokens[at];
    let name = &source[token.span.clone()];
    let before = at.checked_sub(1).map(|before| &tokens[before]);
    let after = tokens.get(at + 1);
    let is_named = |token: Option<&TeraToken>, name: &str| {
        token.is_some_and(|token| {
            token.kind == TeraTokenKind::Name && &source[token.span.clone()] == name
        })
    };
    let is_argument = is_symbol(after, '=') && !is_symbol(tokens.get(at + 2), '=');
    let is_test = is_named(before, "is")
        || is_named(before, "not")
            && at.checked_sub(2).is_some_and(|is| is_named(Some(&tokens[is]), "is"));
    token.kind == TeraTokenKind::Name
        && !RESERVED.contains(&name)
        && !['|', '.', '<', '@'].iter().any(|&symbol| is_symbol(before, symbol))
        && !is_symbol(after, '(')
        && !is_argument
        && !is_test
}

/// The path that starts with the name at `start`, and the index after it.
pub(super) fn path(source: &str, tokens: &[TeraToken], start: usize) -> (Path, usize) {
    let root_span = tokens[start].span.clone();
    let root = source[root_span.clone()].to_owned();
    let mut path = Path { root, root_span, steps: Vec::new() };
    let mut at = start + 1;
    loop {
        let optional = usize::from(is_symbol(tokens.get(at), '?'));
        let (step, next) = match tokens.get(at + optional) {
            token if is_symbol(token, '.') => field(source, tokens, at + optional),
            token if is_symbol(token, '[') => subscript(source, tokens, at + optional),
            _ => None,
        }
        .unzip();
        let (Some(step), Some(next)) = (step, next) else { return (path, at) };
        path.steps.push(step);
        at = next;
    }
}

fn field(source: &str, tokens: &[TeraToken], dot: usize) -> Option<(PathStep, usize)> {
    let name = tokens.get(dot + 1).filter(|token| token.kind == TeraTokenKind::Name)?;
    let key = PathStepKey::Key(source[name.span.clone()].to_owned());
    Some((PathStep { key, span: name.span.clone() }, dot + 2))
}

fn subscript(source: &str, tokens: &[TeraToken], open: usize) -> Option<(PathStep, usize)> {
    let mut depth = 0;
    let close = (open..tokens.len()).find(|&at| {
        depth += match tokens[at].kind {
            TeraTokenKind::Symbol('[') => 1,
            TeraTokenKind::Symbol(']') => -1,
            _ => 0,
        };
        depth == 0
    })?;
    let key = match &tokens[open + 1..close] {
        [TeraToken { kind: TeraTokenKind::Text(text), .. }] => PathStepKey::Key(text.clone()),
        [TeraToken { kind: TeraTokenKind::Number, span }] => {
            source[span.clone()].parse().map_or(PathStepKey::Computed, PathStepKey::Index)
        }
        _ => PathStepKey::Computed,
    };
    let span = tokens[open].span.start..tokens[close].span.end;
    Some((PathStep { key, span }, close + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(source: &str) -> Vec<(PartKind, &str)> {
        parts(source).into_iter().map(|part| (part.kind, &source[part.inner])).collect()
    }

    #[test]
    fn a_closing_delimiter_inside_a_string_closes_nothing() {
        use PartKind::{Comment, Print, Tag, Text};
        assert_eq!(
            kinds("a {{ \"}}\" ~ x -}} b{%- if x == '%}' %}c{# }} #}"),
            [
                (Text, "a "),
                (Print, " \"}}\" ~ x "),
                (Text, " b"),
                (Tag, " if x == '%}' "),
                (Text, "c"),
                (Comment, " }} "),
            ]
        );
    }

    #[test]
    fn a_raw_block_is_text() {
        use PartKind::{Raw, Text};
        assert_eq!(
            kinds("{%- raw -%} {{ x }} {% if %}{% endraw %}y"),
            [(Raw, " {{ x }} {% if %}"), (Text, "y")]
        );
    }

    #[test]
    fn the_parts_leave_no_gap() {
        for source in ["", "{", "{{", "{{ 'a", "{%", "{# a", "a{% raw %}b", "{{ a }}{% b -%}c"] {
            let parts = parts(source);
            let joined: String = parts.iter().map(|part| &source[part.span.clone()]).collect();
            assert_eq!(joined, source);
        }
    }

    #[test]
    fn paths_are_variables_and_not_filters_tests_or_arguments() {
        let source = "a.b[\"c-d\"][0].e | default(value=f[g.h]) ~ range(end=i) if x is defined";
        let tokens = tokens(source, 0..source.len());
        let found: Vec<_> =
            paths(source, &tokens).iter().map(|path| &source[path.span()]).collect();
        assert_eq!(found, ["a.b[\"c-d\"][0].e", "f[g.h]", "g.h", "i", "x"]);
    }
}
