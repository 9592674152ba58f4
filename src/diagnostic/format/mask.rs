//! Secrets kept out of what findings say.
//!
//! Excerpts are masked where they are taken ([`SourceFile::shown`]). A message
//! may still quote a value, or an engine's error may, so every text of a
//! finding is searched for what the files of the run marked secret, and for what
//! gives access in any text.
//!
//! [`SourceFile::shown`]: crate::source::SourceFile::shown

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::diagnostic::{Finding, Findings};
use crate::source::{REDACTED, SourceFile, without_credentials};

/// Shorter texts are words that sentences need (`yes`, `80`), and no secret
/// that could be kept.
const SHORTEST: usize = 4;

/// The findings without a secret in what they say.
pub(super) fn masked(findings: &Findings) -> Cow<'_, Findings> {
    if findings.is_empty() {
        return Cow::Borrowed(findings);
    }
    let secrets = secrets(findings);
    Cow::Owned(findings.iter().map(|finding| mask_finding(finding, &secrets)).collect())
}

impl Findings {
    /// The findings without what those files marked secret. A finding
    /// may quote a file that it does not show: a template's error quotes values.
    #[must_use]
    pub fn without_secrets_of(self, files: &[Arc<SourceFile>]) -> Self {
        let secrets = Secrets::of(files);
        if secrets.is_empty() {
            return self;
        }
        self.iter().map(|finding| mask_finding(finding, &secrets)).collect()
    }
}

/// What the files that the findings show marked secret.
fn secrets(findings: &Findings) -> Secrets {
    let labels = findings.iter().flat_map(|finding| &finding.labels);
    let mut seen = HashSet::new();
    let files = labels.map(|label| label.location.file());
    Secrets::of(files.filter(|file| seen.insert(Arc::as_ptr(file))))
}

/// The texts that must not be said, by how they begin: a report with as many
/// findings as a file has secrets must not search for each in each.
#[derive(Default)]
struct Secrets(HashMap<[u8; SHORTEST], BTreeSet<String>>);

impl Secrets {
    fn of<'f>(files: impl IntoIterator<Item = &'f Arc<SourceFile>>) -> Self {
        let mut secrets = Self::default();
        for text in files.into_iter().flat_map(|file| secrets_of(file)) {
            if let Some(&beginning) = text.as_bytes().first_chunk() {
                secrets.0.entry(beginning).or_default().insert(text);
            }
        }
        secrets
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text without them; none where it has none. Of secrets that overlap
    /// nothing is left.
    fn hide(&self, text: &str) -> Option<String> {
        let mut out = String::new();
        let mut done = 0;
        for (at, beginning) in text.as_bytes().windows(SHORTEST).enumerate() {
            let Some(end) = self.longest(text, at, beginning) else { continue };
            // One that begins where another goes on, or ends, needs no mask of its own.
            if at > done || out.is_empty() {
                out.push_str(&text[done..at]);
                out.push_str(REDACTED);
            }
            done = done.max(end);
        }
        (!out.is_empty()).then(|| out + &text[done..])
    }

    /// Where the longest secret that begins there ends.
    fn longest(&self, text: &str, at: usize, beginning: &[u8]) -> Option<usize> {
        let secrets = self.0.get(beginning)?.iter();
        let here = secrets.filter(|secret| text.as_bytes()[at..].starts_with(secret.as_bytes()));
        here.map(|secret| at + secret.len()).max()
    }
}

/// Line by line, because a block scalar's value lacks the indentation that its
/// source has; and without quotes, because a value has none. Of a line that is hidden as a
/// whole, the value after its key is quoted alone.
fn secrets_of(file: &SourceFile) -> Vec<String> {
    let spans = file.secrets();
    let texts = spans.iter().filter_map(|span| file.text().get(span.range()));
    let values = |line| {
        let value = str::split_once(line, ": ").map(|(_, value)| value);
        std::iter::once(line).chain(value)
    };
    let lines = texts.flat_map(str::lines).flat_map(values);
    let lines = lines.map(|line| line.trim().trim_matches(['"', '\'']));
    let is_switch = |line: &str| matches!(line, "true" | "false" | "null");
    lines.filter(|line| line.len() >= SHORTEST && !is_switch(line)).map(str::to_owned).collect()
}

fn mask_finding(finding: &Finding, secrets: &Secrets) -> Finding {
    let mut finding = finding.clone();
    let labels = finding.labels.iter_mut().map(|label| &mut label.message);
    let names = finding
        .subject
        .as_deref_mut()
        .into_iter()
        .flat_map(|subject| std::iter::once(&mut subject.environment).chain(&mut subject.app));
    let texts = std::iter::once(&mut finding.message).chain(labels).chain(&mut finding.help);
    for text in texts.chain(names) {
        if let Some(hidden) = secrets.hide(text) {
            *text = hidden;
        }
        if let Cow::Owned(hidden) = without_credentials(text) {
            *text = hidden;
        }
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(text: &str, secrets: &[&str]) -> Option<String> {
        let mut index = Secrets::default();
        for secret in secrets {
            let beginning = *secret.as_bytes().first_chunk().unwrap();
            index.0.entry(beginning).or_default().insert((*secret).to_owned());
        }
        index.hide(text)
    }

    #[test]
    fn of_secrets_that_overlap_nothing_is_left() {
        assert_eq!(hidden("x abcdefgh y", &["abcd", "bcdefgh"]).as_deref(), Some("x *** y"));
        assert_eq!(hidden("abcdefgh", &["abcd", "abcdef"]).as_deref(), Some("***gh"));
        assert_eq!(hidden("größe größe", &["größe"]).as_deref(), Some("*** ***"));
        assert_eq!(hidden("abc", &["abcd"]), None);
    }
}
