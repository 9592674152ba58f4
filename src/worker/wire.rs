//! Findings as data.
//!
//! A finding points into sources, and says what it is by a code of the program's own. Here
//! a source has a number, and a code its name.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::diagnostic::{Code, Finding, Findings, Label, Severity, Subject};
use crate::source::{Location, MAX_FILE_BYTES, RepoPath, SourceFile, Span};

/// The most bytes of findings, with their sources, that one job may send.
const MOST_BYTES: usize = 16 << 20;

/// The most findings that one job may send.
const MOST_FINDINGS: usize = 10_000;

/// The most places of one finding.
const MOST_LABELS: usize = 20;

/// The most bytes of a text of a finding: an engine's error may quote what it likes.
const MOST_TEXT: usize = 4096;

/// The most secrets of a source that is shown: as many as fit into a message beside a text.
const MOST_SECRETS: usize = 500_000;

/// The bytes of a span in a message.
const SPAN: usize = 8;

/// A finding, or a source that those after it point into. Sources are numbered from zero.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum WirePart {
    /// A source.
    Source(WireSource),
    /// A finding.
    Finding(Box<WireFinding>),
}

/// A source that findings point into.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WireSource {
    path: RepoPath,
    revision: Option<String>,
    /// The bytes of its text in the message's body. After it come the spans that must not be
    /// shown, each as the bytes of its start and its end.
    text: usize,
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

/// Sends findings until they would be too much, errors first: without one, nobody would know
/// why a job failed. Returns how many were left out.
pub(super) fn send(findings: &Findings, mut send: impl FnMut(WirePart, &[u8])) -> usize {
    let mut sender = FindingSender { sources: HashMap::new(), room: MOST_BYTES };
    let errors = findings.iter().filter(|finding| finding.is_error());
    let others = findings.iter().filter(|finding| !finding.is_error());
    let mut told = 0;
    for finding in errors.chain(others).take(MOST_FINDINGS) {
        // One that is too long with the texts that it points into is told without them.
        let parts = sender.parts(finding, shown_text).or_else(|| sender.parts(finding, |_| ""));
        let Some(parts) = parts else { break };
        for (part, body) in parts {
            send(part, &body);
        }
        told += 1;
    }
    findings.len() - told
}

/// What was sent so far.
struct FindingSender {
    /// The numbers of the sources. Findings hold their files, so that an address is always
    /// the same file's.
    sources: HashMap<*const SourceFile, usize>,
    /// How many more bytes may be sent.
    room: usize,
}

impl FindingSender {
    /// A finding and the sources that it needs, with the bodies of their messages; none if
    /// that would be too much.
    fn parts(
        &mut self,
        finding: &Finding,
        text_of: fn(&SourceFile) -> &str,
    ) -> Option<Vec<(WirePart, Vec<u8>)>> {
        let labels = &finding.labels[..finding.labels.len().min(MOST_LABELS)];
        let mut parts = Vec::new();
        let mut new = HashMap::new();
        for file in labels.iter().map(|label| label.location.file()) {
            let address = Arc::as_ptr(file);
            if !self.sources.contains_key(&address) && !new.contains_key(&address) {
                new.insert(address, self.sources.len() + new.len());
                parts.push(source_part(file, text_of(file)));
            }
        }
        let number = |location: &Location| {
            let address = Arc::as_ptr(location.file());
            let number = self.sources.get(&address).or_else(|| new.get(&address));
            *number.expect("every file of a label has a number")
        };
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
        parts.push((WirePart::Finding(Box::new(finding)), Vec::new()));
        let size = parts.iter().map(|(part, body)| bytes_of(part) + body.len()).sum();
        self.room = self.room.checked_sub(size)?;
        self.sources.extend(new);
        Some(parts)
    }
}

