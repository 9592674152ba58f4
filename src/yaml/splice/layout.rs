//! How a file is written: the places of its elements, and the habits that what
//! is added goes by.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use super::change::EditTarget;
use super::spell::{Quote, ValueWriter};
use crate::source::SourceFile;
use crate::yaml::{KeyNode, Kind, Node, NodeId, Style, Value, line, place};

/// A file with its documents, while it is edited.
pub(super) struct EditedFile<'a> {
    pub(super) source: &'a Arc<SourceFile>,
    pub(super) documents: &'a [Value],
    habits: OnceCell<Habits>,
    /// The quotes in collections that were asked about: one may have thousands of values.
    quotes: RefCell<HashMap<(*const Value, NodeId), Option<Quote>>>,
}

impl<'a> EditedFile<'a> {
    pub(super) fn new(source: &'a Arc<SourceFile>, documents: &'a [Value]) -> Self {
        Self { source, documents, habits: OnceCell::new(), quotes: RefCell::default() }
    }

    pub(super) fn text(&self) -> &'a str {
        self.source.text()
    }

    pub(super) fn habits(&self) -> Habits {
        *self.habits.get_or_init(|| Habits::of(self.text(), self.documents))
    }

    /// The quotes for a scalar in a collection that needs some: a neighbour's,
    /// else the file's.
    pub(super) fn quote_in(&self, parent: Option<Node<'_>>) -> Quote {
        let near = parent.and_then(|parent| {
            let tree = std::ptr::from_ref(parent.tree());
            let mut quotes = self.quotes.borrow_mut();
            *quotes.entry((tree, parent.id())).or_insert_with(|| {
                let values = parent.entries().map(|(_, value)| value);
                values.chain(parent.items()).find_map(Quote::of_text)
            })
        });
        near.unwrap_or_else(|| self.habits().quote)
    }

    /// How values are written in `parent`, a map or list at the line of a byte.
    pub(super) fn writer(&self, parent: Option<Node<'_>>, at: usize) -> ValueWriter<'static> {
        let habits = self.habits();
        let indents = parent.and_then(indents_lists(self.text())).unwrap_or(habits.indents_lists);
        ValueWriter {
            line_break: line::line_break(self.text(), at),
            step: habits.step,
            list_step: if indents { habits.step } else { 0 },
            quote: self.quote_in(parent),
            wanted: None,
            key_quote: None,
            colon: ": ",
        }
    }

    /// The column of a block map's keys, or a block list's dashes.
    pub(super) fn column(&self, collection: Node<'_>) -> usize {
        let starts = collection.own_entries().into_iter().map(|(key, _)| key.span().start as usize);
        let first = starts.into_iter().find(|&start| line::is_first(self.text(), start));
        line::column(self.text(), first.unwrap_or(collection.span().start as usize))
    }

    /// The offset after the last byte of a value: blank lines belong to a text
    /// that keeps them.
    pub(super) fn end_of(&self, node: Node<'_>) -> usize {
        let span = node.span();
        if node.alias_of().is_some() {
            return span.end as usize;
        }
        match node.style() {
            Style::Literal | Style::Folded => self.end_of_text(node),
            Style::Block => {
                let values = node.own_entries().into_iter().map(|(_, value)| value);
                let last = values.chain(node.items()).max_by_key(|value| value.span().end);
                last.map_or(0, |last| self.end_of(last)).max(span.end as usize)
            }
            _ => span.end as usize,
        }
    }

    /// The offset after a block scalar: with `+`, after the blank lines that follow.
    fn end_of_text(&self, node: Node<'_>) -> usize {
        let (text, span) = (self.text(), node.span());
        let mut end = span.end as usize;
        let header = &text[span.range()][..place::header_length(&text[span.range()])];
        while header.contains('+') {
            let next = line::next(text, end);
            let is_blank = text[next..line::end(text, next)].trim_matches([' ', '\t']).is_empty();
            if next >= text.len() || !is_blank {
                break;
            }
            end = line::end(text, next);
        }
        end
    }

    /// The offset after the colon of a key, or the dash of an item, and the
    /// properties that follow it: where the value may start on the same line.
    pub(super) fn after_indicator(&self, target: &EditTarget<'_>) -> Option<usize> {
        let text = self.text();
        let after = match (target.key, target.parent) {
            (Some(key), Some(map)) => place::after_colon(text, key.span().end, map.style()),
            (None, Some(list)) if list.style() == Style::Block => {
                self.after_dash(list, target.node)?
            }
            _ => return None,
        };
        Some(place::after_properties(text, after) as usize)
    }

    /// The offset after the dash of a block list's item.
    fn after_dash(&self, list: Node<'_>, item: Node<'_>) -> Option<u32> {
        let item = elements(self, list).into_iter().find(|there| there.value.id() == item.id())?;
        u32::try_from(item.start + 1).ok()
    }

    /// The tag of a node.
    pub(super) fn tag_of(&self, node: Node<'_>) -> Option<&'a str> {
        place::tag_of(self.text(), node.span().start as usize)
    }

    /// Whether a collection is empty, or a value is null.
    pub(super) fn is_empty(&self, node: Node<'_>) -> bool {
        match node.kind() {
            Kind::Null => true,
            Kind::Sequence(items) => items.is_empty(),
            // The map may have a `<<` that brings entries.
            Kind::Mapping(_) => {
                let inner = self.text()[node.span().range()].strip_prefix('{');
                inner.is_some_and(|inner| inner.trim_end_matches('}').trim().is_empty())
            }
            _ => false,
        }
    }
}

/// Whether the lists in a map are indented more than their keys, if it has lists.
fn indents_lists(text: &str) -> impl Fn(Node<'_>) -> Option<bool> {
    move |map| {
        let (key, list) = map
            .own_entries()
            .into_iter()
            .find(|(_, value)| value.is_sequence() && value.style() == Style::Block)?;
        let column = |at: u32| line::column(text, at as usize);
        Some(column(list.span().start) > column(key.span().start))
    }
}

/// An entry or item as it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    /// Where it starts: the key's or item's properties, or the dash.
    pub(super) start: usize,
    /// The offset after its last byte.
    pub(super) end: usize,
    pub(super) key: Option<KeyNode<'a>>,
    pub(super) value: Node<'a>,
}

