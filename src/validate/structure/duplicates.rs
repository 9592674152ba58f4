//! Items that a list may have only once.

use std::collections::HashMap;

use super::expected::{Expected, Reader};
use super::leniencies::has_unique_items;
use crate::diagnostic::{Finding, Severity};
use crate::kubernetes::{Keywords, ListKind, Schema};
use crate::validate::code::DUPLICATE_ITEM;
use crate::validate::field::FieldValue;
use crate::yaml::Node;

/// A finding for each item that is there already.
pub(super) fn duplicates(list: &FieldValue<'_, '_>, expected: Expected<'_>) -> Vec<Finding> {
    let keywords = expected.schema.keywords();
    let keys = match keywords.list_kind {
        Some(ListKind::Map) => &*keywords.list_keys,
        Some(ListKind::Set) => &[],
        _ if keywords.has_unique_items && expected.reader != Reader::Kubernetes => &[],
        _ => return Vec::new(),
    };
    let mut seen: HashMap<String, FieldValue<'_, '_>> = HashMap::new();
    let mut findings = Vec::new();
    for item in list.items() {
        let Some(key) = key_of(item.node(), keys, expected.schema.items()) else { continue };
        match seen.get(&key) {
            Some(first) => findings.push(duplicate(&item, first, keys, expected)),
            None => drop(seen.insert(key, item)),
        }
    }
    findings
}

/// What tells an item apart; none for an item that does not have it, which is a finding
/// anyway.
fn key_of(item: Node<'_>, keys: &[Box<str>], schema: Option<Schema<'_>>) -> Option<String> {
    if keys.is_empty() {
        return serde_json::to_string(&item).ok();
    }
    let mut found = false;
    let mut part = |key: &str| {
        let given = item.get(key).filter(|node| !node.is_null());
        if let Some(given) = given {
            found = true;
            return serde_json::to_string(&given).ok();
        }
        let keywords = schema?.property(key)?.keywords();
        Some(default_of(keywords, key))
    };
    let parts: Vec<_> = keys.iter().map(|key| part(key)).collect::<Option<_>>()?;
    found.then(|| parts.join("\n"))
}

/// The text of the default of a key. Kubernetes' schemas leave the default of protocols out
/// in some versions.
fn default_of(keywords: &Keywords, key: &str) -> String {
    match &keywords.default {
        Some(default) => default.to_string(),
        None if key == "protocol" => "\"TCP\"".to_owned(),
        None => "null".to_owned(),
    }
}

fn duplicate(
    item: &FieldValue<'_, '_>,
    first: &FieldValue<'_, '_>,
    keys: &[Box<str>],
    expected: Expected<'_>,
) -> Finding {
    let named = keys.iter().filter_map(|key| {
        let value = item.get(key)?;
        Some(format!("`{key}` {}", value.shown()))
    });
    let named: Vec<_> = named.collect();
    let what = match named.as_slice() {
        [] => format!("is there already: {}", item.shown()),
        named => format!("is there already, with {}", named.join(" and ")),
    };
    let finding = item.finding(&DUPLICATE_ITEM, what);
    let place = |item: &FieldValue<'_, '_>| {
        let key = keys.first().and_then(|key| item.get(key));
        key.map_or_else(|| item.node().location(), |key| key.node().location())
    };
    let mut finding = Finding { labels: Vec::new(), ..finding }
        .label(place(item), "is there twice")
        .label(place(first), "the first one");
    let definition =
        expected.schema.items().and_then(|items| items.keywords().definition.as_deref());
    if expected.reader == Reader::Kubernetes && !has_unique_items(definition) {
        finding.severity = Severity::Warning;
        return finding.help("remove one of them: server-side apply refuses both");
    }
    finding.help("remove one of them, or give it another name")
}
