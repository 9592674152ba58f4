//! The lines that a finding points at, ready to be drawn.
//!
//! miette draws labels over one source. A finding may point into several
//! files, whose lines may be too long to show or hold characters that must not
//! be shown. So each run of lines that is worth showing becomes an [`ExcerptWindow`] of
//! harmless text, and the windows follow one another in one imaginary
//! source: miette draws a frame for each, because no span reaches from one
//! into the next.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::style::TextStyle;
use crate::diagnostic::Label;
use crate::diagnostic::visible::{self, Guard};
use crate::source::{Location, Position, SourceFile, Span};

/// Lines shown before and after a labelled one.
pub(super) const CONTEXT: u32 = 1;

/// A span of more lines is shown by its first: the reader wants the place,
/// not the whole map.
const MAX_SPAN_LINES: u32 = 6;

/// Columns that line numbers and frames take.
const FRAME: usize = 12;

/// Files as a person may see them, each masked once in a report.
#[derive(Default)]
pub(super) struct ShownTexts<'f>(HashMap<*const SourceFile, Cow<'f, str>>);

impl<'f> ShownTexts<'f> {
    fn of(&mut self, file: &'f SourceFile) -> &str {
        self.0.entry(file).or_insert_with(|| file.shown())
    }
}

/// Lines of files with labels at their places.
pub(super) struct Excerpt {
    windows: Vec<ExcerptWindow>,
    labels: Vec<(LabeledSpan, Position)>,
}

/// A run of lines of one file.
struct ExcerptWindow {
    name: String,
    /// Where its text begins in the imaginary source.
    offset: usize,
    /// The number of its first line, from one.
    first_line: u32,
    text: String,
}

/// A label whose file has text.
struct PlacedLabel<'a> {
    label: &'a Label,
    /// Which of the finding's files it is in.
    file: usize,
    primary: bool,
    /// The bytes to underline.
    span: Span,
    /// First and last line of the span, from one.
    lines: (u32, u32),
}

/// Lines of one file to be shown together.
struct LabelledLines<'a> {
    labels: Vec<PlacedLabel<'a>>,
    lines: (u32, u32),
}

impl Excerpt {
    /// Of the labels whose files have text, in frames of their own where they
    /// stand apart; the primary label's comes first. None where no file has.
    pub(super) fn of<'f>(
        labels: &'f [Label],
        style: TextStyle,
        texts: &mut ShownTexts<'f>,
    ) -> Option<Self> {
        let mut files = Vec::new();
        let labels = labels.iter().enumerate().filter(|(_, label)| label.location.has_text());
        let labels = labels.map(|(index, label)| PlacedLabel {
            primary: index == 0,
            ..PlacedLabel::new(label, file_index(&mut files, label.location.file()))
        });
        let labels = labels.collect();
        let mut excerpt = Self { windows: Vec::new(), labels: Vec::new() };
        for run in runs(labels) {
            excerpt.add(&run, style, texts);
        }
        (!excerpt.windows.is_empty()).then_some(excerpt)
    }

    /// The labels at their places in the imaginary source.
    pub(super) fn labels(&self) -> impl Iterator<Item = LabeledSpan> + '_ {
        self.labels.iter().map(|(label, _)| label.clone())
    }

    fn add<'f>(&mut self, run: &LabelledLines<'f>, style: TextStyle, texts: &mut ShownTexts<'f>) {
        let file = run.labels[0].source();
        let offset = self.windows.last().map_or(0, |last| last.offset + last.text.len());
        let shown = texts.of(file);
        let mut text = String::new();
        let mut places = Places::default();
        for number in run.lines.0..=run.lines.1 {
            let span = file.line(number);
            let anchors = run.labels.iter().flat_map(PlacedLabel::anchors);
            let anchors = anchors.filter(|&at| span.start <= at && at <= span.end);
            let anchors: Vec<usize> = anchors.map(|at| (at - span.start) as usize).collect();
            let line = shown.get(span.range()).unwrap_or_default();
            append_line(&mut text, &mut places, span.start as usize, line, &anchors, style);
        }
        for label in &run.labels {
            let start = places.first_at(label.span.start as usize);
            let end = places.last_at(label.span.end as usize).max(start);
            self.labels.push((
                label.drawn(offset + start, end - start, style),
                label.label.location.start(),
            ));
        }
        let name = name(&run.labels[0].label.location, style);
        self.windows.push(ExcerptWindow { name, offset, first_line: run.lines.0, text });
    }
}

