//! What a schema says of scalars, and of the size of lists and maps.

use std::cmp::Ordering;

use serde_json::Value as Json;

use super::expected::{Expected, Reader};
use super::formats::format_fault;
use super::patterns::Patterns;
use crate::diagnostic::Finding;
use crate::kubernetes::{Keywords, NumberBound, Size, check_quantity};
use crate::validate::code::INVALID_VALUE;
use crate::validate::field::FieldValue;
use crate::yaml::{Kind, Node, Number};

/// What decoding refuses in a value of the right type.
pub(super) fn decoding_faults(
    field: &FieldValue<'_, '_>,
    expected: Expected<'_>,
) -> Option<Finding> {
    let keywords = expected.schema.keywords();
    let format = keywords.format.as_deref();
    match (field.node().kind(), format) {
        (Kind::String(text), Some("quantity")) => quantity_fault(field, text),
        (Kind::Number(number), _) => range_fault(field, number, keywords),
        (Kind::String(text), Some(format)) => {
            // An empty time is none.
            let is_empty = text.is_empty() && expected.reader == Reader::Kubernetes;
            let noun = (!is_empty).then(|| format_fault(expected.reader, format, text))??;
            Some(invalid(field, format_args!("is not {noun}")))
        }
        _ => None,
    }
}

/// What a schema forbids beyond types.
pub(super) fn constraint_faults(
    field: &FieldValue<'_, '_>,
    keywords: &Keywords,
    patterns: &Patterns,
) -> Vec<Finding> {
    let mut faults = Vec::new();
    match field.node().kind() {
        Kind::Number(number) => faults.extend(bound_fault(field, number.as_f64(), keywords)),
        Kind::String(text) => {
            let length = || text.chars().count();
            faults.extend(size_fault(field, &keywords.length, length, "characters"));
            faults.extend(pattern_fault(field, text, keywords, patterns));
        }
        Kind::Sequence(items) => {
            faults.extend(size_fault(field, &keywords.item_count, || items.len(), "items"));
        }
        Kind::Mapping(entries) => {
            faults.extend(size_fault(field, &keywords.property_count, || entries.len(), "fields"));
        }
        Kind::Null | Kind::Bool(_) => {}
    }
    faults.extend(choice_fault(field, keywords));
    faults
}

/// A finding about a value that the server refuses: `what` says what it is.
pub(super) fn invalid(field: &FieldValue<'_, '_>, what: impl std::fmt::Display) -> Finding {
    field.finding(&INVALID_VALUE, what)
}

fn quantity_fault(field: &FieldValue<'_, '_>, text: &str) -> Option<Finding> {
    let fault = check_quantity(text).err()?;
    let finding = invalid(field, format_args!("is not a quantity: {fault}"));
    let finding = finding.because(format!("{} must be an amount such as `512Mi`", field.shown()));
    Some(finding.maybe_help(fault.help().map(str::to_owned)))
}

/// Whole numbers have a size in the server.
fn range_fault(
    field: &FieldValue<'_, '_>,
    number: &Number,
    keywords: &Keywords,
) -> Option<Finding> {
    /// 2⁶³, the first that does not fit; whole numbers near it are not exact as `f64`.
    const BEYOND_64: f64 = 9_223_372_036_854_775_808.0;
    let value = number.as_f64();
    let (bits, fits) = match keywords.format.as_deref() {
        Some("int64") => {
            (64, number.as_i64().is_some() || (-BEYOND_64..BEYOND_64).contains(&value))
        }
        format if format == Some("int32") || keywords.is_int_or_string => {
            (32, (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&value))
        }
        _ => return None,
    };
    (!fits).then(|| {
        invalid(field, format_args!("is {}, which does not fit into {bits} bits", number.source()))
    })
}

fn bound_fault(field: &FieldValue<'_, '_>, value: f64, keywords: &Keywords) -> Option<Finding> {
    let is_beyond = |bound: &NumberBound, beyond: Ordering| {
        let order = value.partial_cmp(&bound.value);
        order == Some(beyond) || bound.is_exclusive && order == Some(Ordering::Equal)
    };
    let words = |bound: NumberBound, inclusive, exclusive| {
        format!(
            "must be {} {}",
            if bound.is_exclusive { exclusive } else { inclusive },
            bound.value
        )
    };
    let shown = || format!("is {}", field.shown());
    let least = keywords.minimum.filter(|bound| is_beyond(bound, Ordering::Less));
    let most = keywords.maximum.filter(|bound| is_beyond(bound, Ordering::Greater));
    let fault = least
        .map(|bound| words(bound, "at least", "greater than"))
        .or_else(|| most.map(|bound| words(bound, "at most", "less than")))
        .or_else(|| {
            let divisor = keywords.multiple_of.filter(|divisor| {
                let quotient = value / divisor;
                (quotient - quotient.round()).abs() > 1e-9 * quotient.abs().max(1.0)
            });
            divisor.map(|divisor| format!("must be a multiple of {divisor}"))
        })?;
    Some(invalid(field, shown()).because(fault))
}

fn size_fault(
    field: &FieldValue<'_, '_>,
    size: &Size,
    count: impl FnOnce() -> usize,
    of: &str,
) -> Option<Finding> {
    if *size == Size::default() {
        return None;
    }
    let count = count() as u64;
    let limit = match size {
        Size { least: Some(least), .. } if count < *least => format!("at least {least}"),
        Size { most: Some(most), .. } if count > *most => format!("at most {most}"),
        _ => return None,
    };
    let of_one = of.trim_end_matches('s');
    let of_it = if count == 1 { of_one } else { of };
    Some(invalid(field, format_args!("has {count} {of_it}")).because(format!("must have {limit}")))
}

fn pattern_fault(
    field: &FieldValue<'_, '_>,
    text: &str,
    keywords: &Keywords,
    patterns: &Patterns,
) -> Option<Finding> {
    let pattern = keywords.pattern.as_deref()?;
    // One that Go reads and we cannot is not held against the value.
    let is_match = patterns.of(pattern).is_none_or(|compiled| compiled.is_match(text));
    (!is_match).then(|| {
        invalid(
            field,
            format_args!("is {}, which does not have the form of the field", field.shown()),
        )
        .because(format!("must match `{pattern}`"))
    })
}

fn choice_fault(field: &FieldValue<'_, '_>, keywords: &Keywords) -> Option<Finding> {
    let allowed = &keywords.allowed;
    if allowed.is_empty() || allowed.iter().any(|one| is_equal(field.node(), one)) {
        return None;
    }
    let texts: Vec<_> = allowed.iter().map(text_of).collect();
    Some(field.not_a_choice(&texts.iter().map(String::as_str).collect::<Vec<_>>()))
}

fn text_of(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether a value is that JSON.
fn is_equal(node: Node<'_>, json: &Json) -> bool {
    match (node.kind(), json) {
        (Kind::Null, Json::Null) => true,
        (Kind::Bool(a), Json::Bool(b)) => a == b,
        (Kind::Number(a), Json::Number(b)) => Some(a.as_f64()) == b.as_f64(),
        (Kind::String(a), Json::String(b)) => **a == **b,
        (Kind::Sequence(_), Json::Array(b)) => {
            node.items().len() == b.len() && node.items().zip(b).all(|(a, b)| is_equal(a, b))
        }
        (Kind::Mapping(_), Json::Object(b)) => {
            let same = |(key, value): (&String, &Json)| {
                node.get(key).is_some_and(|node| is_equal(node, value))
            };
            node.entries().len() == b.len() && b.iter().all(same)
        }
        _ => false,
    }
}
