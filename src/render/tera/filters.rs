//! The filters and functions of Tera templates.
//!
//! Tera 2.4's own filters and functions read no clock, environment, file or
//! randomness; the test below counts them, so that additions in a new version are
//! noticed. `group_by` returns groups in the order of a randomly seeded hash map,
//! and `str` makes an empty text of what is undefined: both are replaced here.

// Tera passes arguments by value.
#![allow(clippy::needless_pass_by_value)]

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use indexmap::IndexMap;
use sha2::{Digest, Sha256};
use tera::value::{Key, ValueKind};
use tera::{Error, Kwargs, Map, State, Tera, TeraResult, Value};

use super::mark;
use super::strict::{self, undefined};
use crate::source::Location;
use crate::yaml::{self, Kind, NodeId, Number};

/// The names of all filters, for "did you mean".
pub(super) const FILTERS: &[&str] = &[
    "abs",
    "b64encode",
    "capitalize",
    "default",
    "escape",
    "first",
    "float",
    "get",
    "group_by",
    "indent",
    "int",
    "join",
    "keys",
    "last",
    "length",
    "lower",
    "nindent",
    "nth",
    "pairs",
    "pluralize",
    "quote",
    "replace",
    "reverse",
    "round",
    "safe",
    "sha256",
    "sort",
    "split",
    "str",
    "title",
    "to_yaml",
    "trim",
    "trim_end",
    "trim_start",
    "truncate",
    "unique",
    "upper",
    "values",
    "wordcount",
];

/// Adds the filters that Kubernetes manifests need.
pub(super) fn register(tera: &mut Tera) {
    tera.register_filter("to_yaml", to_yaml);
    tera.register_filter("nindent", nindent);
    tera.register_filter("indent", indent);
    tera.register_filter("quote", quote);
    tera.register_filter("b64encode", b64encode);
    tera.register_filter("sha256", sha256);
    tera.register_filter("str", text_of);
    tera.register_filter("group_by", group_by);
    strict::register(tera);
}

/// The value as `{{ }}` would print it.
fn printed(value: &Value) -> TeraResult<String> {
    if value.is_undefined() { Err(undefined()) } else { Ok(value.to_string()) }
}

/// The text that is printed, without the marks of tracing: what is hashed or
/// encoded must not depend on them.
fn unmarked(value: &Value) -> TeraResult<String> {
    Ok(mark::strip(&printed(value)?).into_owned())
}

/// Block style YAML without a final line break.
fn to_yaml(value: &Value, _: Kwargs, _: &State) -> TeraResult<String> {
    if value.is_undefined() {
        return Err(undefined());
    }
    // YAML is written in one way only: what emitting objects has to consider applies
    // here as well.
    let nowhere = Location::of_repository();
    let mut tree = yaml::Value::new(nowhere.file());
    let root = grow(&mut tree, value, &nowhere)?;
    tree.set_root(root);
    let mut text = yaml::emit(tree.root());
    text.truncate(text.trim_end_matches('\n').len());
    Ok(text)
}

fn grow(tree: &mut yaml::Value, value: &Value, at: &Location) -> TeraResult<NodeId> {
    let kind = match value.kind() {
        ValueKind::Undefined | ValueKind::None => Kind::Null,
        ValueKind::Bool => Kind::Bool(value.is_truthy()),
        ValueKind::Array => {
            let items = value.as_array().unwrap_or_default().iter();
            Kind::Sequence(items.map(|item| grow(tree, item, at)).collect::<TeraResult<_>>()?)
        }
        ValueKind::Map => {
            // A map that the template makes may have both `1` and `"1"`, which are the
            // same key in YAML.
            let mut entries = IndexMap::new();
            for (key, item) in value.as_map().into_iter().flatten() {
                entries.insert(key.to_string(), grow(tree, item, at)?);
            }
            let entries = entries.iter().map(|(key, node)| (key.as_str(), *node));
            return Ok(tree.add_mapping(entries, at));
        }
        ValueKind::String => Kind::String(value.to_string().into()),
        _ => Kind::Number(number(value)?),
    };
    Ok(tree.add(kind, at))
}

fn number(value: &Value) -> TeraResult<Number> {
    let text = value.to_string();
    match (value.as_i64(), value.as_u64(), value.as_f64()) {
        (Some(whole), _, _) if !value.is_f64() => Ok(Number::integer(whole, &text)),
        (_, Some(whole), _) if !value.is_f64() => Ok(Number::unsigned(whole, &text)),
        (_, _, Some(float)) if float.is_finite() => Ok(Number::float(float, &text)),
        _ => Err(Error::message(format!("`{text}` is not a number that YAML has"))),
    }
}

