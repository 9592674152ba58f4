//! Values that are not in the file yet, and how they are written.

use super::spell::{Quote, Scalar, Spelling};
use crate::yaml::{Kind, Node};

/// A value to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fresh {
    Scalar(Scalar),
    List(Vec<Fresh>),
    Map(Vec<(String, Fresh)>),
}

impl Fresh {
    /// A text.
    pub(super) fn text(text: &str) -> Self {
        Self::Scalar(Scalar::Text(text.to_owned()))
    }

    /// What a node holds.
    pub(super) fn of(node: Node<'_>) -> Self {
        match node.kind() {
            Kind::Null => Self::plain("null"),
            Kind::Bool(truth) => Self::plain(&truth.to_string()),
            Kind::Number(number) => Self::plain(number.source()),
            Kind::String(text) => Self::text(text),
            Kind::Sequence(_) => Self::List(node.items().map(Self::of).collect()),
            Kind::Mapping(_) => {
                let entries = node.entries();
                Self::Map(entries.map(|(key, v)| (key.text().to_owned(), Self::of(v))).collect())
            }
        }
    }

    fn plain(text: &str) -> Self {
        Self::Scalar(Scalar::Plain(text.to_owned()))
    }

    /// Whether it takes lines of its own below its key.
    pub(super) fn is_block(&self) -> bool {
        match self {
            Self::Scalar(_) => false,
            Self::List(items) => !items.is_empty(),
            Self::Map(entries) => !entries.is_empty(),
        }
    }
}

/// How values are written at one place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writer<'a> {
    pub(super) line_break: &'a str,
    /// Columns from a map's keys to those of a map in it.
    pub(super) step: usize,
    /// Columns from a key to the dashes of its list.
    pub(super) list_step: usize,
    /// The quotes where some are needed.
    pub(super) quote: Quote,
    /// The quotes of texts as their neighbours have them.
    pub(super) wanted: Option<Quote>,
    /// The quotes of keys as their neighbours have them.
    pub(super) key_quote: Option<Quote>,
    /// What stands between a key and its value.
    pub(super) colon: &'a str,
}

impl Writer<'_> {
    fn spelling(&self, in_flow: bool) -> Spelling {
        Spelling { wanted: self.wanted, needed: self.quote, in_flow, marks: false }
    }

    fn key(&self, key: &str, in_flow: bool) -> String {
        Spelling { wanted: self.key_quote, ..self.spelling(in_flow) }.text(key)
    }

    /// A line break and that many spaces.
    pub(super) fn indent(&self, columns: usize) -> String {
        format!("{}{}", self.line_break, " ".repeat(columns))
    }

    /// `key: value` at a column where the cursor stands.
    pub(super) fn entry(&self, column: usize, key: &str, value: &Fresh) -> String {
        let key = self.key(key, false);
        match value {
            Fresh::Map(_) if value.is_block() => {
                let column = column + self.step;
                format!("{key}:{}{}", self.indent(column), self.block(column, value))
            }
            Fresh::List(_) if value.is_block() => {
                let column = column + self.list_step;
                format!("{key}:{}{}", self.indent(column), self.block(column, value))
            }
            inline => format!("{key}{}{}", self.colon, self.scalar(column + self.step, inline)),
        }
    }

    /// `- value` at a column where the cursor stands; `dash` is `-` with the
    /// blanks behind it.
    pub(super) fn item(&self, column: usize, dash: &str, value: &Fresh) -> String {
        let column = column + dash.len();
        format!("{dash}{}", self.block(column, value))
    }

    /// A value that is no block; the lines of a text begin at the column.
    pub(super) fn scalar(&self, column: usize, value: &Fresh) -> String {
        match value {
            Fresh::Scalar(Scalar::Text(text)) if is_block_text(text) => self.literal(column, text),
            value => self.inline(value, false),
        }
    }

    /// A value at a column where the cursor stands, over several lines where it
    /// is a collection.
    pub(super) fn block(&self, column: usize, value: &Fresh) -> String {
        let lines: Vec<String> = match value {
            Fresh::Map(entries) if value.is_block() => {
                entries.iter().map(|(key, value)| self.entry(column, key, value)).collect()
            }
            Fresh::List(items) if value.is_block() => {
                items.iter().map(|item| self.item(column, "- ", item)).collect()
            }
            inline => return self.scalar(column, inline),
        };
        lines.join(&self.indent(column))
    }

    /// A value on one line.
    pub(super) fn inline(&self, value: &Fresh, in_flow: bool) -> String {
        match value {
            Fresh::Scalar(scalar) => self.spelling(in_flow).spell(scalar),
            Fresh::List(items) => {
                let items: Vec<_> = items.iter().map(|item| self.inline(item, true)).collect();
                format!("[{}]", items.join(", "))
            }
            Fresh::Map(entries) => {
                let entries: Vec<_> =
                    entries.iter().map(|(key, value)| self.flow_entry(key, value)).collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }

    /// `key: value` inside brackets.
    pub(super) fn flow_entry(&self, key: &str, value: &Fresh) -> String {
        format!("{}{}{}", self.key(key, true), self.colon, self.inline(value, true))
    }

    /// A text of several lines behind `|`.
    fn literal(&self, column: usize, text: &str) -> String {
        let lines = text.trim_end_matches('\n');
        let chomping = match text.len() - lines.len() {
            0 => "-",
            1 => "",
            _ => "+",
        };
        let mut literal = format!("|{chomping}");
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            // A blank line has no spaces.
            literal.push_str(&if line.is_empty() { self.indent(0) } else { self.indent(column) });
            literal.push_str(line);
        }
        literal
    }
}

/// Whether a text of several lines is the same behind `|`, to every reader.
fn is_block_text(text: &str) -> bool {
    let is_plain =
        |c: char| !c.is_control() && !matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}');
    let lines = text.trim_end_matches('\n');
    lines.contains('\n')
        && !lines.starts_with([' ', '\n', '\t'])
        && lines.split('\n').all(|line| line.chars().all(is_plain) && !line.ends_with(' '))
}