/// A source with that much of its text, and its message's body.
fn source_part(file: &SourceFile, text: &str) -> (WirePart, Vec<u8>) {
    let source = WireSource {
        path: file.path().clone(),
        revision: file.revision().map(str::to_owned),
        text: text.len(),
    };
    let secrets = if text.is_empty() { Vec::new() } else { file.secrets() };
    let ends = secrets.iter().flat_map(|span| [span.start, span.end]);
    let mut body = text.as_bytes().to_vec();
    body.extend(ends.flat_map(u32::to_le_bytes));
    (WirePart::Source(source), body)
}

/// The bytes of a part's message without its body, and as many as whoever reads it counts for
/// the message itself.
fn bytes_of(part: &WirePart) -> usize {
    96 + serde_json::to_vec(part).map_or(usize::MAX / 64, |bytes| bytes.len())
}

/// The text of a source; nothing of one that is longer than a file may be, or of which too
/// much must not be shown.
fn shown_text(file: &SourceFile) -> &str {
    let is_shown =
        file.text().len() as u64 <= MAX_FILE_BYTES && file.secrets().len() <= MOST_SECRETS;
    if is_shown { file.text() } else { "" }
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

/// A message that no worker of this program sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ProtocolViolation;

impl FindingReader {
    /// None yet. `codes` finds a code by its name.
    pub(super) fn new(codes: fn(&str) -> Option<&'static Code>) -> Self {
        // What is sent counts for four times as much here as there, at most.
        let room = 4 * MOST_BYTES;
        Self { codes, sources: Vec::new(), findings: Findings::new(), room }
    }

    /// Takes a finding or a source, whose text is `body`, from a message of that size.
    pub(super) fn take(
        &mut self,
        part: WirePart,
        body: &[u8],
        size: usize,
    ) -> Result<(), ProtocolViolation> {
        // Numbers take more memory than they have digits.
        self.room = self
            .room
            .checked_sub(256 + 4 * (size - body.len()) + body.len())
            .ok_or(ProtocolViolation)?;
        match part {
            WirePart::Source(source) => self.source(source, body),
            WirePart::Finding(finding) => self.finding(*finding),
        }
    }

    fn source(&mut self, source: WireSource, body: &[u8]) -> Result<(), ProtocolViolation> {
        let (text, spans) = body.split_at_checked(source.text).ok_or(ProtocolViolation)?;
        let text = String::from_utf8(text.to_vec()).map_err(|_| ProtocolViolation)?;
        let (spans, []) = spans.as_chunks::<SPAN>() else { return Err(ProtocolViolation) };
        let spans = spans.iter().map(|&[a, b, c, d, e, f, g, h]| Span {
            start: u32::from_le_bytes([a, b, c, d]),
            end: u32::from_le_bytes([e, f, g, h]),
        });
        let file = SourceFile::new(source.path, text).at(source.revision);
        for span in merged(spans.collect()) {
            file.mark_secret(span);
        }
        self.sources.push(Arc::new(file));
        Ok(())
    }

    fn finding(&mut self, finding: WireFinding) -> Result<(), ProtocolViolation> {
        let code = (self.codes)(&finding.code).ok_or(ProtocolViolation)?;
        let label = |label: WireLabel| {
            let file = self.sources.get(label.source).ok_or(ProtocolViolation)?;
            let location = Location::new(file, within(label.span, file.text()));
            Ok(Label { location, message: label.message })
        };
        let labels = finding.labels.into_iter().map(label).collect::<Result<Vec<_>, _>>()?;
        if labels.is_empty() {
            return Err(ProtocolViolation);
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
    pub(super) fn take_all(&mut self) -> Findings {
        mem::take(&mut self.findings)
    }
}

/// Spans that do not overlap, so that all together are no longer than what they are in.
fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

/// The span, if it is one of the text. A file without text is shown by its path alone, and
/// then the span only tells places apart.
fn within(span: Span, text: &str) -> Span {
    if text.is_empty() || text.get(span.range()).is_some() { span } else { Span::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes;
    use crate::diagnostic::{Format, TextStyle, render};
    use crate::worker::frame;
    use crate::worker::message::{FROM_WORKER, FromWorker};

    /// Sends findings, and returns what arrives with the number of those left out.
    fn through(findings: &Findings) -> (Findings, usize) {
        let mut reader = FindingReader::new(codes::find);
        let left_out = send(findings, |part, body| {
            let mut bytes = Vec::new();
            frame::write(&mut bytes, &FromWorker::Finding(part), &[body]).unwrap();
            let mut buffer = frame::FrameBuffer::default();
            let mut rest = &bytes[..];
            while buffer.fill(&mut rest).unwrap() > 0 {}
            let message = buffer.take(FROM_WORKER).unwrap().unwrap();
            let FromWorker::Finding(part) = message else { panic!("{message:?}") };
            reader.take(part, buffer.body(), buffer.size()).unwrap();
        });
        (reader.take_all(), left_out)
    }

    fn finding(file: &Arc<SourceFile>, message: &str) -> Finding {
        let code = codes::find("template-failed").unwrap();
        Finding::new(code, message, Location::new(file, Span::new(0, 1)))
    }

    fn file(text: &str) -> Arc<SourceFile> {
        Arc::new(SourceFile::new(RepoPath::new("a.yaml").unwrap(), text.to_owned()))
    }

    #[test]
    fn findings_arrive_as_they_were_sent() {
        let (one, other) = (file("a: 1\npassword: x\n"), file("b: 2\n"));
        one.mark_secret(Span::new(15, 16));
        let findings: Findings = [
            finding(&one, "first")
                .because("here")
                .label(Location::new(&other, Span::new(3, 4)), "and"),
            finding(&other, "second").help("help").about(Subject::app("qa", "web")),
            finding(&one, "third"),
        ]
        .into_iter()
        .collect();
        let (arrived, left_out) = through(&findings);
        assert_eq!((&arrived, left_out), (&findings, 0));
        let shown = arrived.iter().map(|one| one.location().file().shown().into_owned());
        assert_eq!(shown.collect::<Vec<_>>()[0], "a: 1\npassword: *\n");
    }

    #[test]
    fn what_is_too_much_is_cut_or_counted() {
        let long = "\u{fc}".repeat(MOST_TEXT);
        let (arrived, _) = through(&finding(&file("a"), &long).into());
        let message = &arrived.iter().next().unwrap().message;
        assert!(message.len() < MOST_TEXT + 100 && message.ends_with("(4096 more bytes)"));
        let many: Findings = (0..MOST_FINDINGS + 5).map(|_| finding(&file("a"), "m")).collect();
        let (arrived, left_out) = through(&many);
        assert_eq!((arrived.len(), left_out), (MOST_FINDINGS, 5));
        let text = "x".repeat(4 << 20);
        let large: Findings = (0..5).map(|_| finding(&file(&text), "m")).collect();
        let (arrived, left_out) = through(&large);
        assert_eq!((arrived.len(), left_out), (5, 0));
        let is_shown = |one: &&Finding| !one.labels[0].location.file().text().is_empty();
        assert_eq!(arrived.iter().filter(is_shown).count(), 3, "the others by their paths");
        // Each takes twice as much in a message.
        let quotes: Findings =
            (0..3000).map(|_| finding(&file("a"), &"\"".repeat(MOST_TEXT))).collect();
        let (arrived, left_out) = through(&quotes);
        assert!(left_out > 0 && arrived.len() + left_out == 3000, "{left_out}");
    }

    #[test]
    fn warnings_leave_room_for_an_error() {
        let warning = |at: usize| Finding {
            severity: Severity::Warning,
            ..finding(&file("a"), &format!("{at}"))
        };
        let mut findings: Findings = (0..2 * MOST_FINDINGS).map(warning).collect();
        findings.push(finding(&file("z"), "the error"));
        let (arrived, left_out) = through(&findings);
        assert_eq!((arrived.len(), left_out), (MOST_FINDINGS, MOST_FINDINGS + 1));
        assert_eq!(arrived.iter().filter(|one| one.is_error()).count(), 1);
        // Even if it points into more than there is room for.
        let text = "x".repeat(4 << 20);
        let mut large = finding(&file(&text), "large");
        for _ in 0..10 {
            let more = finding(&file(&text), "");
            large.labels.extend(more.labels);
        }
        assert_eq!(through(&large.into()).1, 0);
    }

    #[test]
    fn no_span_of_a_stranger_is_shown_wrongly() {
        let text = "a: \u{fc}\n\u{1f600}b\r\n";
        let style = TextStyle { colour: false, unicode: true, width: 80 };
        let end = u32::try_from(text.len()).unwrap();
        let offsets = [0, 1, 4, 5, 6, 7, 11, end - 1, end, end + 1, u32::MAX];
        for start in offsets {
            for end in offsets {
                let mut reader = FindingReader::new(codes::find);
                let span = Span { start, end };
                let source = WireSource {
                    path: RepoPath::new("a.yaml").unwrap(),
                    revision: Some("\u{1b}[31m".to_owned()),
                    text: text.len(),
                };
                let spans = [start, end, end, start].map(u32::to_le_bytes).concat();
                let body = [text.as_bytes(), &spans].concat();
                reader.take(WirePart::Source(source), &body, body.len()).unwrap();
                let finding = WireFinding {
                    code: "template-failed".to_owned(),
                    severity: Severity::Error,
                    message: "m".to_owned(),
                    labels: vec![WireLabel { source: 0, span, message: String::new() }],
                    help: None,
                    subject: None,
                };
                reader.take(WirePart::Finding(Box::new(finding)), b"", 100).unwrap();
                let findings = reader.take_all();
                for format in Format::ALL {
                    render(&findings, format, &style, &RepoPath::root());
                }
            }
        }
    }

    #[test]
    fn secrets_that_overlap_are_no_longer_than_the_text() {
        let whole = vec![Span { start: 0, end: 9 }; 1000];
        assert_eq!(merged(whole), [Span { start: 0, end: 9 }]);
        let spans = [(5, 7), (0, 2), (1, 3), (3, 4)].map(|(start, end)| Span { start, end });
        let merged = merged(spans.to_vec());
        assert_eq!(merged, [(0, 3), (3, 4), (5, 7)].map(|(start, end)| Span { start, end }));
    }

    #[test]
    fn what_nobody_sends_is_refused() {
        let part = |code: &str, labels| {
            let (message, help, subject) = (String::new(), None, None);
            let (code, severity) = (code.to_owned(), Severity::Error);
            WirePart::Finding(Box::new(WireFinding {
                code,
                severity,
                message,
                labels,
                help,
                subject,
            }))
        };
        let label = || WireLabel { source: 0, span: Span::default(), message: String::new() };
        let mut reader = FindingReader::new(codes::find);
        for wrong in [
            part("no-such-code", vec![label()]),
            part("template-failed", vec![label()]),
            part("template-failed", Vec::new()),
        ] {
            assert_eq!(reader.take(wrong, b"", 100), Err(ProtocolViolation));
        }
        let source = |text| {
            let (path, revision) = (RepoPath::root(), None);
            WirePart::Source(WireSource { path, revision, text })
        };
        assert_eq!(reader.take(source(1), b"\xff", 100), Err(ProtocolViolation));
        assert_eq!(reader.take(source(5), b"text", 100), Err(ProtocolViolation));
        assert_eq!(reader.take(source(4), b"textspan", 100), Err(ProtocolViolation));
        let text = vec![b'x'; 4 << 20];
        let taken = (0..100)
            .take_while(|_| reader.take(source(4 << 20), &text, text.len()).is_ok())
            .count();
        assert!(taken < 20, "{taken} sources of 4 MiB");
    }
}