/// What is written in a collection, in order.
pub(super) fn elements<'a>(file: &EditedFile<'_>, collection: Node<'a>) -> Vec<Element<'a>> {
    if collection.is_mapping() {
        return collection.own_entries().into_iter().map(|(k, v)| entry(file, k, v)).collect();
    }
    let is_block = collection.style() == Style::Block;
    let mut from = collection.span().start;
    let item = |value: Node<'a>| {
        let start = match place::next_dash(file.text(), from).filter(|_| is_block) {
            Some(dash) => dash as usize,
            None => place::properties_start(file.text(), value.span().start as usize),
        };
        let end = file.end_of(value).max(start + usize::from(is_block));
        from = u32::try_from(end).unwrap_or(u32::MAX);
        Element { start, end, key: None, value }
    };
    collection.items().map(item).collect()
}

fn entry<'a>(file: &EditedFile<'_>, key: KeyNode<'a>, value: Node<'a>) -> Element<'a> {
    let start = place::properties_start(file.text(), key.span().start as usize);
    let end = file.end_of(value).max(key.span().end as usize);
    Element { start, end, key: Some(key), value }
}

/// The habits of one file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Habits {
    /// Columns from a map's keys to those of a map in it.
    pub(super) step: usize,
    /// Whether lists are indented more than their keys.
    pub(super) indents_lists: bool,
    /// The quotes to use if no neighbour has any.
    pub(super) quote: Quote,
}

/// How often each way of writing occurs in a file.
#[derive(Default)]
struct StyleCounts {
    step: Option<usize>,
    lists: [usize; 2],
    quotes: [usize; 2],
}

impl Habits {
    /// The habits that a file's documents show.
    pub(super) fn of(text: &str, documents: &[Value]) -> Self {
        let mut counts = StyleCounts::default();
        for document in documents {
            counts.visit(text, document.root());
        }
        let [flush, indented] = counts.lists;
        let [single, double] = counts.quotes;
        Self {
            step: counts.step.unwrap_or(2),
            indents_lists: indented > flush,
            quote: if single > double { Quote::Single } else { Quote::Double },
        }
    }
}

impl StyleCounts {
    fn visit(&mut self, text: &str, node: Node<'_>) {
        if node.alias_of().is_some() {
            return;
        }
        match Quote::of_text(node) {
            Some(Quote::Single) => self.quotes[0] += 1,
            Some(Quote::Double) => self.quotes[1] += 1,
            None => {}
        }
        for (key, value) in node.entries() {
            if node.style() == Style::Block && value.style() == Style::Block {
                let from = line::column(text, key.span().start as usize);
                let to = line::column(text, value.span().start as usize);
                self.compare(value, from, to);
            }
            self.visit(text, value);
        }
        for item in node.items() {
            self.visit(text, item);
        }
    }

    fn compare(&mut self, value: Node<'_>, from: usize, to: usize) {
        match to.checked_sub(from) {
            Some(step @ 1..) if value.is_mapping() => {
                self.step.get_or_insert(step);
            }
            Some(step) if value.is_sequence() => self.lists[usize::from(step > 0)] += 1,
            _ => {}
        }
    }
}
