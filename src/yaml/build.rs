//! From the parser's events to one document's tree.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use granit_parser::{Event, ScalarStyle, StructureStyle, Tag};

use super::code::{
    ALIAS_EXPANSION, DUPLICATE_KEY, KEY_NOT_TEXT, MERGE_NOT_MAP, NUMBER_NOT_FINITE,
    RECURSIVE_ALIAS, UNKNOWN_ANCHOR, WRONG_TAG,
};
use super::scalar::{self, Scalar};
use super::value::Entry;
use super::{Dialect, Key, Kind, NodeId, Number, Style, Value, place, syntax};
use crate::diagnostic::{Finding, Findings};
use crate::source::{Location, SourceFile, Span};

/// How deep maps and lists may nest. Kubernetes' own objects stay below 40;
/// every function over a tree may recurse this deep.
pub const MAX_DEPTH: usize = 200;

/// What `!!` stands for.
const YAML_TAGS: &str = "tag:yaml.org,2002:";

/// What has become of an anchor.
enum Anchor {
    /// Its collection is not complete.
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

/// What stands where the next node goes.
enum Pending {
    Key,
    Value(Key),
    /// The value of `<<`, which stands at the span.
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
    Mapping { entries: Entries, pending: Pending },
}

/// A map's entries, and which of them stand there only by a merge.
#[derive(Default)]
struct Entries {
    list: Vec<Entry>,
    merged: Vec<bool>,
    /// By key; only for maps too long to be searched.
    index: HashMap<Box<str>, usize>,
    /// The first `<<`.
    merge: Option<Span>,
}

impl Entries {
    /// Up to here, searching is quicker than hashing.
    const SHORT: usize = 16;

    fn find(&self, key: &str) -> Option<usize> {
        if self.list.len() <= Self::SHORT {
            return self.list.iter().position(|entry| entry.key_text() == key);
        }
        self.index.get(key).copied()
    }

    fn push(&mut self, entry: Entry, merged: bool) {
        self.list.push(entry);
        self.merged.push(merged);
        let at = self.list.len() - 1;
        match at {
            0..Self::SHORT => {}
            Self::SHORT => {
                let known = self.list.iter().enumerate();
                self.index = known.map(|(at, entry)| (entry.key_text().into(), at)).collect();
            }
            _ => {
                self.index.insert(self.list[at].key_text().into(), at);
            }
        }
    }

    fn replace(&mut self, at: usize, entry: Entry, merged: bool) {
        self.list[at] = entry;
        self.merged[at] = merged;
    }
}

/// One document while it is read.
pub(super) struct Document<'f> {
    file: &'f Arc<SourceFile>,
    dialect: Dialect,
    value: Value,
    root: Option<Built>,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Anchor>,
    findings: Findings,
    /// The end of the last token, from where the next one's marks are sought.
    cursor: u32,
    /// Whether the last token was a plain scalar.
    after_plain: bool,
    expansion: Expansion,
}

/// How much of a document comes from aliases, counted as go-yaml's decoder does
/// (`decode.go`, `allowedAliasRatio`).
#[derive(Default)]
struct Expansion {
    nodes: u64,
    by_alias: u64,
}

impl Expansion {
    const LOW: u64 = 400_000;
    const HIGH: u64 = 4_000_000;

    fn add(&mut self, nodes: u64) {
        self.nodes = self.nodes.saturating_add(nodes);
    }

    fn add_alias(&mut self, nodes: u64) {
        self.add(nodes);
        self.by_alias = self.by_alias.saturating_add(nodes);
    }

    #[allow(clippy::cast_precision_loss)] // A ratio.
    fn is_excessive(&self) -> bool {
        if self.by_alias <= 100 || self.nodes <= 1000 {
            return false;
        }
        let allowed = match self.nodes {
            ..=Self::LOW => 0.99,
            Self::HIGH.. => 0.10,
            nodes => 0.99 - 0.89 * ((nodes - Self::LOW) as f64 / (Self::HIGH - Self::LOW) as f64),
        };
        self.by_alias as f64 / self.nodes as f64 > allowed
    }
}

impl<'f> Document<'f> {
    /// A document that begins behind `start`.
    pub(super) fn new(file: &'f Arc<SourceFile>, dialect: Dialect, start: u32) -> Self {
        Self {
            file,
            dialect,
            value: Value::new(file),
            root: None,
            stack: Vec::new(),
            anchors: HashMap::new(),
            findings: Findings::new(),
            cursor: start,
            after_plain: false,
            expansion: Expansion::default(),
        }
    }

