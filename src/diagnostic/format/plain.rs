//! What a finding says, as text without excerpts.

use std::fmt::Write;

use super::place::Checkout;
use crate::diagnostic::{Code, Finding, visible};

/// What is wrong and why, on one line.
pub(super) fn sentence(finding: &Finding) -> String {
    match finding.labels[0].message.as_str() {
        "" => finding.message.clone(),
        because => format!("{} ({because})", finding.message),
    }
}

/// The same, after the app and environment that it is about.
pub(super) fn sentence_with_subject(finding: &Finding) -> String {
    match &finding.subject {
        Some(subject) => format!("{subject}: {}", sentence(finding)),
        None => sentence(finding),
    }
}

/// What is wrong, each place with its reason, and what to do; a line for each.
pub(super) fn paragraph(finding: &Finding, checkout: Checkout<'_>) -> String {
    let mut text = visible::line(&finding.message, false).into_owned();
    for label in &finding.labels {
        let words = label.message.as_str();
        let colon = if words.is_empty() { "" } else { ": " };
        let place = format!("{}{colon}{words}", checkout.place(&label.location));
        // A line break in a name must not look like the next place.
        write!(text, "\n{}", visible::line(&place, false)).expect("a string takes all text");
    }
    if let Some(help) = &finding.help {
        write!(text, "\nhelp: {help}").expect("a string takes all text");
    }
    text
}

/// A code's page for a terminal: its title, how much it matters, and its
/// prose with only the Markdown that reads well as plain text.
pub fn explain(code: &Code) -> String {
    let exit = code.exit_codes().replace('`', "");
    let body = body(code);
    format!("{}\n\n{} · {} · exit code {exit}\n\n{body}\n", code.title(), code.name, code.severity)
}

/// The page below its title: code is indented, headings have no `#`, and a
/// link's address follows its text.
pub(super) fn body(code: &Code) -> String {
    let mut in_code = false;
    let mut out = Vec::new();
    for line in code.body().lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if in_code && !line.is_empty() {
            out.push(format!("    {line}"));
        } else {
            out.push(without_links(line.trim_start_matches('#').trim_start_matches(' ')));
        }
    }
    out.join("\n")
}

fn without_links(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, text, address, after)) = next_link(rest) {
        write!(out, "{before}{text} ({address})").expect("a string takes all text");
        rest = after;
    }
    out + rest
}

/// What comes before a link, its text, its address, and what follows it.
fn next_link(line: &str) -> Option<(&str, &str, &str, &str)> {
    let (left, right) = line.split_once("](")?;
    let (before, text) = left.rsplit_once('[')?;
    let (address, after) = right.split_once(')')?;
    Some((before, text, address, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{ProblemKind, Severity};

    #[test]
    fn a_page_reads_well_without_markdown() {
        let code = Code {
            name: "tab-indent",
            kind: ProblemKind::Input,
            severity: Severity::Error,
            page: " A tab indents.\n\n See [YAML](https://yaml.org) for `why`.\n\n ## Wrong\n\n \
                   ```yaml\n a:\n   b: 1\n ```\n",
        };
        assert_eq!(
            explain(&code),
            "A tab indents\n\ntab-indent · error · exit code 2\n\nSee YAML (https://yaml.org) for \
             `why`.\n\nWrong\n\n    a:\n      b: 1\n"
        );
    }
}
