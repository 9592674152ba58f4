//! SARIF 2.1.0 (OASIS standard, errata 01), for code scanning.
//!
//! Section numbers are the standard's.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use super::place::Checkout;
use super::{gitlab, json, plain};
use crate::diagnostic::{Code, Finding, Findings, Label, ProblemKind, Severity};
use crate::source::{Location, RepoPath};

/// What paths are relative to: the clone's root, wherever it is checked out.
const ROOT: &str = "%SRCROOT%";

/// One run, with the rules that its results name.
pub(super) fn render(findings: &Findings, checkout: Checkout<'_>) -> String {
    let codes: BTreeMap<&str, &Code> =
        findings.iter().map(|finding| (finding.code.name, finding.code)).collect();
    let indices: BTreeMap<&str, usize> =
        codes.keys().enumerate().map(|(index, &name)| (name, index)).collect();
    let fingerprints = gitlab::fingerprints(findings, checkout);
    let results: Vec<Value> = findings
        .iter()
        .zip(fingerprints)
        .map(|(finding, print)| result(finding, indices[finding.code.name], &print, checkout))
        .collect();
    json::document(&json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "rungs",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": codes.values().map(|code| rule(code)).collect::<Vec<_>>(),
            } },
            "originalUriBaseIds": {
                ROOT: { "description": { "text": "The root of the repository." } },
            },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

fn rule(code: &Code) -> Value {
    let title = format!("{}.", code.title());
    json!({
        "id": code.name,
        "shortDescription": { "text": title },
        "fullDescription": { "text": title },
        "help": { "text": plain::body(code), "markdown": code.body() },
        "defaultConfiguration": { "level": level(code.severity) },
        "properties": {
            "tags": [kind(code.kind)],
            // GitHub shows and filters by this; without it every rule is a warning.
            "problem.severity": match code.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "recommendation",
            },
        },
    })
}

fn kind(kind: ProblemKind) -> Value {
    serde_json::to_value(kind).expect("a kind is a name")
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn result(finding: &Finding, rule: usize, fingerprint: &str, checkout: Checkout<'_>) -> Value {
    let text = match &finding.help {
        Some(help) => format!("{}\nhelp: {help}", plain::sentence(finding)),
        None => plain::sentence(finding),
    };
    let mut result = json!({
        "ruleId": finding.code.name,
        "ruleIndex": rule,
        "level": level(finding.severity),
        "message": { "text": no_links(&text) },
        "locations": [location(finding.location(), checkout)],
        "partialFingerprints": { "rungs/v1": fingerprint },
    });
    if finding.labels.len() > 1 {
        let others = finding.labels.iter().enumerate().skip(1);
        result["relatedLocations"] =
            others.map(|(id, label)| related(id, label, checkout)).collect();
    }
    if let Some(subject) = &finding.subject {
        result["properties"] = json!({ "subject": subject });
    }
    result
}

fn related(id: usize, label: &Label, checkout: Checkout<'_>) -> Value {
    let mut related = location(&label.location, checkout);
    related["id"] = json!(id);
    if !label.message.is_empty() {
        related["message"] = json!({ "text": no_links(&label.message) });
    }
    related
}

/// A file as a whole has no region (§3.29.4).
fn location(at: &Location, checkout: Checkout<'_>) -> Value {
    let mut place = json!({
        "artifactLocation": { "uri": uri(&checkout.path(at)), "uriBaseId": ROOT },
    });
    if at.has_text() {
        let (start, end) = (at.start(), at.end());
        // In SARIF, too, the end is after the last character (§3.30.8).
        place["region"] = json!({
            "startLine": start.line,
            "startColumn": start.column,
            "endLine": end.line,
            "endColumn": end.column,
        });
    }
    json!({ "physicalLocation": place })
}

/// A relative reference (RFC 3986): everything but unreserved characters is
/// encoded, so that a name such as `a:b` is not taken for a scheme.
fn uri(path: &RepoPath) -> String {
    let mut uri = String::new();
    for byte in path.to_string().bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            byte => write!(uri, "%{byte:02X}").expect("a string takes all text"),
        }
    }
    uri
}

/// In a plain message `[text](address)` is a link (§3.11.6), and a name from a
/// pull request must not make one.
fn no_links(text: &str) -> String {
    text.replace("](", "] (")
}
