//! How a file is written: what is added goes by it.

use super::line;
use super::spell::Quote;
use crate::yaml::{Node, Style, Value};

/// The habits of one file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Habits {
    /// Columns from a map's keys to those of a map in it.
    pub(super) step: usize,
    /// Whether lists stand further right than their keys.
    pub(super) indents_lists: bool,
    /// The quotes where no neighbour has some.
    pub(super) quote: Quote,
}

/// What was counted.
#[derive(Default)]
struct Census {
    step: Option<usize>,
    lists: [usize; 2],
    quotes: [usize; 2],
}

impl Habits {
    /// The habits that a file's documents show.
    pub(super) fn of(text: &str, documents: &[Value]) -> Self {
        let mut census = Census::default();
        for document in documents {
            census.visit(text, document.root());
        }
        let [flush, indented] = census.lists;
        let [single, double] = census.quotes;
        Self {
            step: census.step.unwrap_or(2),
            indents_lists: indented > flush,
            quote: if single > double { Quote::Single } else { Quote::Double },
        }
    }
}

impl Census {
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
