//! The formats, listed once.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

use super::mask::masked;
use super::place::Checkout;
use super::{Findings, github, gitlab, json, junit, sarif, text};
use crate::source::RepoPath;

/// How findings are written. The names are contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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

impl Format {
    /// Every format, the default first.
    pub const ALL: [Self; 6] =
        [Self::Text, Self::Json, Self::Sarif, Self::Junit, Self::Github, Self::Gitlab];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
        }
    }

    /// What it is for, in a few words.
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Text => "For people: messages with excerpts of the source",
            Self::Json => "JSON, versioned and stable",
            Self::Sarif => "SARIF 2.1.0, for code scanning",
            Self::Junit => "JUnit XML, for test reports",
            Self::Github => "Workflow commands, which GitHub shows at the lines of a pull request",
            Self::Gitlab => "A Code Quality report, which GitLab shows in a merge request",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// That no format is called so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no format is called `{0}`; there are {names}", names = Format::ALL.map(Format::name).join(", "))]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let known = Self::ALL.into_iter().find(|format| format.name() == name);
        known.ok_or_else(|| UnknownFormat(name.to_owned()))
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

/// A document of ours that is no report of findings, as versioned and as safe
/// to print as one.
pub fn json_of(data: Map<String, Value>) -> String {
    json::versioned(data)
}

/// A part of such a document, on one line.
pub fn json_part(part: &Value) -> String {
    super::visible::json(&part.to_string())
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
///
/// `prefix` leads from the clone's root to the repository's directory. CI
/// systems find a file by its path in the clone, so their reports have it
/// before each path; text and JSON name files as the repository does.
pub fn render(findings: &Findings, format: Format, style: &Style, prefix: &RepoPath) -> String {
    let findings = &*masked(findings);
    let checkout = Checkout { prefix };
    match format {
        Format::Text => text::render(findings, *style),
        Format::Json => json::render(findings, Map::new()),
        Format::Sarif => sarif::render(findings, checkout),
        Format::Junit => junit::render(findings, checkout),
        Format::Github => github::render(findings, checkout),
        Format::Gitlab => gitlab::render(findings, checkout),
    }
}
