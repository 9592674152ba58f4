//! Whether a value has the type that its schema says.

use crate::diagnostic::{Finding, joined};
use crate::kubernetes::{FieldType, Keywords};
use crate::validate::code::WRONG_FIELD_TYPE;
use crate::validate::field::FieldValue;
use crate::yaml::{Kind, Node, Style};

/// A finding if the value has another type.
pub(super) fn wrong_type(field: &FieldValue<'_, '_>, keywords: &Keywords) -> Option<Finding> {
    let types = types_of(keywords);
    let node = field.node();
    if types.is_empty() || types.iter().any(|one| has_type(node, *one)) {
        return None;
    }
    let names: Vec<_> = types.iter().map(|one| noun(*one).to_owned()).collect();
    let expected = joined(&names, "or");
    let found = if node.is_mapping() || node.is_sequence() || node.is_null() {
        format!("is {}", node.kind().noun())
    } else {
        let shown = field.shown();
        let noun = node.kind().noun();
        if shown.starts_with('`') { format!("is {noun}, {shown}") } else { format!("is {noun}") }
    };
    let finding = field.finding(&WRONG_FIELD_TYPE, found).because(format!("must be {expected}"));
    Some(finding.maybe_help(help(node, types)))
}

fn types_of(keywords: &Keywords) -> &[FieldType] {
    const INT_OR_STRING: [FieldType; 2] = [FieldType::Integer, FieldType::String];
    if keywords.is_int_or_string { &INT_OR_STRING } else { &keywords.types }
}

fn has_type(node: Node<'_>, expected: FieldType) -> bool {
    match (expected, node.kind()) {
        (FieldType::Object, Kind::Mapping(_))
        | (FieldType::Array, Kind::Sequence(_))
        | (FieldType::String, Kind::String(_))
        | (FieldType::Number, Kind::Number(_))
        | (FieldType::Boolean, Kind::Bool(_)) => true,
        // What is written `1e3` or `1.0` reaches the server as a whole number.
        (FieldType::Integer, Kind::Number(number)) => number.as_f64().fract() == 0.0,
        _ => false,
    }
}

fn noun(expected: FieldType) -> &'static str {
    match expected {
        FieldType::Object => "a map",
        FieldType::Array => "a list",
        FieldType::String => "a string",
        FieldType::Integer => "a whole number",
        FieldType::Number => "a number",
        FieldType::Boolean => "true or false",
    }
}

/// How to write what was probably meant.
fn help(node: Node<'_>, types: &[FieldType]) -> Option<String> {
    let wants = |one| types.contains(&one);
    let is_scalar = !node.is_mapping() && !node.is_sequence() && !node.is_null();
    match node.kind() {
        Kind::Number(_) | Kind::Bool(_)
            if wants(FieldType::String) && node.style() == Style::Plain =>
        {
            Some("write it in quotes".to_owned())
        }
        Kind::String(text) if wants(FieldType::Integer) && text.parse::<i64>().is_ok() => {
            Some("write it without quotes".to_owned())
        }
        Kind::String(text) if wants(FieldType::Boolean) && matches!(&**text, "true" | "false") => {
            Some("write it without quotes".to_owned())
        }
        Kind::Mapping(_) if wants(FieldType::Array) => {
            Some("write a list: `- ` before the first key".to_owned())
        }
        _ if is_scalar && wants(FieldType::Array) => {
            Some("write a list: `- ` before the value".to_owned())
        }
        _ => None,
    }
}
