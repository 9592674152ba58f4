//! How a scalar is written.

use crate::yaml::{Node, Style, lint};

/// What a new scalar is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scalar {
    /// A text, quoted where it has to be.
    Text(String),
    /// A number, a boolean or null, as it is written.
    Plain(String),
}

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

/// What is asked of the way a scalar is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spelling {
    /// The quotes to use even where they are not needed.
    pub(super) wanted: Option<Quote>,
    /// The quotes to use where some are needed.
    pub(super) needed: Quote,
    /// Whether it stands inside brackets.
    pub(super) in_flow: bool,
    /// Whether a `?` is known to do no harm inside brackets.
    pub(super) marks: bool,
}

impl Spelling {
    /// The scalar as it is written.
    pub(super) fn spell(self, scalar: &Scalar) -> String {
        match scalar {
            Scalar::Plain(text) => text.clone(),
            Scalar::Text(text) => self.text(text),
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
    let begins_plain = match text.chars().next() {
        None => false,
        Some('-' | '?' | ':') => text[1..].starts_with(|c: char| c != ' ' && !is_bracket(c)),
        Some(first) => !is_indicator(first),
    };
    let is_ended = text.ends_with([' ', ':']) || text.contains(": ") || text.contains(" #");
    // Older readers end a plain text in brackets at every `?`.
    let ends_in_flow = in_flow && (text.contains(is_bracket) || (!marks && text.contains('?')));
    begins_plain
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
