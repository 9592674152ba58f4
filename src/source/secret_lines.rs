//! What looks like a secret in the lines of a text, which need not be YAML.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;

use super::Span;
use super::redact::is_secret_key;

/// What looks like a secret in a text, whose first byte has that offset.
pub(super) fn secret_lines(text: &str, offset: usize) -> Vec<Span> {
    let is_secret_object = is_secret_object(text);
    // Of all kinds, only a Secret has `stringData`.
    let hides = |key: &str| {
        key == "stringData" || (is_secret_object && key == "data") || is_secret_key(key)
    };
    let variables = secret_variables(text);
    let mut found = Vec::new();
    let mut hidden_below: Option<usize> = None;
    let mut start = offset;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let indentation = indentation(line);
        if !line.trim().is_empty() && hidden_below.is_some_and(|above| indentation <= above) {
            hidden_below = None;
        }
        let end = start + line.trim_end().len();
        if hidden_below.is_some() {
            found.push(Span::new(start, end));
        } else {
            let is_variable = variables.contains(&number);
            let hides = |key: &str| hides(key) || (is_variable && key == "value");
            if let Some((value, is_key)) = first_hidden(line, hides) {
                found.push(Span::new((start + value).min(end), end));
                hidden_below = is_key.then_some(indentation);
            }
        }
        start += line.len();
    }
    found
}

/// Whether a text has an object of the kind `Secret`. Other kinds of that name have a
/// group, which is beside the name of the kind.
fn is_secret_object(text: &str) -> bool {
    let has_group = |line: &&str| line.contains("apiVersion:") && line.contains('/');
    let lines: Vec<_> = text.lines().collect();
    (0..lines.len()).any(|at| {
        let beside = [at.checked_sub(1), Some(at + 1)].into_iter().flatten();
        if beside.filter_map(|beside| lines.get(beside)).any(has_group) {
            return false;
        }
        let kind = lines[at].trim().trim_start_matches(['-', '{', ' ']).strip_prefix("kind:");
        let kind = kind.map(|kind| kind.split(" #").next().unwrap_or_default());
        kind.is_some_and(|kind| kind.trim().trim_matches(['"', '\'', ',', '}']) == "Secret")
    })
}

/// The lines of maps that have a variable with the name of a secret, as containers have
/// them: `name: DB_PASSWORD`, with a `value` before or after it.
fn secret_variables(text: &str) -> HashSet<usize> {
    let lines: Vec<_> = text.lines().collect();
    let mut found = HashSet::new();
    for (number, line) in lines.iter().enumerate() {
        let is_secret = line.match_indices("name").any(|(at, name)| {
            let rest = line[at + name.len()..].trim_start_matches(['"', '\'', ' ']);
            let named = rest.strip_prefix(':').map(str::trim_start).unwrap_or_default();
            let is_end = |c: char| c.is_whitespace() || ",}#".contains(c);
            let named = named.split(is_end).next().unwrap_or_default();
            is_secret_key(named.trim_matches(['"', '\'']))
        });
        if !is_secret {
            continue;
        }
        let column = key_column(line);
        let is_beside = |line: &str| !line.trim().is_empty() && key_column(line) >= column;
        let starts = |line: &str| key_column(line) == column && starts_item(line);
        found.insert(number);
        if !starts(line) {
            for above in (0..number).rev().take_while(|&above| is_beside(lines[above])) {
                found.insert(above);
                if starts(lines[above]) {
                    break;
                }
            }
        }
        let below = (number + 1..lines.len())
            .take_while(|&below| is_beside(lines[below]) && !starts(lines[below]));
        found.extend(below);
    }
    found
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn starts_item(line: &str) -> bool {
    line.trim_start().starts_with("- ")
}

/// Where the key of a line starts, after the dashes of list items.
fn key_column(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t', '-']).len()
}

/// Where what follows the first name of a line starts that is to be hidden, and whether
/// that is the key of a value. A name without a colon counts as well: the colon may be
/// what is wrong.
fn first_hidden(line: &str, hides: impl Fn(&str) -> bool) -> Option<(usize, bool)> {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let mut at = 0;
    while let Some(start) = line[at..].find(is_name).map(|found| at + found) {
        let end = line[start..].find(|c| !is_name(c)).map_or(line.len(), |length| start + length);
        let rest = line[end..].trim_start_matches(['"', '\'']).trim_start_matches([' ', '\t']);
        let is_key = rest.starts_with(':');
        let name = &line[start..end];
        let is_hidden = if is_key { hides(name) } else { is_secret_key(name) };
        if is_hidden {
            let value = if is_key { line.len() - rest.len() + 1 } else { end };
            return Some((value, is_key));
        }
        at = end;
    }
    None
}

/// Comments that speak of what is secret, and in a Secret all of them: people put the
/// old password there, or the real one. What rungs and other programs read in comments
/// is not hidden.
pub(super) fn secret_comments(text: &str) -> Vec<Span> {
    static WORDS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            "(?i-u)pass(?:word|wd|phrase)|secret|token|credential|(?:api|access|private)[_ -]?key",
        )
        .expect("the pattern is well formed")
    });
    let all = is_secret_object(text);
    comments(text)
        .into_iter()
        .filter(|span| {
            let comment = text[span.range()].trim_start_matches(['#', '/', '-', ' ']);
            !is_for_programs(comment) && (all || WORDS.is_match(comment))
        })
        .collect()
}

fn is_for_programs(comment: &str) -> bool {
    comment.starts_with("rungs:") || comment.starts_with("{\"$")
}

/// What follows `#` or `//`, wherever it would start a comment of YAML, Jsonnet or a
/// template, up to the end of the line.
pub(super) fn comments(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let starts = |at: usize| {
            let before = line[..at].chars().next_back();
            before.is_none_or(|c| c.is_whitespace() || c == '{')
        };
        let marks = ["#", "//"].into_iter().flat_map(|mark| {
            line.match_indices(mark).filter(|(at, _)| starts(*at)).map(|(at, mark)| at + mark.len())
        });
        if let Some(at) = marks.min() {
            found.push(Span::new(start + at, start + line.trim_end().len().max(at)));
        }
        start += line.len();
    }
    found
}

/// What of a file must not be shown though nobody marked anything in it, as of a template
/// whose text was never read as YAML: what a Secret holds.
pub(super) fn unmarked_secrets(text: &str) -> Vec<Span> {
    if is_secret_object(text) { secret_lines(text, 0) } else { Vec::new() }
}

/// Whether a text has an object of the kind `Secret` that holds something.
pub fn is_of_secret(text: &str) -> bool {
    !unmarked_secrets(text).is_empty()
}
