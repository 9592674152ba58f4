//! From a YAML node to a raw type: the trait, and the simplest raw types.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::problem::wrong_type;
use crate::config::sourced::Sourced;
use crate::diagnostic::Findings;
use crate::yaml::{Node, Number};

/// A type that is read from a node. `None` means that the node could not be read,
/// and that a finding says why. Whatever could be read is returned, so that later
/// steps can find their own problems. `findings` are those of the file that is
/// read: after [`MOST_PROBLEMS`], lists and maps are not read further.
pub(in crate::config) trait Decode: Sized + JsonSchema {
    /// Reads `node`.
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self>;
}

impl<T: Decode> Decode for Sourced<T> {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        T::decode(node, findings).map(|value| Self { value, location: node.location() })
    }
}

impl Decode for bool {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        if node.as_bool().is_none() {
            findings.push(wrong_type(node, "`true` or `false`"));
        }
        node.as_bool()
    }
}

/// A whole number that is at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct Count(pub(in crate::config) u32);

impl Decode for Count {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        let number = node.as_number().and_then(Number::as_u64);
        let count = number.and_then(|number| u32::try_from(number).ok()).filter(|&n| n > 0);
        if count.is_none() {
            findings.push(wrong_type(node, "a whole number that is at least 1"));
        }
        count.map(Self)
    }
}

impl JsonSchema for Count {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Count".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1 })
    }
}

/// A map that rungs does not interpret: any keys, any values.
#[derive(Debug, Clone, Copy)]
pub(in crate::config) struct Anything;

impl Decode for Anything {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        if !node.is_mapping() {
            findings.push(wrong_type(node, "a map"));
            return None;
        }
        Some(Self)
    }
}

impl JsonSchema for Anything {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Anything".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object" })
    }
}
