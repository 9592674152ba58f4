//! JSON, versioned and stable; `docs/reference/formats.md` describes it.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Counts, Findings, visible};

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

/// One document with everything that a finding says, and what a command says
/// beside its findings.
pub(super) fn render(findings: &Findings, data: Map<String, Value>) -> String {
    let counts = findings.counts();
    document(&Report { format_version: FORMAT_VERSION, data, findings, counts })
}

/// A document without findings.
pub(super) fn versioned(data: Map<String, Value>) -> String {
    let mut document = Map::from_iter([("formatVersion".to_owned(), FORMAT_VERSION.into())]);
    document.extend(data);
    self::document(&document)
}

/// A value of ours as a document that is safe to print.
pub(super) fn document(value: &impl Serialize) -> String {
    let document = serde_json::to_string_pretty(value).expect("keys are text and numbers finite");
    visible::json(&document) + "\n"
}
