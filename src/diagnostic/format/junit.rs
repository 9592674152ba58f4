//! JUnit XML, as Jenkins, GitLab and most other CI systems read it
//! (github.com/testmoapp/junitxml describes what they have in common).
//!
//! A file is a suite and a finding a test case. Only an error is a failure: a
//! warning does not fail a run, and these systems have no word for it.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::place::Checkout;
use super::plain;
use crate::diagnostic::{Finding, Findings, visible};
use crate::source::RepoPath;

/// One suite for each file, in order of first appearance. Where nothing was
/// found there is one case that passes, because a report without cases is an
/// error to some readers.
pub(super) fn render(findings: &Findings, checkout: Checkout<'_>) -> String {
    let mut files: IndexMap<RepoPath, Vec<&Finding>> = IndexMap::new();
    for finding in findings {
        files.entry(checkout.path(finding.location())).or_default().push(finding);
    }
    let counts = counts(&findings.iter().collect::<Vec<_>>());
    let suites: String = if files.is_empty() {
        NOTHING_FOUND.to_owned()
    } else {
        files.iter().map(|(path, findings)| suite(path, findings, checkout)).collect()
    };
    format!("{DECLARATION}<testsuites name=\"rungs\"{counts}>\n{suites}</testsuites>\n")
}

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

const NOTHING_FOUND: &str = r#"  <testsuite name="rungs" tests="1" failures="0" errors="0">
    <testcase classname="rungs" name="nothing found"/>
  </testsuite>
"#;

fn suite(path: &RepoPath, findings: &[&Finding], checkout: Checkout<'_>) -> String {
    let path = attribute(&path.to_string());
    let mut seen = HashMap::new();
    let cases = findings.iter().map(|finding| {
        let before = seen.entry((finding.code.name, &finding.message)).or_insert(0);
        *before += 1;
        case(&path, finding, *before, checkout)
    });
    let cases: String = cases.collect();
    let counts = counts(findings);
    format!("  <testsuite name=\"{path}\"{counts}>\n{cases}  </testsuite>\n")
}

fn counts(findings: &[&Finding]) -> String {
    let failures = findings.iter().filter(|finding| finding.is_error()).count();
    format!(" tests=\"{}\" failures=\"{failures}\" errors=\"0\"", findings.len().max(1))
}

/// Readers tell cases apart by their names, and compare runs by them: so a name
/// has no line, and no subject, which is one of several if environments share the file;
/// and what a file has twice is numbered.
fn case(path: &str, finding: &Finding, occurrence: usize, checkout: Checkout<'_>) -> String {
    let at = finding.location();
    let line = if at.has_text() { format!(" line=\"{}\"", at.start().line) } else { String::new() };
    let number = if occurrence > 1 { format!(" ({occurrence})") } else { String::new() };
    let name = attribute(&format!("{}: {}{number}", finding.code.name, finding.message));
    let result = result(finding, checkout);
    format!(
        "    <testcase classname=\"{path}\" name=\"{name}\" file=\"{path}\"{line}>\n      \
         {result}\n    </testcase>\n"
    )
}

fn result(finding: &Finding, checkout: Checkout<'_>) -> String {
    let body = content(&plain::paragraph(finding, checkout));
    if finding.is_error() {
        let (code, message) =
            (finding.code.name, attribute(&plain::sentence_with_subject(finding)));
        return format!("<failure type=\"{code}\" message=\"{message}\">{body}</failure>");
    }
    format!("<system-out>{}: {body}</system-out>", finding.severity)
}

/// Text in double quotes. A parser makes a space of a line break there, so it
/// is shown.
fn attribute(text: &str) -> String {
    escape(&visible::line(text, false))
}

/// Text between tags.
fn content(text: &str) -> String {
    escape(&visible::lines(text, false))
}

/// XML 1.0 has no way to write most control characters, so the text comes as a
/// terminal shows it. A line that begins with `::` would be a command to
/// GitHub's runner, were the report printed there.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            ':' if out.trim_end_matches(' ').ends_with('\n') => out.push_str("&#58;"),
            c => out.push(c),
        }
    }
    out
}
