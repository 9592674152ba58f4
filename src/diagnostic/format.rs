//! The formats, listed once.

use std::str::FromStr;

use clap::ValueEnum;
use serde_json::{Map, Value};

use super::mask::masked;
use super::{Findings, github, gitlab, json, junit, sarif, text};

/// How findings are written. The names are contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people: messages with excerpts of the source.
    #[default]
    Text,
    /// JSON, versioned and stable.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit XML, for test reports.
    Junit,
    /// Workflow commands, which GitHub shows at the lines of a pull request.
    Github,
    /// A Code Quality report, which GitLab shows in a merge request.
    Gitlab,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        <Self as ValueEnum>::from_str(name, false)
    }
}

/// How [`Format::Text`] looks. The other formats have one look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether severities and spans have ANSI colours.
    pub colour: bool,
    /// Whether anything but ASCII is written; where not, frames are drawn in
    /// ASCII, and other characters are shown as escapes.
    pub unicode: bool,
    /// Columns of the terminal; what is longer is wrapped or cut. At least 40.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self { colour: false, unicode: true, width: 100 }
    }
}

/// [`Format::Json`] with what a command says beside its findings.
pub fn json_with(findings: &Findings, data: Map<String, Value>) -> String {
    json::render(&masked(findings), data)
}

/// The findings in that format, in the order in which they are given.
///
/// What was marked secret appears in none, and no text of the findings or
/// their files can command a terminal or a CI system that reads the result.
/// Nothing found is empty text, and a valid empty report in the other formats.
pub fn render(findings: &Findings, format: Format, style: &Style) -> String {
    let findings = &*masked(findings);
    match format {
        Format::Text => text::render(findings, *style),
        Format::Json => json::render(findings, Map::new()),
        Format::Sarif => sarif::render(findings),
        Format::Junit => junit::render(findings),
        Format::Github => github::render(findings),
        Format::Gitlab => gitlab::render(findings),
    }
}