    /// What was found in a document that is given up.
    pub(super) fn into_findings(self) -> Findings {
        self.findings
    }

    /// The complete document; none where it holds nothing.
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

    /// Takes one event; false where the document cannot be read further.
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
                let items = Items::Mapping { entries: Entries::default(), pending: Pending::Key };
                return self.open(items, style, anchor, span);
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::UnresolvedAlias(name) => self.unknown_alias(&name, span),
            _ => {}
        }
        if self.expansion.is_excessive() {
            let finding = self.finding(&ALIAS_EXPANSION, "aliases repeat too much", span);
            self.findings.push(finding.because("the bound is passed here").help(
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

    /// The bracket that is open innermost.
    pub(super) fn open_bracket(&self) -> Option<Span> {
        let text = self.file.text().as_bytes();
        let is_bracket = |frame: &&Frame| {
            let first = text.get(frame.start as usize);
            frame.style == Style::Flow && matches!(first, Some(b'[' | b'{'))
        };
        let frame = self.stack.iter().rev().find(is_bracket)?;
        Some(Span { start: frame.start, end: frame.start + 1 })
    }

    /// Whether a problem was found that begins on the line of `at`.
    pub(super) fn has_finding_on_line(&self, at: &Location) -> bool {
        self.findings.iter().any(|finding| finding.location().start().line == at.start().line)
    }

    /// Refuses a tab between the last token and this one where kubectl does: at
    /// the begin of a line, outside brackets. The parser takes some of them.
    fn check_tabs(&mut self, span: Span) {
        let innermost = self.stack.last();
        if self.cursor >= span.start || innermost.is_some_and(|frame| frame.style == Style::Flow) {
            return;
        }
        let gap = Span { start: self.cursor, end: span.start };
        let is_blank_text = !self.file.text()[gap.range()].contains('\t');
        if is_blank_text {
            return;
        }
        // Behind a plain scalar, lines of blanks still belong to it, and a tab
        // counts as a blank from the column on where its text may go on.
        let free = if self.after_plain {
            innermost.map_or(0, |frame| place::column(self.file.text(), frame.start) + 1)
        } else {
            usize::MAX
        };
        if let Some(at) = place::leading_tab(self.file.text(), gap, free) {
            self.findings.push(syntax::tab(self.file, at));
        }
    }

    fn finding(
        &self,
        code: &'static crate::diagnostic::Code,
        message: impl Into<String>,
        span: Span,
    ) -> Finding {
        Finding::new(code, message, Location::new(self.file, span))
    }

    // Scalars.

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) {
        self.expansion.add(1);
        let read = span;
        let (style, span) = self.scalar_place(style, tag.is_some(), span);
        // A block scalar's blank last lines are not in our span.
        self.cursor = self.cursor.max(span.end).max(read.end);
        let is_merge = self.wants_key() && is_merge(text, style, tag);
        if is_merge {
            // The decoder does not decode this key.
            self.expansion.nodes -= 1;
            self.merge_key(span);
            return;
        }
        let kind = self.scalar_kind(text, style, tag, span);
        if self.wants_key() {
            if anchor != 0 {
                let id = self.value.push(kind.clone(), span, style);
                let built = Built { id, span, weight: 1, height: 0 };
                self.anchors.insert(anchor, Anchor::Done(built));
            }
            self.key(&kind, span, style);
            return;
        }
        let id = self.value.push(kind, span, style);
        self.deliver(Built { id, span, weight: 1, height: 0 }, anchor);
    }

    /// Our style for the parser's, and where the whole of the scalar stands.
    fn scalar_place(&self, style: ScalarStyle, tagged: bool, span: Span) -> (Style, Span) {
        let text = self.file.text();
        match style {
            ScalarStyle::Plain if span.is_empty() => {
                let is_inner = !self.wants_key() && !self.stack.is_empty();
                let at =
                    if is_inner { place::behind_properties(text, self.cursor) } else { span.start };
                let style = if tagged { Style::Plain } else { Style::Empty };
                (style, Span { start: at, end: at })
            }
            ScalarStyle::Plain => (Style::Plain, span),
            ScalarStyle::SingleQuoted => (Style::SingleQuoted, span),
            ScalarStyle::DoubleQuoted => (Style::DoubleQuoted, span),
            ScalarStyle::Literal => (Style::Literal, place::block_scalar(text, self.cursor, span)),
            ScalarStyle::Folded => (Style::Folded, place::block_scalar(text, self.cursor, span)),
        }
    }

    /// Moves behind the `:` or `-` that the next node stands behind.
    fn pass_indicator(&mut self) {
        let indicator = match self.stack.last() {
            Some(Frame { items: Items::Sequence(_), style: Style::Block, .. }) => b'-',
            Some(Frame { items: Items::Mapping { .. }, .. }) if !self.wants_key() => b':',
            _ => return,
        };
        self.cursor = place::behind(self.file.text(), self.cursor, indicator);
    }

    fn scalar_kind(&mut self, text: &str, style: Style, tag: Option<&Tag>, span: Span) -> Kind {
        let untagged = match tag {
            None => true,
            // `!` alone says nothing to v3, and "a text" to v2.
            Some(tag) => is_bare(tag) && self.dialect == Dialect::Kustomize,
        };
        if untagged {
            let scalar = match style {
                Style::Empty => Scalar::Null,
                Style::Plain => scalar::resolve(text, self.dialect),
                _ => Scalar::Text,
            };
            return self.kind_of(scalar, text, span);
        }
        let name = tag.and_then(|tag| tag.suffix_in_namespace(YAML_TAGS));
        match name.as_deref() {
            Some("binary") => self.binary(text, span),
            Some(name @ ("null" | "bool" | "int" | "float" | "timestamp")) => {
                let Some(scalar) = scalar::tagged(text, name, self.dialect) else {
                    let finding =
                        self.finding(&WRONG_TAG, format!("`{text}` is no `!!{name}`"), span);
                    self.findings.push(
                        finding
                            .because("the tag before it says what it must be")
                            .help("remove the tag, or write a value of that type"),
                    );
                    return Kind::Null;
                };
                self.kind_of(scalar, text, span)
            }
            // Every other tag makes it a text, whatever it looks like.
            _ => Kind::String(text.into()),
        }
    }

    fn binary(&mut self, text: &str, span: Span) -> Kind {
        let packed: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
        let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(packed) else {
            let finding = self.finding(&WRONG_TAG, "what is tagged `!!binary` is no Base64", span);
            self.findings.push(finding.help("remove the tag, or mend the Base64"));
            return Kind::Null;
        };
        // JSON has no bytes: Go writes U+FFFD for what is no UTF-8.
        Kind::String(String::from_utf8_lossy(&bytes).into())
    }

    fn kind_of(&mut self, scalar: Scalar, text: &str, span: Span) -> Kind {
        match scalar {
            Scalar::Null => Kind::Null,
            Scalar::Bool(truth) => Kind::Bool(truth),
            Scalar::Text => Kind::String(text.into()),
            // v2 keeps the text, v3 writes the time anew.
            Scalar::Timestamp(time) => match self.dialect {
                Dialect::Kubectl => Kind::String(text.into()),
                Dialect::Kustomize => Kind::String(time.into()),
            },
            Scalar::Integer(value) => Kind::Number(Number::integer(value, text)),
            Scalar::Unsigned(value) => Kind::Number(Number::unsigned(value, text)),
            Scalar::Float(value) if value.is_finite() => Kind::Number(Number::float(value, text)),
            Scalar::Float(_) => {
                let message = format!("`{text}` is a number that JSON does not have");
                let finding = self.finding(&NUMBER_NOT_FINITE, message, span);
                self.findings.push(
                    finding
                        .because("kubectl refuses this")
                        .help(format!("write `\"{text}\"` where a text is meant")),
                );
                Kind::Null
            }
        }
    }

    // Keys.

    fn wants_key(&self) -> bool {
        matches!(
            self.stack.last(),
            Some(Frame { items: Items::Mapping { pending: Pending::Key, .. }, .. })
        )
    }

    fn set_pending(&mut self, next: Pending) {
        if let Some(Frame { items: Items::Mapping { pending, .. }, .. }) = self.stack.last_mut() {
            *pending = next;
        }
    }

    fn key(&mut self, kind: &Kind, span: Span, style: Style) {
        if let Some(frame) = self.stack.last_mut() {
            frame.end = frame.end.max(span.end);
            frame.weight = frame.weight.saturating_add(1);
        }
        let Some(text) = key_text(kind, self.dialect) else {
            self.refuse_key(kind, span);
            return;
        };
        let key = Value::key(&text, span, style);
        if self.is_duplicate(&key, span) {
            self.set_pending(Pending::Refused);
        } else {
            self.set_pending(Pending::Value(key));
        }
    }

    fn is_duplicate(&mut self, key: &Key, span: Span) -> bool {
        let Some(Frame { items: Items::Mapping { entries, .. }, .. }) = self.stack.last() else {
            return false;
        };
        let Some(at) = entries.find(key.text()).filter(|&at| !entries.merged[at]) else {
            return false;
        };
        let first = entries.list[at].key_span();
        let written = |span: Span| &self.file.text()[span.range()];
        let message = if written(first) == written(span) {
            format!("the key `{}` is there twice", key.text())
        } else {
            let (first, second) = (written(first), written(span));
            format!("the keys `{first}` and `{second}` are the same to Kubernetes")
        };
        let finding = self
            .finding(&DUPLICATE_KEY, message, span)
            .because("the second time")
            .label(Location::new(self.file, first), "the first time")
            .help("remove one of them; kubectl would silently take the last");
        self.findings.push(finding);
        true
    }

    fn refuse_key(&mut self, kind: &Kind, span: Span) {
        self.set_pending(Pending::Refused);
        let known = self.findings.iter().last().map(|finding| finding.location().span());
        if known.is_some_and(|inner| span.contains(inner)) {
            return;
        }
        let text = self.file.text();
        let is_template = matches!(kind, Kind::Mapping(_))
            && text[..span.start as usize].ends_with('{')
            && text[span.range()].starts_with('{');
        let finding = if is_template {
            let outer = Span { start: span.start - 1, end: span.end };
            self.finding(&KEY_NOT_TEXT, "`{{` without quotes is a map inside a map to YAML", outer)
                .because("YAML reads these braces")
                .help(
                    "name the file `*.tera` if it is a template; put the whole value in quotes \
                     if the braces are meant as they are",
                )
        } else {
            self.finding(&KEY_NOT_TEXT, format!("{} cannot be a key", kind.noun()), span)
                .because("Kubernetes' objects have texts for keys")
                .help("put the key in quotes where a text is meant")
        };
        self.findings.push(finding);
    }

    // Collections.

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
            // The parser's span of a list at its key's column is behind the dash.
            place::dash(self.file.text(), self.cursor).unwrap_or(span.start).min(span.start)
        } else {
            span.start
        };
        self.cursor = self.cursor.max(start);
        self.stack.push(Frame { items, anchor, start, end: start, style, weight: 1, height: 1 });
        true
    }

    fn too_deep(&mut self, span: Span) {
        self.findings.push(syntax::too_deep(self.file, span));
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
            Items::Mapping { entries, pending } => match std::mem::replace(pending, Pending::Key) {
                Pending::Value(key) => {
                    let entry = Entry::new(key, built.id);
                    match entries.find(entry.key_text()) {
                        Some(at) => entries.replace(at, entry, false),
                        None => entries.push(entry, false),
                    }
                }
                Pending::Merge(at) => self.merge(built, at),
                Pending::Key | Pending::Refused => {}
            },
        }
    }

    // Aliases and merges.

    fn merge_key(&mut self, span: Span) {
        let Some(Frame { items: Items::Mapping { entries, pending }, .. }) = self.stack.last_mut()
        else {
            return;
        };
        let first = *entries.merge.get_or_insert(span);
        *pending = Pending::Merge(span);
        // v2 merges both.
        if first != span && self.dialect == Dialect::Kustomize {
            *pending = Pending::Refused;
            let finding = self
                .finding(&DUPLICATE_KEY, "the key `<<` is there twice", span)
                .because("the second time")
                .label(Location::new(self.file, first), "the first time")
                .help("merge a list: `<<: [*a, *b]`");
            self.findings.push(finding);
        }
    }

    fn alias(&mut self, anchor: usize, span: Span) {
        self.cursor = self.cursor.max(span.end);
        let target = match self.anchors.get(&anchor) {
            Some(Anchor::Done(built)) => *built,
            Some(Anchor::Open(anchored)) => {
                let anchored = *anchored;
                self.recursive_alias(anchored, span);
                return;
            }
            // Its node was refused.
            None => return self.stand_in(span),
        };
        self.expansion.add(1);
        self.expansion.add_alias(target.weight);
        if self.expansion.is_excessive() {
            return;
        }
        if self.stack.len() + target.height > MAX_DEPTH {
            self.too_deep(span);
            return self.stand_in(span);
        }
        if self.wants_key() {
            let kind = self.value.node(target.id).kind().clone();
            self.key(&kind, span, Style::Plain);
            return;
        }
        let id = self.value.push_alias(target.id, span);
        let weight = target.weight.saturating_add(1);
        self.deliver(Built { id, span, weight, height: target.height }, 0);
    }

    fn recursive_alias(&mut self, anchored: Span, span: Span) {
        let name = &self.file.text()[span.range()];
        let finding = self
            .finding(&RECURSIVE_ALIAS, format!("`{name}` repeats what it is part of"), span)
            .because("stands inside what it repeats")
            .label(Location::new(self.file, anchored), "which begins here")
            .help("repeat only what is complete before the alias");
        self.findings.push(finding);
        self.stand_in(span);
    }

    fn unknown_alias(&mut self, name: &str, span: Span) {
        self.cursor = self.cursor.max(span.end);
        let finding = self
            .finding(&UNKNOWN_ANCHOR, format!("no anchor `&{name}` stands before `*{name}`"), span)
            .because("repeats nothing")
            .help(format!(
                "mark what it repeats with `&{name}`; a text that begins with `*` needs quotes"
            ));
        self.findings.push(finding);
        self.stand_in(span);
    }

    /// Goes on behind an alias that was refused.
    fn stand_in(&mut self, span: Span) {
        if self.wants_key() {
            self.set_pending(Pending::Refused);
            return;
        }
        let id = self.value.push(Kind::Null, span, Style::Plain);
        self.set_refused_merge();
        self.deliver(Built { id, span, weight: 1, height: 0 }, 0);
    }

    /// What was refused needs no second finding for being no map.
    fn set_refused_merge(&mut self) {
        if let Some(Frame { items: Items::Mapping { pending, .. }, .. }) = self.stack.last_mut()
            && matches!(pending, Pending::Merge(_))
        {
            *pending = Pending::Refused;
        }
    }

    /// Takes the keys of what `<<` was given into the map at the top.
    fn merge(&mut self, built: Built, at: Span) {
        let Some(sources) = self.merge_sources(built) else {
            let finding = self
                .finding(&MERGE_NOT_MAP, "what `<<` merges is no map", built.span)
                .because("neither a map nor a list of maps")
                .label(Location::new(self.file, at), "merged here")
                .help("give `<<` an alias of a map, or a list of such aliases");
            self.findings.push(finding);
            return;
        };
        let Some(Frame { items: Items::Mapping { entries, .. }, .. }) = self.stack.last_mut()
        else {
            return;
        };
        for source in sources {
            let Kind::Mapping(merged) = self.value.node(source).kind() else { continue };
            for entry in merged {
                match entries.find(entry.key_text()) {
                    None => entries.push(entry.clone(), true),
                    // go-yaml's v2 lets the later win, so that `<<` overrides
                    // what stands before it; v3 lets what is written win.
                    Some(at) if self.dialect == Dialect::Kubectl || entries.merged[at] => {
                        entries.replace(at, entry.clone(), true);
                    }
                    Some(_) => {}
                }
            }
        }
    }

    /// The maps to merge, the strongest last; none where one is no map.
    fn merge_sources(&self, built: Built) -> Option<Vec<NodeId>> {
        let node = self.value.node(built.id);
        if node.is_mapping() {
            return Some(vec![built.id]);
        }
        let is_list = node.is_sequence() && node.alias_of().is_none();
        let all_maps = node.items().all(super::value::Node::is_mapping);
        (is_list && all_maps).then(|| node.items().rev().map(super::value::Node::id).collect())
    }
}

/// Whether it is `!` and nothing more.
fn is_bare(tag: &Tag) -> bool {
    tag.handle().is_empty() && tag.suffix() == "!"
}

fn is_merge(text: &str, style: Style, tag: Option<&Tag>) -> bool {
    text == "<<"
        && match tag {
            None => style == Style::Plain,
            Some(tag) => tag.suffix_in_namespace(YAML_TAGS).as_deref() == Some("merge"),
        }
}

/// A key as Kubernetes' JSON has it (`convertToJSONableObject` of
/// `sigs.k8s.io/yaml`); none where it cannot be one. kustomize takes texts only.
fn key_text(kind: &Kind, dialect: Dialect) -> Option<Cow<'_, str>> {
    match kind {
        Kind::String(text) => Some(Cow::Borrowed(text)),
        _ if dialect == Dialect::Kustomize => None,
        Kind::Bool(truth) => Some(truth.to_string().into()),
        Kind::Number(number) => match number.as_i64() {
            Some(value) => Some(value.to_string().into()),
            None if number.is_float() => Some(scalar::go_key(number.as_f64()).into()),
            None => None,
        },
        Kind::Null | Kind::Sequence(_) | Kind::Mapping(_) => None,
    }
}
