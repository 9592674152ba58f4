//! GitLab's Code Quality report, a subset of the Code Climate format
//! (docs.gitlab.com, "Code Quality report format").

use std::collections::HashMap;
use std::fmt::Write;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::place::Checkout;
use super::{json, plain};
use crate::diagnostic::{Finding, Findings, Severity};

#[derive(Serialize)]
struct Issue {
    check_name: &'static str,
    description: String,
    severity: &'static str,
    fingerprint: String,
    location: IssueLocation,
}

#[derive(Serialize)]
struct IssueLocation {
    path: String,
    lines: IssueLines,
}

#[derive(Serialize)]
struct IssueLines {
    begin: u32,
    end: u32,
}

/// A list of issues; the primary label is the place of each.
pub(super) fn render(findings: &Findings, checkout: Checkout<'_>) -> String {
    let with_prints = findings.iter().zip(fingerprints(findings, checkout));
    let issues = with_prints.map(|(finding, print)| issue(finding, print, checkout));
    json::document(&issues.collect::<Vec<_>>())
}

fn issue(finding: &Finding, fingerprint: String, checkout: Checkout<'_>) -> Issue {
    let at = finding.location();
    Issue {
        check_name: finding.code.name,
        description: plain::sentence_with_subject(finding),
        severity: match finding.severity {
            Severity::Error => "major",
            Severity::Warning => "minor",
            Severity::Note => "info",
        },
        fingerprint,
        location: IssueLocation {
            path: checkout.path(at).to_string(),
            lines: IssueLines { begin: at.start().line, end: at.end().line },
        },
    }
}

/// One for each finding, which stays when lines move: GitLab compares reports
/// by it to tell a new problem from a known one. It is the hash of code, path
/// and message, and of how many of the same came before. The subject is left
/// out: of a file that many environments share it is whichever came first.
pub(super) fn fingerprints(
    findings: &Findings,
    checkout: Checkout<'_>,
) -> impl Iterator<Item = String> {
    let mut seen: HashMap<String, u32> = HashMap::new();
    findings.iter().map(move |finding| {
        let path = checkout.path(finding.location());
        // No path or name has a NUL, so parts cannot be taken for one another.
        let identity = [finding.code.name, path.as_str(), &finding.message].join("\0");
        let before = seen.entry(identity.clone()).or_default();
        let hash = Sha256::digest(format!("{identity}\0{before}"));
        *before += 1;
        let mut print = String::with_capacity(2 * hash.len());
        for byte in hash {
            write!(print, "{byte:02x}").expect("a string takes all text");
        }
        print
    })
}
