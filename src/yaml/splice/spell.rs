//! How new values are written: their lines, indentation and quotes.

use super::change::{NewScalar, NewValue};
use crate::yaml::{Node, Style, lint};

/// What a scalar is written between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quote {
    Single,
    Double,
}

impl Quote {
    /// The quotes of a style that has some.
    pub(super) fn of(style: Style) -> Option<Self> {
        match style {
            Style::SingleQuoted => Some(Self::Single),
            Style::DoubleQuoted => Some(Self::Double),
            _ => None,
        }
    }

    /// The quotes of a text.
    pub(super) fn of_text(node: Node<'_>) -> Option<Self> {
        node.as_str().and_then(|_| Self::of(node.style()))
    }
}

/// How values are written at one place.
#[derive(Debug, Clone, Copy)]
pub(super) struct ValueWriter<'a> {
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
    /// The text between a key and its value.
    pub(super) colon: &'a str,
}

impl ValueWriter<'_> {
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

    /// `key: value` at the column of the cursor.
    pub(super) fn entry(&self, column: usize, key: &str, value: &NewValue) -> String {
        let key = self.key(key, false);
        match value {
            NewValue::Map(_) if value.is_block() => {
                let column = column + self.step;
                format!("{key}:{}{}", self.indent(column), self.block(column, value))
            }
            NewValue::List(_) if value.is_block() => {
                let column = column + self.list_step;
                format!("{key}:{}{}", self.indent(column), self.block(column, value))
            }
            inline => format!("{key}{}{}", self.colon, self.scalar(column + self.step, inline)),
        }
    }

    /// `- value` at the column of the cursor; `dash` is `-` with the
    /// blanks after it.
    pub(super) fn item(&self, column: usize, dash: &str, value: &NewValue) -> String {
        let column = column + dash.len();
        format!("{dash}{}", self.block(column, value))
    }

    /// A value that is not a block; the lines of a text start at the column.
    pub(super) fn scalar(&self, column: usize, value: &NewValue) -> String {
        match value {
            NewValue::Scalar(NewScalar::Text(text)) if is_block_text(text) => {
                self.literal(column, text)
            }
            value => self.inline(value, false),
        }
    }

    /// A value at the column of the cursor, over several lines if it is a collection.
    pub(super) fn block(&self, column: usize, value: &NewValue) -> String {
        let lines: Vec<String> = match value {
            NewValue::Map(entries) if value.is_block() => {
                entries.iter().map(|(key, value)| self.entry(column, key, value)).collect()
            }
            NewValue::List(items) if value.is_block() => {
                items.iter().map(|item| self.item(column, "- ", item)).collect()
            }
            inline => return self.scalar(column, inline),
        };
        lines.join(&self.indent(column))
    }

    /// A value on one line.
    pub(super) fn inline(&self, value: &NewValue, in_flow: bool) -> String {
        match value {
            NewValue::Scalar(scalar) => self.spelling(in_flow).spell(scalar),
            NewValue::List(items) => {
                let items: Vec<_> = items.iter().map(|item| self.inline(item, true)).collect();
                format!("[{}]", items.join(", "))
            }
            NewValue::Map(entries) => {
                let entries: Vec<_> =
                    entries.iter().map(|(key, value)| self.flow_entry(key, value)).collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }

    /// `key: value` inside brackets.
    pub(super) fn flow_entry(&self, key: &str, value: &NewValue) -> String {
        format!("{}{}{}", self.key(key, true), self.colon, self.inline(value, true))
    }

    /// A text of several lines after `|`.
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

/// Whether a text of several lines is the same after `|`, to every reader.
fn is_block_text(text: &str) -> bool {
    let is_plain =
        |c: char| !c.is_control() && !matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}');
    let lines = text.trim_end_matches('\n');
    lines.contains('\n')
        && !lines.starts_with([' ', '\n', '\t'])
        && lines.split('\n').all(|line| line.chars().all(is_plain) && !line.ends_with(' '))
}

/// What is asked of the way a scalar is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spelling {
    /// The quotes to use even where they are not needed.
    pub(super) wanted: Option<Quote>,
    /// The quotes to use where some are needed.
    pub(super) needed: Quote,
    /// Whether it is inside brackets.
    pub(super) in_flow: bool,
    /// Whether a `?` is known to do no harm inside brackets.
    pub(super) marks: bool,
}

impl Spelling {
    /// The scalar as it is written.
    pub(super) fn spell(self, scalar: &NewScalar) -> String {
        match scalar {
            NewScalar::Plain(text) => text.clone(),
            NewScalar::Text(text) => self.text(text),
        }
    }

    /// A text as it is written.
    pub(super) fn text(self, text: &str) -> String {
        let quote = match self.wanted {
            Some(quote) => quote,
            None if may_be_plain(text, self.in_flow, self.marks) => return text.to_owned(),
            None => self.needed,
        };
        match quote {
            Quote::Single if text.chars().all(is_printed) => {
                format!("'{}'", text.replace('\'', "''"))
            }
            _ => double_quoted(text),
        }
    }
}

/// Whether a text without quotes is that text, to every reader.
fn may_be_plain(text: &str, in_flow: bool, marks: bool) -> bool {
    let starts_plain = match text.chars().next() {
        None => false,
        Some('-' | '?' | ':') => text[1..].starts_with(|c: char| c != ' ' && !is_bracket(c)),
        Some(first) => !is_indicator(first),
    };
    let is_ended = text.ends_with([' ', ':']) || text.contains(": ") || text.contains(" #");
    // Older readers end a plain text in brackets at every `?`.
    let ends_in_flow = in_flow && (text.contains(is_bracket) || (!marks && text.contains('?')));
    starts_plain
        && !is_ended
        && !ends_in_flow
        && !text.starts_with("---")
        && !text.starts_with("...")
        && text.chars().all(is_printed)
        && is_text_to_all(text)
}

/// Whether no reader takes a plain text for a number, a time or a word of YAML.
fn is_text_to_all(text: &str) -> bool {
    // `=` is a type of its own in YAML 1.1.
    !matches!(text, "<<" | "=") && lint::is_text_to_all(text)
}

fn is_indicator(c: char) -> bool {
    matches!(c, '#' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' | ' ')
        || is_bracket(c)
}

fn is_bracket(c: char) -> bool {
    matches!(c, ',' | '[' | ']' | '{' | '}')
}

/// Whether a character stands for itself on one line, to every reader.
fn is_printed(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn double_quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if is_printed(c) => quoted.push(c),
            // Nothing that is not printed lies beyond the first plane.
            c => quoted.extend(format!("\\u{:04x}", u32::from(c)).chars()),
        }
    }
    quoted.push('"');
    quoted
}

/// What a scalar says once it is made to say a text: a block scalar keeps the
/// line breaks at its end.
pub(super) fn said_by(style: Style, old: Option<&str>, text: &str) -> String {
    match (style, old) {
        (Style::Literal | Style::Folded, Some(old)) => {
            let breaks = &old[old.trim_end_matches('\n').len()..];
            format!("{}{breaks}", text.strip_suffix(breaks).unwrap_or(text))
        }
        _ => text.to_owned(),
    }
}
