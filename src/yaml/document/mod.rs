//! From the parser's events to one document's tree.

mod aliases;
mod entries;
mod expansion;
mod keys;
mod scalars;

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{Event, ScalarStyle, StructureStyle};

use super::code::ALIAS_EXPANSION;
use super::value::MapEntry;
use super::{Dialect, Kind, MAX_DEPTH, MapKey, NodeId, Style, Value, code, line, place};
use crate::diagnostic::{Code, Finding, Findings};
use crate::source::{Location, SourceFile, Span};

use self::entries::Entries;
use self::expansion::Expansion;

/// What an anchor stands for so far.
enum Anchor {
    /// The anchor of a collection that is not complete.
    Open(Span),
    Done(Built),
}

/// A complete node.
#[derive(Clone, Copy)]
struct Built {
    id: NodeId,
    span: Span,
    /// Nodes in it, aliases followed.
    weight: u64,
    /// Collections inside one another in it, aliases followed.
    height: usize,
}

/// What the next node is.
enum NextSlot {
    Key,
    Value(MapKey),
    /// The value of the `<<` at the span.
    Merge(Span),
    /// The value of a key that was refused.
    Refused,
}

/// A collection that is not complete.
struct Frame {
    items: Items,
    anchor: usize,
    start: u32,
    /// The end of what is in it so far.
    end: u32,
    style: Style,
    weight: u64,
    height: usize,
}

enum Items {
    Sequence(Vec<NodeId>),
    Mapping { entries: Entries, pending: NextSlot },
}

/// A node has about so many bytes of a file's text.
const BYTES_OF_NODE: usize = 16;

/// The most nodes that room is made for before they are read.
const MOST_RESERVED: usize = 31;

/// One document while it is read.
pub(super) struct DocumentBuilder<'f> {
    file: &'f Arc<SourceFile>,
    dialect: Dialect,
    value: Value,
    root: Option<Built>,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Anchor>,
    findings: Findings,
    /// The end of the last token, after which the next one's indicators are searched for.
    cursor: u32,
    /// Whether the last token was a plain scalar.
    after_plain: bool,
    expansion: Expansion,
}

impl<'f> DocumentBuilder<'f> {
    /// A document that starts after `start`.
    pub(super) fn new(file: &'f Arc<SourceFile>, dialect: Dialect, start: u32) -> Self {
        let mut value = Value::new(file);
        // The nodes of a small file, so that its tree need not grow. A large file may have
        // a great many small documents.
        value.reserve((file.text().len() / BYTES_OF_NODE).min(MOST_RESERVED));
        Self {
            file,
            dialect,
            value,
            root: None,
            stack: Vec::new(),
            anchors: HashMap::new(),
            findings: Findings::new(),
            cursor: start,
            after_plain: false,
            expansion: Expansion::default(),
        }
    }

    /// The number of problems that were found.
    pub(super) fn found(&self) -> usize {
        self.findings.len()
    }

    /// What was found in a document that is not read to its end.
    pub(super) fn into_findings(self) -> Findings {
        self.findings
    }

    /// The complete document; none if it is empty.
    pub(super) fn finish(mut self) -> Result<Option<Value>, Findings> {
        if !self.findings.is_empty() {
            return Err(self.findings);
        }
        let Some(root) = self.root else { return Ok(None) };
        if self.value.node(root.id).style() == Style::Empty {
            return Ok(None);
        }
        self.value.set_root(root.id);
        Ok(Some(self.value))
    }

    /// Takes one event; false if the document cannot be read further.
    pub(super) fn event(&mut self, event: Event<'_>, span: Span) -> bool {
        self.check_tabs(span);
        if event.is_node() {
            self.pass_indicator();
        }
        self.after_plain =
            matches!(event, Event::Scalar(_, ScalarStyle::Plain, ..)) && !span.is_empty();
        match event {
            Event::DocumentStart(true, _) => self.cursor = span.end,
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(&text, style, anchor, tag.as_deref(), span);
            }
            Event::SequenceStart(style, anchor, _) => {
                return self.open(Items::Sequence(Vec::new()), style, anchor, span);
            }
            Event::MappingStart(style, anchor, _) => {
                let items = Items::Mapping { entries: Entries::default(), pending: NextSlot::Key };
                return self.open(items, style, anchor, span);
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::UnresolvedAlias(name) => self.unknown_alias(&name, span),
            _ => {}
        }
        if self.expansion.is_excessive() {
            let finding = self.finding(&ALIAS_EXPANSION, "aliases repeat too much", span);
            self.findings.push(finding.because("the limit is exceeded here").help(
                "write out what differs; no more than 99 % of a document's values may come from \
                 aliases, less in a large one",
            ));
            return false;
        }
        true
    }