/// The file as git names it: `path`, or `commit:path` where it is a commit's.
pub(super) fn name(location: &Location, style: TextStyle) -> String {
    let path = visible::line(&location.path().to_string(), !style.unicode).into_owned();
    match location.file().revision() {
        Some(commit) => {
            let short: String = commit.chars().take(7).collect();
            format!("{}:{path}", visible::line(&short, !style.unicode))
        }
        None => path,
    }
}

/// The place of a file among those met so far. One that was read twice is one.
fn file_index<'a>(files: &mut Vec<&'a SourceFile>, file: &'a SourceFile) -> usize {
    let same = |known: &&SourceFile| {
        std::ptr::eq(*known, file)
            || (known.path() == file.path()
                && known.revision() == file.revision()
                && known.text() == file.text())
    };
    files.iter().position(same).unwrap_or_else(|| {
        files.push(file);
        files.len() - 1
    })
}

impl<'a> PlacedLabel<'a> {
    fn new(label: &'a Label, index: usize) -> Self {
        let file = label.location.file();
        let start = file.text().floor_char_boundary(label.location.span().start as usize);
        let end = file.text().floor_char_boundary(label.location.span().end as usize).max(start);
        // The end of a block is often the beginning of the line after it.
        let trimmed = start + file.text()[start..end].trim_end().len();
        let mut span = Span::new(start, trimmed);
        let first = file.position(span.start).line;
        let mut last = file.position(span.end).line;
        if last - first >= MAX_SPAN_LINES {
            span.end = file.line(first).end.max(span.start);
            last = first;
        }
        Self { label, file: index, primary: false, span, lines: (first, last) }
    }

    fn source(&self) -> &'a SourceFile {
        self.label.location.file()
    }

    /// The places that must be seen: on one line the beginning is enough.
    fn anchors(&self) -> impl Iterator<Item = u32> {
        let end = (self.lines.0 != self.lines.1).then_some(self.span.end);
        std::iter::once(self.span.start).chain(end)
    }

    fn drawn(&self, offset: usize, length: usize, style: TextStyle) -> LabeledSpan {
        let words = visible::line(&self.label.message, !style.unicode).into_owned();
        let words = (!words.is_empty()).then_some(words);
        let span = SourceSpan::from((offset, length));
        if self.primary {
            LabeledSpan::new_primary_with_span(words, span)
        } else {
            LabeledSpan::new_with_span(words, span)
        }
    }
}

/// The labels by the lines that they share with others: the primary one's
/// first, then by file and line.
fn runs(labels: Vec<PlacedLabel<'_>>) -> Vec<LabelledLines<'_>> {
    let mut runs: Vec<LabelledLines<'_>> = Vec::new();
    for label in labels {
        let before = label.lines.0.saturating_sub(CONTEXT).max(1);
        let after = (label.lines.1 + CONTEXT).min(last_line(label.source())).max(label.lines.1);
        let lines = (before, after);
        let mut joined = LabelledLines { labels: vec![label], lines };
        // The new label may fill the gap between two runs, which become one.
        while let Some(index) = runs.iter().position(|run| run.touches(&joined)) {
            let run = runs.remove(index);
            joined.lines = (run.lines.0.min(joined.lines.0), run.lines.1.max(joined.lines.1));
            joined.labels.splice(0..0, run.labels);
        }
        runs.push(joined);
    }
    runs.sort_by_key(|run| {
        let primary = run.labels.iter().any(|label| label.primary);
        (!primary, run.labels[0].file, run.lines.0)
    });
    runs
}

/// The last line that has text: what follows a final line break is not a line.
fn last_line(file: &SourceFile) -> u32 {
    let line = file.position(u32::MAX).line;
    if line > 1 && file.line(line).is_empty() { line - 1 } else { line }
}

impl LabelledLines<'_> {
    fn touches(&self, other: &Self) -> bool {
        let same = self.labels[0].file == other.labels[0].file;
        same && self.lines.0 <= other.lines.1 + 1 && other.lines.0 <= self.lines.1 + 1
    }
}

/// Which place of the drawn text shows which byte of the file, in order.
#[derive(Default)]
struct Places(Vec<(usize, usize)>);

impl Places {
    fn push(&mut self, byte: usize, drawn: usize) {
        self.0.push((byte, drawn));
    }

