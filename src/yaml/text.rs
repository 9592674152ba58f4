//! Texts that hold YAML, as inline patches and Argo CD's `helm.values` do: a scalar whose
//! text is a file of its own.
//!
//! What such a text holds is read when it is asked for. Its nodes have their places in the
//! file around it, so that nothing needs to know that they are in a text.

use std::sync::Arc;

use super::{Dialect, Node, Style, Value, line, parse, place};
use crate::diagnostic::{Finding, Findings};
use crate::source::{Location, SourceFile, Span};

impl<'a> Node<'a> {
    /// The documents that its text holds, or why it holds none; none if it is not a text
    /// that may hold any.
    pub fn held(self) -> Option<Result<&'a [Value], &'a Findings>> {
        let held = self.held_documents()?;
        Some(held.get_or_init(|| read(self.written())).as_deref())
    }

    /// The roots of the documents that its text holds, each with its number: those that are
    /// a map or a list, as a sentence is not.
    pub fn held_roots(self) -> impl Iterator<Item = (usize, Self)> {
        let documents = self.held().and_then(Result::ok).unwrap_or_default();
        let roots = documents.iter().map(Value::root).enumerate();
        roots.filter(|(_, root)| root.is_mapping() || root.is_sequence())
    }
}

/// Reads what the text of a scalar holds.
fn read(node: Node<'_>) -> Result<Vec<Value>, Findings> {
    let around = node.location();
    let text = node.as_str().unwrap_or_default().to_owned();
    let inside = Arc::new(SourceFile::new(around.file().path().clone(), text));
    let lines = TextLines::of(node);
    let placed = |span: Span| lines.as_ref().map_or(around.span(), |lines| lines.outside(span));
    let documents = parse(&inside, Dialect::default()).map_err(|findings| {
        let placed = |finding: &Finding| relocated(finding.clone(), &inside, around.file(), placed);
        findings.iter().map(placed).collect::<Findings>()
    })?;
    let level = node.tree().level() + 1;
    let own = |document: Value| document.in_text(around.file(), placed, level, lines.is_some());
    Ok(documents.into_iter().map(own).collect())
}

/// A finding about a text, as one about the file that the text is in.
pub(super) fn relocated(
    mut finding: Finding,
    inside: &Arc<SourceFile>,
    outside: &Arc<SourceFile>,
    placed: impl Fn(Span) -> Span,
) -> Finding {
    for label in &mut finding.labels {
        if Arc::ptr_eq(label.location.file(), inside) {
            label.location = Location::new(outside, placed(label.location.span()));
        }
    }
    finding
}

/// Where the lines of a text are in its file, if each of them is one of the file's: in a
/// block after `|`, and in quotes on one line without escapes.
#[derive(Debug)]
pub(super) struct TextLines {
    lines: Vec<TextLine>,
    /// The quote around it; none in a block.
    quote: Option<char>,
    /// What the lines of a block are indented by.
    indent: usize,
}

#[derive(Debug, Clone, Copy)]
struct TextLine {
    /// Where the line starts in the text.
    inside: usize,
    /// Where what it holds starts in the file.
    outside: usize,
    /// Where the file's line starts.
    start: usize,
}

impl TextLines {
    /// The lines of a scalar; none if they are not its file's.
    pub(super) fn of(node: Node<'_>) -> Option<Self> {
        let node = node.written();
        let location = node.location();
        let (file, span, text) = (location.file().text(), node.span().range(), node.as_str()?);
        match node.style() {
            _ if !node.has_own_place() => None,
            Style::Literal => {
                let header = place::header_length(&file[span.clone()]);
                Self::of_block(file, line::next(file, span.start + header), text)
            }
            Style::SingleQuoted | Style::DoubleQuoted => {
                let quote = file[span.clone()].chars().next()?;
                let is_same = file.get(span.start + 1..span.end - 1) == Some(text);
                let is_escaped = text.contains(['\\', quote]);
                let line = TextLine { inside: 0, outside: span.start + 1, start: span.start + 1 };
                (is_same && !is_escaped && !text.contains('\n')).then(|| Self {
                    lines: vec![line],
                    quote: Some(quote),
                    indent: 0,
                })
            }
            _ => None,
        }
    }

    /// The lines of a block whose first one starts there.
    fn of_block(file: &str, first: usize, text: &str) -> Option<Self> {
        let mut start = first;
        let mut inside = 0;
        let mut indent = None;
        let mut lines = Vec::new();
        for whole in text.split_inclusive('\n') {
            let own = whole.strip_suffix('\n').unwrap_or(whole);
            let there = file.get(start..line::end(file, start.min(file.len())))?;
            let blanks = there.strip_suffix(own).filter(|blanks| blanks.bytes().all(|b| b == b' '));
            let blanks = blanks?.len();
            let is_indented = match indent {
                _ if own.is_empty() => indent.is_none_or(|indent| blanks <= indent),
                Some(indent) => blanks == indent,
                None => {
                    indent = Some(blanks);
                    true
                }
            };
            if !is_indented {
                return None;
            }
            lines.push(TextLine { inside, outside: start + blanks, start });
            inside += whole.len();
            start = line::next(file, start);
        }
        if text.ends_with('\n') {
            lines.push(TextLine { inside, outside: start, start });
        }
        Some(Self { lines, quote: None, indent: indent? })
    }

    /// The line of a byte of the text.
    fn line(&self, at: usize) -> TextLine {
        self.lines[self.lines.partition_point(|line| line.inside <= at).max(1) - 1]
    }

    /// The place in the file of a byte of the text.
    fn byte(&self, at: usize) -> usize {
        let line = self.line(at);
        line.outside + at - line.inside
    }

    /// The place in the file of what has that place in the text.
    pub(super) fn outside(&self, span: Span) -> Span {
        let (start, end) = (span.start as usize, span.end as usize);
        // What ends with a line does not reach into the next.
        let end = if start < end { self.byte(end - 1) + 1 } else { self.byte(end) };
        Span::new(self.byte(start), end)
    }

    /// What takes the place of which bytes of the file, if that takes the place of these
    /// bytes of the text; none if the text cannot be written so.
    pub(super) fn patch(
        &self,
        file: &str,
        at: std::ops::Range<usize>,
        with: &str,
    ) -> Option<(std::ops::Range<usize>, String)> {
        if let Some(quote) = self.quote {
            let is_plain = !with.contains(['\\', '\n', '\r', quote]);
            return is_plain.then(|| (self.byte(at.start)..self.byte(at.end), with.to_owned()));
        }
        let line_break = line::line_break(file, self.line(at.start).start);
        let (first, last) = (self.line(at.start), self.line(at.end));
        let are_lines = first.inside == at.start
            && last.inside == at.end
            && (with.is_empty() || with.ends_with('\n'));
        let mut written = String::new();
        for (number, whole) in with.split_inclusive('\n').enumerate() {
            let own = whole.strip_suffix('\n').unwrap_or(whole);
            if !own.is_empty() && (number > 0 || are_lines) {
                written.push_str(&" ".repeat(self.indent));
            }
            written.push_str(own);
            written.push_str(if own.len() < whole.len() { line_break } else { "" });
        }
        let start = if are_lines { first.start } else { self.byte(at.start) };
        if last.inside == at.end && (are_lines || with.ends_with('\n')) {
            return Some((start..last.start, written));
        }
        if with.ends_with('\n') {
            // What follows is on a line of its own then.
            written.push_str(&" ".repeat(self.indent));
        }
        Some((start..self.byte(at.end), written))
    }
}
