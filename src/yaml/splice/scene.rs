//! One file while it is edited.

use std::cell::OnceCell;
use std::sync::Arc;

use super::comment::header_length;
use super::element::elements;
use super::find::{Target, own_entries};
use super::fresh::Writer;
use super::habit::Habits;
use super::spell::Quote;
use super::{line, property};
use crate::source::SourceFile;
use crate::yaml::{Kind, Node, Style, Value, place};

/// A file with its documents.
pub(super) struct Scene<'a> {
    pub(super) file: &'a Arc<SourceFile>,
    pub(super) documents: &'a [Value],
    habits: OnceCell<Habits>,
}

impl<'a> Scene<'a> {
    pub(super) fn new(file: &'a Arc<SourceFile>, documents: &'a [Value]) -> Self {
        Self { file, documents, habits: OnceCell::new() }
    }

    pub(super) fn text(&self) -> &'a str {
        self.file.text()
    }

    pub(super) fn habits(&self) -> Habits {
        *self.habits.get_or_init(|| Habits::of(self.text(), self.documents))
    }

    /// The quotes for a scalar in a collection that needs some: a neighbour's,
    /// else the file's.
    pub(super) fn quote_in(&self, parent: Option<Node<'_>>) -> Quote {
        let near = parent.and_then(|parent| {
            let values = parent.entries().map(|(_, value)| value);
            values.chain(parent.items()).find_map(Quote::of_text)
        });
        near.unwrap_or_else(|| self.habits().quote)
    }

    /// How values are written in `parent`, a map or list at the line of a byte.
    pub(super) fn writer(&self, parent: Option<Node<'_>>, at: usize) -> Writer<'static> {
        let habits = self.habits();
        let indents = parent.and_then(indents_lists(self.text())).unwrap_or(habits.indents_lists);
        Writer {
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
        let starts = own_entries(collection).into_iter().map(|(key, _)| key.span().start as usize);
        let first = starts.into_iter().find(|&start| line::is_first(self.text(), start));
        line::column(self.text(), first.unwrap_or(collection.span().start as usize))
    }

    /// Behind the last byte of a value: blank lines belong to a text that keeps
    /// them.
    pub(super) fn end_of(&self, node: Node<'_>) -> usize {
        let span = node.span();
        if node.alias_of().is_some() {
            return span.end as usize;
        }
        match node.style() {
            Style::Literal | Style::Folded => self.end_of_text(node),
            Style::Block => {
                let values = own_entries(node).into_iter().map(|(_, value)| value);
                let last = values.chain(node.items()).max_by_key(|value| value.span().end);
                last.map_or(0, |last| self.end_of(last)).max(span.end as usize)
            }
            _ => span.end as usize,
        }
    }

    /// Behind a block scalar: with `+`, behind the blank lines that follow.
    fn end_of_text(&self, node: Node<'_>) -> usize {
        let (text, span) = (self.text(), node.span());
        let mut end = span.end as usize;
        let header = &text[span.range()][..header_length(&text[span.range()])];
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

    /// Behind the colon of a key, or the dash of an item, and the properties
    /// that follow it: where the value may begin on the same line.
    pub(super) fn behind_indicator(&self, target: &Target<'_>) -> Option<usize> {
        let text = self.text();
        let behind = match (target.key, target.parent) {
            (Some(key), _) => place::behind(text, key.span().end, b':'),
            (None, Some(list)) if list.style() == Style::Block => {
                self.behind_dash(list, target.node)?
            }
            _ => return None,
        };
        Some(place::behind_properties(text, behind) as usize)
    }

    /// Behind the dash of a block list's item.
    fn behind_dash(&self, list: Node<'_>, item: Node<'_>) -> Option<u32> {
        let item = elements(self, list).into_iter().find(|there| there.value.id() == item.id())?;
        u32::try_from(item.start + 1).ok()
    }

    /// The tag of a node.
    pub(super) fn tag_of(&self, node: Node<'_>) -> Option<&'a str> {
        property::tag(self.text(), node.span().start as usize)
    }

    /// Whether a collection holds nothing, or a value is null.
    pub(super) fn is_void(&self, node: Node<'_>) -> bool {
        match node.kind() {
            Kind::Null => true,
            Kind::Sequence(items) => items.is_empty(),
            // What a merge brings stands there too.
            Kind::Mapping(_) => {
                let inner = self.text()[node.span().range()].strip_prefix('{');
                inner.is_some_and(|inner| inner.trim_end_matches('}').trim().is_empty())
            }
            _ => false,
        }
    }
}

/// Whether the lists in a map stand further right than their keys, where it
/// has some.
fn indents_lists(text: &str) -> impl Fn(Node<'_>) -> Option<bool> {
    move |map| {
        let (key, list) = own_entries(map)
            .into_iter()
            .find(|(_, value)| value.is_sequence() && value.style() == Style::Block)?;
        let column = |at: u32| line::column(text, at as usize);
        Some(column(list.span().start) > column(key.span().start))
    }
}
