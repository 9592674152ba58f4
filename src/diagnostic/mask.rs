//! Secrets kept out of what findings say.
//!
//! Excerpts are masked where they are taken ([`SourceFile::shown`]). A message
//! may still quote a value, or an engine's error may, so every text of a
//! finding is searched for what the files of the run marked secret.
//!
//! [`SourceFile::shown`]: crate::source::SourceFile::shown

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Finding, Findings};
use crate::source::SourceFile;

/// What stands for a secret in a sentence. Its length says nothing.
const MASK: &str = "***";

/// Shorter texts are words that sentences need (`yes`, `80`), and no secret
/// that could be kept.
const SHORTEST: usize = 4;

/// The findings without a secret in what they say.
pub(super) fn masked(findings: &Findings) -> Cow<'_, Findings> {
    let secrets = secrets(findings);
    if secrets.is_empty() {
        return Cow::Borrowed(findings);
    }
    Cow::Owned(findings.iter().map(|finding| mask_finding(finding, &secrets)).collect())
}

impl Findings {
    /// The findings without what those files marked secret. For whoever knows
    /// that a finding may quote a file that it does not show: a template's
    /// error quotes values.
    #[must_use]
    pub fn without_secrets_of(self, files: &[Arc<SourceFile>]) -> Self {
        let secrets = texts(files);
        if secrets.is_empty() {
            return self;
        }
        self.iter().map(|finding| mask_finding(finding, &secrets)).collect()
    }
}

/// What the files that the findings show marked secret.
fn secrets(findings: &Findings) -> Vec<String> {
    let mut files: Vec<&Arc<SourceFile>> = Vec::new();
    for label in findings.iter().flat_map(|finding| &finding.labels) {
        let file = label.location.file();
        if !files.iter().any(|known| Arc::ptr_eq(known, file)) {
            files.push(file);
        }
    }
    texts(files)
}

/// The texts that must not be said, the longest first: one may be part of another.
fn texts<'f>(files: impl IntoIterator<Item = &'f Arc<SourceFile>>) -> Vec<String> {
    let texts: BTreeSet<String> = files.into_iter().flat_map(|file| secrets_of(file)).collect();
    let mut texts: Vec<String> = texts.into_iter().collect();
    texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    texts
}

/// Line by line, because a block scalar's value lacks the indentation that its
/// source has; and without quotes, because a value has none.
fn secrets_of(file: &SourceFile) -> Vec<String> {
    let spans = file.secrets();
    let texts = spans.iter().filter_map(|span| file.text().get(span.range()));
    let lines = texts.flat_map(str::lines).map(|line| line.trim().trim_matches(['"', '\'']));
    lines.filter(|line| line.len() >= SHORTEST).map(str::to_owned).collect()
}

fn mask_finding(finding: &Finding, secrets: &[String]) -> Finding {
    let mut finding = finding.clone();
    let labels = finding.labels.iter_mut().map(|label| &mut label.message);
    let optional = finding.help.iter_mut().chain(finding.subject.iter_mut());
    for text in std::iter::once(&mut finding.message).chain(labels).chain(optional) {
        for secret in secrets {
            if text.contains(secret) {
                *text = text.replace(secret, MASK);
            }
        }
    }
    finding
}