/// A line break, then every line that is not empty moved `width` to the right;
/// line breaks at the end are dropped.
fn nindent(value: &Value, arguments: Kwargs, _: &State) -> TeraResult<String> {
    let width = arguments.must_get::<usize>("width")?;
    let mut text = String::from("\n");
    push_indented(&mut text, &printed(value)?, width, true);
    Ok(text)
}

/// Every line but the first moved `width` to the right (Tera's own keeps a
/// final line break, which YAML would take for an empty line).
fn indent(value: &Value, arguments: Kwargs, _: &State) -> TeraResult<String> {
    let width = arguments.get::<usize>("width")?.unwrap_or(4);
    let first = arguments.get::<bool>("first")?.unwrap_or(false);
    let mut text = String::new();
    push_indented(&mut text, &printed(value)?, width, first);
    Ok(text)
}

/// The largest indentation: more is a mistake that would only cost memory.
const MAX_INDENT: usize = 1000;

fn push_indented(out: &mut String, text: &str, width: usize, first: bool) {
    let indent = " ".repeat(width.min(MAX_INDENT));
    for (number, line) in mark::trim_end_breaks(text).lines().enumerate() {
        if number > 0 {
            out.push('\n');
        }
        if (number > 0 || first) && !mark::strip(line).is_empty() {
            out.push_str(&indent);
        }
        out.push_str(line);
    }
}

/// A double-quoted YAML string, whatever the text holds; numbers and booleans
/// become texts.
fn quote(value: &Value, _: Kwargs, _: &State) -> TeraResult<String> {
    let text = printed(value)?;
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for char in text.chars() {
        push_escaped(&mut quoted, char);
    }
    quoted.push('"');
    Ok(quoted)
}

/// Escapes that JSON and YAML share, so that a `.json.tera` can quote too.
fn push_escaped(out: &mut String, char: char) {
    match char {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        // Line breaks in YAML 1.1, and characters that no reader accepts unescaped.
        '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
            write!(out, "\\u{:04x}", u32::from(char)).expect("a text takes what is written");
        }
        char => out.push(char),
    }
}

fn b64encode(value: &Value, _: Kwargs, _: &State) -> TeraResult<String> {
    Ok(BASE64_STANDARD.encode(unmarked(value)?))
}

/// The SHA-256 of the printed text, in lower-case hexadecimal.
fn sha256(value: &Value, _: Kwargs, _: &State) -> TeraResult<String> {
    let digest = Sha256::digest(unmarked(value)?);
    Ok(digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a text takes what is written");
        text
    }))
}

fn text_of(value: &Value, _: Kwargs, _: &State) -> TeraResult<String> {
    printed(value)
}

/// The items of a list by what they have at `attribute`, groups in the order
/// of their first items.
fn group_by(value: &[Value], arguments: Kwargs, _: &State) -> TeraResult<Map> {
    let attribute = arguments.must_get::<&str>("attribute")?;
    let mut groups: IndexMap<Key<'static>, Vec<Value>> = IndexMap::new();
    for (index, item) in value.iter().enumerate() {
        let Some(found) = item.get_from_path(attribute) else {
            let message = format!("item {index} has no `{attribute}` to group by");
            return Err(Error::message(message));
        };
        if found.is_none() {
            continue;
        }
        groups.entry(Key::from(found.to_string())).or_default().push(item.clone());
    }
    Ok(groups.into_iter().map(|(key, items)| (key, Value::from(items))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What tera 2.4 brings was read: 37 filters, 17 tests, and the functions
    /// `range` and `throw`. Whoever sees this fail looks at what is new before
    /// changing the numbers.
    #[test]
    fn tera_brings_nothing_that_was_not_looked_at() {
        let debug = format!("{:?}", Tera::new());
        for count in ["filters: 37", "tests: 17", "functions: 2"] {
            assert!(debug.contains(count), "{debug}");
        }
    }

    #[test]
    fn every_filter_that_is_suggested_is_there() {
        let mut tera = Tera::new();
        register(&mut tera);
        for name in FILTERS {
            let source = format!("{{% if false %}}{{{{ 1 | {name} }}}}{{% endif %}}");
            tera.add_raw_template(name, &source).unwrap();
        }
    }
}
