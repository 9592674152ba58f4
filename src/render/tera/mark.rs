//! Marks in rendered text that say which part of a source printed what.
//!
//! A mark consists of characters that Unicode reserves for private use. If a source,
//! a value or an output has one of them already, nothing is traced.

use std::borrow::Cow;

/// Starts the mark before the output of an expression.
pub(super) const PRINT: char = '\u{e0f0}';
/// Starts the mark before a line of literal text.
pub(super) const TEXT: char = '\u{e0f1}';
/// Ends a mark that starts with one of the above.
pub(super) const CLOSE: char = '\u{e0f2}';
/// The mark after the output of an expression.
pub(super) const END: char = '\u{e0f3}';

/// Before the number in a mark, if the expression's value is a string.
pub(super) const STRING: &str = "s";

/// Whether the text has a mark, or a character that would be taken for one.
pub(super) fn is_marked(text: &str) -> bool {
    // One search each, because a search for one character skips over the rest.
    [PRINT, TEXT, CLOSE, END].into_iter().any(|mark| text.contains(mark))
}

/// The text without its marks.
pub(super) fn strip(text: &str) -> Cow<'_, str> {
    if !is_marked(text) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find([PRINT, TEXT, END]) {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = match rest.find(CLOSE) {
            Some(close) if !rest.starts_with(END) => &rest[close + CLOSE.len_utf8()..],
            _ => &rest[END.len_utf8()..],
        };
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// The text without the line breaks at its end, even if marks follow them.
pub(super) fn trim_end_breaks(text: &str) -> Cow<'_, str> {
    let unended = text.trim_end_matches(END);
    let trimmed = unended.trim_end_matches('\n');
    match &text[unended.len()..] {
        "" => Cow::Borrowed(trimmed),
        ends => Cow::Owned([trimmed, ends].concat()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_leave_no_trace() {
        let marked = format!("a {TEXT}1{CLOSE}b{PRINT}2,3{CLOSE}c{PRINT}4{CLOSE}{END}{END} d");
        assert!(is_marked(&marked));
        assert_eq!(strip(&marked), "a bc d");
        assert!(matches!(strip("a: 1"), Cow::Borrowed("a: 1")));
    }

    #[test]
    fn line_breaks_are_trimmed_before_marks() {
        for (text, trimmed) in [
            ("a\n\n", "a".to_owned()),
            ("a", "a".to_owned()),
            (&format!("a\n{END}"), format!("a{END}")),
            (&format!("a{END}"), format!("a{END}")),
        ] {
            assert_eq!(trim_end_breaks(text), trimmed);
        }
    }
}
