//! Lists, and maps whose keys are names.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::node::Decode;
use super::problem::{is_enough, wrong_type};
use super::text::{Syntax, decode_key};
use crate::config::sourced::Sourced;
use crate::diagnostic::Findings;
use crate::yaml::{Node, Style};

/// A list. Items that cannot be read are left out, with a finding each. If no item
/// can be read, neither can the list: it is not an empty one.
pub(in crate::config) type List<T> = Vec<Sourced<T>>;

impl<T: Decode> Decode for List<T> {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        if !node.is_sequence() {
            let written = node.location().text().to_owned();
            let short = !written.contains('\n') && !written.is_empty() && !node.is_null();
            let help = if node.is_mapping() && node.style() == Style::Block {
                Some("start each item with `-`".to_owned())
            } else {
                short.then(|| format!("write `[{written}]`"))
            };
            findings.push(wrong_type(node, "a list").maybe_help(help));
            return None;
        }
        let mut items = Self::new();
        for item in node.items() {
            if is_enough(findings) {
                break;
            }
            items.extend(Sourced::decode(item, findings));
        }
        (!items.is_empty() || node.items().len() == 0).then_some(items)
    }
}

/// A map whose keys are names of some kind. A null removes the value of earlier
/// layers, and is left out.
#[derive(Debug, Clone)]
pub(in crate::config) struct Map<K, V>(pub(in crate::config) Vec<(Sourced<K>, Sourced<V>)>);

impl<K: Syntax, V: Decode> Decode for Map<K, V> {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        if !node.is_mapping() {
            findings.push(wrong_type(node, "a map"));
            return None;
        }
        let mut entries = Vec::with_capacity(node.entries().len());
        for (key, value) in node.entries() {
            if is_enough(findings) {
                break;
            }
            let key = decode_key(key, findings);
            if value.is_null() {
                continue;
            }
            let value = Sourced::decode(value, findings);
            entries.extend(key.zip(value));
        }
        Some(Self(entries))
    }
}

impl<K: Syntax, V: JsonSchema> JsonSchema for Map<K, V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Map_of_{}", V::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        // Null removes the value of earlier layers.
        let value = generator.subschema_for::<Option<V>>();
        let mut schema = json_schema!({ "type": "object", "additionalProperties": value });
        if let Some(pattern) = K::PATTERN {
            schema.insert("propertyNames".to_owned(), serde_json::json!({ "pattern": pattern }));
        }
        schema
    }
}