    /// Where the character that contains this byte begins.
    fn first_at(&self, byte: usize) -> usize {
        let after = self.0.partition_point(|&(at, _)| at <= byte);
        self.0.get(after.saturating_sub(1)).map_or(0, |&(_, drawn)| drawn)
    }

    /// Where the character that ends at this byte, or contains it, ends.
    fn last_at(&self, byte: usize) -> usize {
        let before = self.0.partition_point(|&(at, _)| at < byte);
        self.0.get(before).or(self.0.last()).map_or(0, |&(_, drawn)| drawn)
    }
}

/// Draws one line, with what is hidden shown and what is too far from any
/// anchor cut, and notes where its characters went.
fn append_line(
    text: &mut String,
    places: &mut Places,
    start: usize,
    line: &str,
    anchors: &[usize],
    style: TextStyle,
) {
    let mut guard = Guard::new(!style.unicode);
    let ellipsis = if style.unicode { "…" } else { "..." };
    let mut drawn_to = 0;
    for kept in kept(line, anchors, style.width.saturating_sub(FRAME).max(MIN_COLUMNS)) {
        if kept.start > drawn_to {
            places.push(start + drawn_to, text.len());
            text.push_str(ellipsis);
        }
        for (at, c) in line[kept.clone()].char_indices() {
            places.push(start + kept.start + at, text.len());
            let is_byte_order_mark = c == '\u{feff}' && start == 0 && kept.start + at == 0;
            if is_byte_order_mark {
                continue;
            }
            // The drawing expands tabs itself.
            if guard.admits(c) || c == '\t' {
                text.push(c);
            } else {
                text.push_str(&visible::escape(c));
            }
        }
        drawn_to = kept.end;
    }
    if drawn_to < line.len() {
        places.push(start + drawn_to, text.len());
        text.push_str(ellipsis);
    }
    places.push(start + line.len(), text.len());
    text.push('\n');
}

/// Fewer columns of source show nothing.
const MIN_COLUMNS: usize = 28;

/// The parts of a line to show in about so many columns: all of a short one,
/// else the surroundings of each anchor, else its beginning.
fn kept(line: &str, anchors: &[usize], columns: usize) -> Vec<Range<usize>> {
    if line.chars().nth(columns).is_none() {
        return std::iter::once(0..line.len()).collect();
    }
    if anchors.is_empty() {
        return std::iter::once(0..forward(line, 0, columns - 1)).collect();
    }
    let share = (columns / anchors.len()).max(MIN_COLUMNS / 2);
    let lead = share / 3;
    let around = anchors.iter().map(|&anchor| {
        let before = &line[..line.floor_char_boundary(anchor)];
        let from = before.char_indices().rev().nth(lead).map_or(0, |(at, _)| at);
        from..forward(line, from, share)
    });
    let mut ranges: Vec<Range<usize>> = around.collect();
    ranges.sort_by_key(|range| range.start);
    ranges.dedup_by(|next, range| {
        let joins = next.start <= range.end;
        if joins {
            range.end = range.end.max(next.end);
        }
        joins
    });
    ranges
}

/// The byte that is so many characters after `from`.
fn forward(line: &str, from: usize, characters: usize) -> usize {
    line[from..].char_indices().nth(characters).map_or(line.len(), |(at, _)| from + at)
}

impl SourceCode for Excerpt {
    /// The whole window that holds the span; a span that reaches from one
    /// window into another is refused, which keeps their frames apart. Without
    /// context lines it is a label's own place that is asked for.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        context_lines_before: usize,
        _context_lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let end = span.offset() + span.len();
        let holds = |window: &&ExcerptWindow| {
            // No label holds a window's last line break, so the ends are unambiguous.
            window.offset <= span.offset() && end < window.offset + window.text.len()
        };
        let window = self.windows.iter().find(holds).ok_or(MietteError::OutOfBounds)?;
        let first = Position { line: window.first_line, column: 1 };
        let at = if context_lines_before == 0 { self.position_of(*span) } else { None };
        let Position { line, column } = at.unwrap_or(first);
        let whole = SourceSpan::from((window.offset, window.text.len()));
        Ok(Box::new(MietteSpanContents::new_named(
            window.name.clone(),
            window.text.as_bytes(),
            whole,
            line as usize - 1,
            column as usize - 1,
            window.text.lines().count(),
        )))
    }
}

impl Excerpt {
    fn position_of(&self, span: SourceSpan) -> Option<Position> {
        let label = self.labels.iter().find(|(label, _)| *label.inner() == span)?;
        Some(label.1)
    }
}
