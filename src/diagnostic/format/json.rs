//! JSON, versioned and stable; `docs/reference/formats.md` describes it.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};

use super::mask::masked;
use crate::diagnostic::{Counts, Findings, visible};
use crate::source::without_credentials;

/// Raised when a field changes its meaning or goes; a new field does not raise it.
const FORMAT_VERSION: u32 = 1;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    format_version: u32,
    #[serde(flatten)]
    data: Map<String, Value>,
    findings: &'a Findings,
    counts: Counts,
}

/// One document with everything that the findings say.
pub(super) fn render(findings: &Findings) -> String {
    report(findings, Map::new())
}

fn report(findings: &Findings, data: Map<String, Value>) -> String {
    let counts = findings.counts();
    document(&Report { format_version: FORMAT_VERSION, data, findings, counts })
}

/// The report in JSON, with what a command says beside its findings.
pub fn json_with(findings: &Findings, mut data: Map<String, Value>) -> String {
    data.values_mut().for_each(mask);
    report(&masked(findings), data)
}

/// Masks what gives access, in every text of a value.
fn mask(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(masked) = without_credentials(text) {
                *text = masked;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(entries) => entries.values_mut().for_each(mask),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A document of ours that is not a report of findings, as versioned and as safe
/// to print as one.
pub fn json_of(data: Map<String, Value>) -> String {
    let mut versioned = Map::from_iter([("formatVersion".to_owned(), FORMAT_VERSION.into())]);
    versioned.extend(data);
    document(&versioned)
}

/// A part of such a document, on one line.
pub fn json_part(mut part: Value) -> String {
    mask(&mut part);
    visible::json(&part.to_string())
}

/// A value of ours as a document that is safe to print.
pub(super) fn document(value: &impl Serialize) -> String {
    let document = serde_json::to_string_pretty(value).expect("keys are text and numbers finite");
    visible::json(&document) + "\n"
}
