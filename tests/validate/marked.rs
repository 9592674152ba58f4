//! Manifests in which comments say what is wrong with a line:
//!
//! ```yaml
//! replcias: 3  #! unknown-field: replcias
//! ```
//!
//! The words after the code are those at the finding's place. `#?` is a warning. A comment on
//! a line of its own is about the next line. A first line `# kubernetes: 1.30` names the version.

use std::sync::Arc;

use rungs::diagnostic::{Finding, Severity};
use rungs::kubernetes::objects_of;
use rungs::source::{Location, Origin, RepoPath, SourceFile};
use rungs::validate::{JudgedRendering, JudgedVersion, definitions, validate};
use rungs::yaml::{Dialect, parse};

/// A finding, or a comment that expects one: line, severity, code, and the words at its place.
pub(crate) type Mark = (usize, &'static str, String, String);

/// The findings about the objects in a text.
pub(crate) fn found(text: &str) -> Vec<Finding> {
    let file = SourceFile::new(RepoPath::new("manifests.yaml").unwrap(), text.to_owned());
    let file = Arc::new(file);
    let documents = parse(&file, Dialect::Kubectl).unwrap_or_else(|found| panic!("{found:#?}"));
    let objects = objects_of(documents, &Origin::exact(Location::of_file(&file)));
    let objects = objects.unwrap_or_else(|found| panic!("{found:#?}"));
    let (own, mut findings) = definitions(&objects);
    let minor = text.lines().next().and_then(|line| line.strip_prefix("# kubernetes: 1."));
    let rendering = JudgedRendering {
        version: JudgedVersion::of(minor.map(|minor| minor.parse().unwrap())),
        definitions: &[&own],
        objects: objects.iter().collect(),
    };
    findings.extend(validate(&rendering).into_iter().flatten());
    findings.settled().into_iter().collect()
}

/// What is found in a text.
pub(crate) fn marks(findings: &[Finding]) -> Vec<Mark> {
    let marks = findings.iter().map(|finding| {
        let at = finding.location();
        let words = at.text().lines().next().unwrap_or_default().to_owned();
        let mark = if finding.severity == Severity::Error { "#!" } else { "#?" };
        (at.start().line as usize, mark, finding.code.name.to_owned(), words)
    });
    let mut marks: Vec<_> = marks.collect();
    marks.sort();
    marks
}

/// What the comments of a text expect.
pub(crate) fn expected(text: &str) -> Vec<Mark> {
    let mut expected = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for mark in ["#!", "#?"] {
            let Some((before, comment)) = line.split_once(&format!("{mark} ")) else { continue };
            let line = if before.trim().is_empty() { number + 2 } else { number + 1 };
            let (code, words) = comment.split_once(": ").unwrap();
            expected.push((line, mark, code.to_owned(), words.trim_end().to_owned()));
        }
    }
    expected.sort();
    expected
}
