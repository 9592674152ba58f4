//! GitHub's workflow commands (docs.github.com, "Workflow commands").

use super::place::Checkout;
use super::plain;
use crate::diagnostic::{Finding, Findings, Severity, visible};

/// One command, and so one line, for each finding.
pub(super) fn render(findings: &Findings, checkout: Checkout<'_>) -> String {
    findings.iter().map(|finding| command(finding, checkout) + "\n").collect()
}

fn command(finding: &Finding, checkout: Checkout<'_>) -> String {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let title = match &finding.subject {
        Some(subject) => format!("{} ({subject})", finding.code.name),
        None => finding.code.name.to_owned(),
    };
    let place = place(finding, checkout);
    let text = plain::paragraph(finding, checkout);
    format!("::{level} {place},title={}::{}", property(&title), data(&text))
}

/// Columns count only within one line.
fn place(finding: &Finding, checkout: Checkout<'_>) -> String {
    let at = finding.location();
    let file = property(&checkout.path(at).to_string());
    if !at.has_text() {
        return format!("file={file}");
    }
    let (start, end) = (at.start(), at.end());
    if start.line == end.line {
        let (line, column, end) = (start.line, start.column, end.column);
        return format!("file={file},line={line},endLine={line},col={column},endColumn={end}");
    }
    format!("file={file},line={},endLine={}", start.line, end.line)
}

/// The runner undoes these escapes and splits at what they stand for
/// (`ActionCommand` of actions/runner). `%0D` is one of them, and not needed: a
/// carriage return is visible text before.
fn data(text: &str) -> String {
    visible::lines(text, false).replace('%', "%25").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