    /// Where the last token ended.
    pub(super) fn cursor(&self) -> u32 {
        self.cursor
    }

    /// The innermost open bracket.
    pub(super) fn open_bracket(&self) -> Option<Span> {
        let text = self.file.text().as_bytes();
        let is_bracket = |frame: &&Frame| {
            let first = text.get(frame.start as usize);
            frame.style == Style::Flow && matches!(first, Some(b'[' | b'{'))
        };
        let frame = self.stack.iter().rev().find(is_bracket)?;
        Some(Span { start: frame.start, end: frame.start + 1 })
    }

    /// Whether a problem was found that starts on the line of `at`.
    pub(super) fn has_finding_on_line(&self, at: &Location) -> bool {
        self.findings.iter().any(|finding| finding.location().start().line == at.start().line)
    }

    /// Refuses a tab between the last token and this one if kubectl does: at the
    /// start of a line, outside brackets. The parser accepts some of them.
    fn check_tabs(&mut self, span: Span) {
        let innermost = self.stack.last();
        if self.cursor >= span.start || innermost.is_some_and(|frame| frame.style == Style::Flow) {
            return;
        }
        let gap = Span { start: self.cursor, end: span.start };
        if !self.file.text()[gap.range()].contains('\t') {
            return;
        }
        // Blank lines after a plain scalar still belong to it, and in them a tab
        // counts as a blank from the column at which its text may continue.
        let free = if self.after_plain {
            innermost.map_or(0, |frame| line::column(self.file.text(), frame.start as usize) + 1)
        } else {
            usize::MAX
        };
        if let Some(at) = place::leading_tab(self.file.text(), gap, free) {
            self.findings.push(code::tab(self.file, at));
            // Once is enough.
            self.cursor = Span::new(at + 1, at + 1).start;
        }
    }

    fn finding(&self, code: &'static Code, message: impl Into<String>, span: Span) -> Finding {
        Finding::new(code, message, Location::new(self.file, span))
    }

    fn open(&mut self, items: Items, style: StructureStyle, anchor: usize, span: Span) -> bool {
        self.expansion.add(1);
        if self.stack.len() >= MAX_DEPTH {
            self.too_deep(span);
            return false;
        }
        if anchor != 0 {
            self.anchors.insert(anchor, Anchor::Open(span));
        }
        let style = match style {
            StructureStyle::Block => Style::Block,
            StructureStyle::Flow => Style::Flow,
        };
        let is_list = matches!(items, Items::Sequence(_));
        let start = if is_list && style == Style::Block {
            // The parser's span of a list at its key's column is after the dash.
            place::next_dash(self.file.text(), self.cursor).unwrap_or(span.start).min(span.start)
        } else {
            span.start
        };
        self.cursor = self.cursor.max(start);
        self.stack.push(Frame { items, anchor, start, end: start, style, weight: 1, height: 1 });
        true
    }

    fn too_deep(&mut self, span: Span) {
        self.findings.push(code::too_deep(self.file, span));
    }

    fn close(&mut self, span: Span) {
        let Some(frame) = self.stack.pop() else { return };
        let end = if frame.style == Style::Flow { span.end } else { frame.end };
        let span = Span { start: frame.start, end: end.max(frame.start) };
        self.cursor = self.cursor.max(span.end);
        let kind = match frame.items {
            Items::Sequence(items) => Kind::Sequence(items),
            Items::Mapping { entries, .. } => Kind::Mapping(entries.list),
        };
        if self.wants_key() {
            self.anchors.remove(&frame.anchor);
            self.refuse_key(&kind, span);
            return;
        }
        let id = self.value.push(kind, span, frame.style);
        let built = Built { id, span, weight: frame.weight, height: frame.height };
        self.deliver(built, frame.anchor);
    }

    /// Puts a complete node where it belongs.
    fn deliver(&mut self, built: Built, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, Anchor::Done(built));
        }
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(built);
            return;
        };
        frame.end = frame.end.max(built.span.end);
        frame.weight = frame.weight.saturating_add(built.weight);
        frame.height = frame.height.max(built.height + 1);
        match &mut frame.items {
            Items::Sequence(items) => items.push(built.id),
            Items::Mapping { entries, pending } => {
                match std::mem::replace(pending, NextSlot::Key) {
                    NextSlot::Value(key) => {
                        let entry = MapEntry::new(key, built.id);
                        match entries.find(entry.key_text()) {
                            Some(at) => entries.replace(at, entry, false),
                            None => entries.push(entry, false),
                        }
                    }
                    NextSlot::Merge(at) => self.merge(built, at),
                    NextSlot::Key | NextSlot::Refused => {}
                }
            }
        }
    }
}
