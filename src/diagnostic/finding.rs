//! One diagnosed problem.

use std::collections::HashSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Code, ProblemKind, Severity};
use crate::source::Location;

/// A span with a few words that say why it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Label {
    /// Where.
    #[serde(flatten)]
    pub location: Location,
    /// Why, in a few words; may be empty.
    pub message: String,
}

/// What a finding is about: an environment, or an app in one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Subject {
    /// The environment's name.
    pub environment: String,
    /// The app's name; none where it is about the environment itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub app: Option<String>,
}

impl Subject {
    /// That app in that environment.
    pub fn app(environment: impl Into<String>, app: impl Into<String>) -> Self {
        Self { environment: environment.into(), app: Some(app.into()) }
    }
}

/// `web in qa`; the environment alone where no app is named.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.app {
            Some(app) => write!(f, "{app} in {}", self.environment),
            None => f.write_str(&self.environment),
        }
    }
}

/// One diagnosed problem: what, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which kind of problem.
    pub code: &'static Code,
    /// How much it matters here.
    pub severity: Severity,
    /// What is wrong, in one sentence without a final full stop.
    pub message: String,
    /// Where to mend it, then the places that explain it. Never empty.
    pub labels: Vec<Label>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The environment and app it was found in, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Box<Subject>>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// A module before this one can pass a finding through as an error that it does
/// not look at.
impl std::error::Error for Finding {}

impl Finding {
    /// A problem at `location`, with the code's own severity.
    pub fn new(code: &'static Code, message: impl Into<String>, location: Location) -> Self {
        Self {
            code,
            severity: code.severity,
            message: message.into(),
            labels: vec![Label { location, message: String::new() }],
            help: None,
            subject: None,
        }
    }

    /// Sets what the primary span says: why it is shown.
    #[must_use]
    pub fn because(mut self, words: impl Into<String>) -> Self {
        self.labels[0].message = words.into();
        self
    }

    /// Adds a second place.
    #[must_use]
    pub fn label(mut self, location: Location, words: impl Into<String>) -> Self {
        self.labels.push(Label { location, message: words.into() });
        self
    }

    /// Sets the help: what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Sets the help where it is known.
    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// Sets which environment and app it is about.
    #[must_use]
    pub fn about(mut self, subject: Subject) -> Self {
        self.subject = Some(Box::new(subject));
        self
    }

    /// The place to mend.
    pub fn location(&self) -> &Location {
        &self.labels[0].location
    }

    /// Whether it is an error here.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// How many findings there are of each severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Of severity error.
    pub errors: usize,
    /// Of severity warning.
    pub warnings: usize,
    /// Of severity note.
    pub notes: usize,
}

/// `2 errors, 1 warning`; what there is none of is left out.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [(self.errors, "error"), (self.warnings, "warning"), (self.notes, "note")];
        let mut separator = "";
        for (count, noun) in all.into_iter().filter(|&(count, _)| count > 0) {
            let plural = if count == 1 { "" } else { "s" };
            write!(f, "{separator}{count} {noun}{plural}")?;
            separator = ", ";
        }
        Ok(())
    }
}

/// Problems found together, in the order in which they were found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    /// What was made, or nothing where these findings say why.
    pub fn keep<T>(&mut self, made: Result<T, Self>) -> Option<T> {
        made.map_err(|found| self.0.extend(found)).ok()
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many were found.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// In order.
    pub fn iter(&self) -> std::slice::Iter<'_, Finding> {
        self.0.iter()
    }

    /// How many there are of each severity.
    pub fn counts(&self) -> Counts {
        let of = |severity| self.iter().filter(|finding| finding.severity == severity).count();
        Counts {
            errors: of(Severity::Error),
            warnings: of(Severity::Warning),
            notes: of(Severity::Note),
        }
    }

    /// Whether one is an error.
    pub fn has_errors(&self) -> bool {
        self.iter().any(Finding::is_error)
    }

    /// The kind of the worst error; none if there is no error.
    pub fn kind(&self) -> Option<ProblemKind> {
        self.iter().filter(|finding| finding.is_error()).map(|finding| finding.code.kind).max()
    }

    /// Sets for each which environment and app it is about, unless it is set already.
    #[must_use]
    pub fn about(mut self, subject: &Subject) -> Self {
        for finding in &mut self.0 {
            finding.subject.get_or_insert_with(|| Box::new(subject.clone()));
        }
        self
    }

    /// One finding for each problem and place, sorted by file, line and code:
    /// a file that several environments share is read for each of them.
    #[must_use]
    pub fn settled(self) -> Self {
        let mut seen = HashSet::new();
        let mut findings = self.0;
        findings.retain(|finding| {
            let at = finding.location();
            let revision = at.file().revision().map(str::to_owned);
            seen.insert((
                finding.code.name,
                at.path().clone(),
                revision,
                at.span(),
                finding.message.clone(),
                finding.severity,
            ))
        });
        findings.sort_by(|a, b| {
            let key = |f: &Finding| (f.location().path().clone(), f.location().span(), f.code.name);
            key(a).cmp(&key(b)).then_with(|| a.subject.cmp(&b.subject))
        });
        Self(findings)
    }
}

impl From<Finding> for Findings {
    fn from(finding: Finding) -> Self {
        Self(vec![finding])
    }
}

impl Extend<Finding> for Findings {
    fn extend<T: IntoIterator<Item = Finding>>(&mut self, findings: T) {
        self.0.extend(findings);
    }
}

impl FromIterator<Finding> for Findings {
    fn from_iter<T: IntoIterator<Item = Finding>>(findings: T) -> Self {
        Self(findings.into_iter().collect())
    }
}

impl IntoIterator for Findings {
    type Item = Finding;
    type IntoIter = std::vec::IntoIter<Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Findings {
    type Item = &'a Finding;
    type IntoIter = std::slice::Iter<'a, Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
