//! Findings as data.
//!
//! A finding points into sources, and says what it is by a code of the program's own. Here
//! a source has a number, and a code its name.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::diagnostic::{Code, Finding, Findings, Label, Severity, Subject};
use crate::source::{Location, MAX_FILE_BYTES, RepoPath, SourceFile, Span};

/// The most bytes of findings, with their sources, that one job may send.
const MOST_BYTES: usize = 16 << 20;

/// The most findings that one job may send.
const MOST_FINDINGS: usize = 10_000;

/// The most places of one finding.
const MOST_LABELS: usize = 100;

/// The most bytes of a text of a finding: an engine's error may quote what it likes.
const MOST_TEXT: usize = 4096;

/// A finding, or a source that those after it point into. Sources are numbered from zero.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum WirePart {
    /// A source. Its text is in the message's body.
    Source(WireSource),
    /// A finding.
    Finding(Box<WireFinding>),
}

/// A source that findings point into.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WireSource {
    path: RepoPath,
    revision: Option<String>,
    secrets: Vec<Span>,
}

/// A finding.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WireFinding {
    code: String,
    severity: Severity,
    message: String,
    labels: Vec<WireLabel>,
    help: Option<String>,
    subject: Option<Box<Subject>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct WireLabel {
    /// The number of the source.
    source: usize,
    span: Span,
    message: String,
}

/// Sends findings until they would be too much. Returns how many were left out.
pub(super) fn send(findings: &Findings, mut send: impl FnMut(WirePart, &[u8])) -> usize {
    let mut sources: HashMap<*const SourceFile, usize> = HashMap::new();
    let mut room = MOST_BYTES;
    for (sent, finding) in findings.iter().enumerate() {
        let labels = &finding.labels[..finding.labels.len().min(MOST_LABELS)];
        let new = labels.iter().map(|label| label.location.file()).filter(|file| {
            // Findings hold their files, so that an address is always the same file's.
            !sources.contains_key(&Arc::as_ptr(file))
        });
        let size = bytes_of(finding) + new.map(|file| shown_text(file).len()).sum::<usize>();
        if sent == MOST_FINDINGS || size > room {
            return findings.len() - sent;
        }
        room -= size;
        for file in labels.iter().map(|label| label.location.file()) {
            let number = sources.len();
            sources.entry(Arc::as_ptr(file)).or_insert_with(|| {
                let source = WireSource {
                    path: file.path().clone(),
                    revision: file.revision().map(str::to_owned),
                    secrets: file.secrets(),
                };
                send(WirePart::Source(source), shown_text(file).as_bytes());
                number
            });
        }
        let number = |location: &Location| sources[&Arc::as_ptr(location.file())];
        let labels = labels.iter().map(|label| WireLabel {
            source: number(&label.location),
            span: label.location.span(),
            message: cut(&label.message),
        });
        let finding = WireFinding {
            code: finding.code.name.to_owned(),
            severity: finding.severity,
            message: cut(&finding.message),
            labels: labels.collect(),
            help: finding.help.as_deref().map(cut),
            subject: finding.subject.clone(),
        };
        send(WirePart::Finding(Box::new(finding)), b"");
    }
    0
}

/// About as many bytes as a finding takes without its sources.
fn bytes_of(finding: &Finding) -> usize {
    let texts = finding.labels.iter().map(|label| label.message.len());
    let texts = texts.chain([finding.message.len(), finding.help.as_ref().map_or(0, String::len)]);
    256 + texts.map(|length| length.min(MOST_TEXT) + 64).sum::<usize>()
}

/// The text of a source; nothing of one that is longer than a file may be.
fn shown_text(file: &SourceFile) -> &str {
    if file.text().len() as u64 > MAX_FILE_BYTES { "" } else { file.text() }
}

/// A text of a length that people may read.
fn cut(text: &str) -> String {
    if text.len() <= MOST_TEXT {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(MOST_TEXT);
    format!("{}… ({} more bytes)", &text[..end], text.len() - end)
}

/// Findings as they arrive.
pub(super) struct FindingReader {
    codes: fn(&str) -> Option<&'static Code>,
    sources: Vec<Arc<SourceFile>>,
    findings: Findings,
    room: usize,
}

/// Something that no worker of ours sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Nonsense;

impl FindingReader {
    /// None yet. `codes` finds a code by its name.
    pub(super) fn new(codes: fn(&str) -> Option<&'static Code>) -> Self {
        // What is sent is a little larger than what was counted.
        let room = 2 * MOST_BYTES;
        Self { codes, sources: Vec::new(), findings: Findings::new(), room }
    }

    /// Takes a finding or a source, whose text is `body`.
    pub(super) fn take(&mut self, part: WirePart, body: &[u8]) -> Result<(), Nonsense> {
        match part {
            WirePart::Source(source) => self.source(source, body),
            WirePart::Finding(finding) => self.finding(*finding),
        }
    }

    fn source(&mut self, source: WireSource, text: &[u8]) -> Result<(), Nonsense> {
        let size = text.len() + source.secrets.len() * size_of::<Span>() + 256;
        self.room = self.room.checked_sub(size).ok_or(Nonsense)?;
        let text = String::from_utf8(text.to_vec()).map_err(|_| Nonsense)?;
        let file = SourceFile::new(source.path, text).at(source.revision);
        source.secrets.into_iter().for_each(|span| file.mark_secret(span));
        self.sources.push(Arc::new(file));
        Ok(())
    }

    fn finding(&mut self, finding: WireFinding) -> Result<(), Nonsense> {
        let code = (self.codes)(&finding.code).ok_or(Nonsense)?;
        let texts = finding.labels.iter().map(|label| label.message.len() + 64);
        let size = 256 + finding.message.len() + texts.sum::<usize>();
        self.room = self.room.checked_sub(size).ok_or(Nonsense)?;
        let label = |label: WireLabel| {
            let file = self.sources.get(label.source).ok_or(Nonsense)?;
            let location = Location::new(file, within(label.span, file.text()));
            Ok(Label { location, message: label.message })
        };
        let labels = finding.labels.into_iter().map(label).collect::<Result<Vec<_>, _>>()?;
        if labels.is_empty() {
            return Err(Nonsense);
        }
        self.findings.push(Finding {
            code,
            severity: finding.severity,
            message: finding.message,
            labels,
            help: finding.help,
            subject: finding.subject,
        });
        Ok(())
    }

    /// All that arrived.
    pub(super) fn finish(self) -> Findings {
        self.findings
    }
}

/// The span, if it is one of the text. A file without text is shown by its path alone, and
/// then the span only tells places apart.
fn within(span: Span, text: &str) -> Span {
    if text.is_empty() || text.get(span.range()).is_some() { span } else { Span::default() }
}
