//! A stranger's text in a line of a message, and back.
//!
//! Names, tickets and reasons come from people and from files of pull requests.
//! None of them may end its line, start another record, or be read as something
//! other than what was written; what could do so is escaped. Dropping it was
//! rejected: then two names that differ could be recorded as one. Only what gives
//! access is dropped: a message is pushed, and stays.

use crate::diagnostic::harmless;
use crate::source::without_credentials;

/// What every line of a record starts with.
pub(super) const PREFIX: &str = "Rungs-";

/// The most characters that a reason, a ticket or a reference may have. A
/// message is read by people, and by programs that read all of it.
pub(super) const LONGEST: usize = 1000;

/// The text, cut if it is too long. Cutting it again changes nothing.
pub(super) fn cut(text: &str, longest: usize) -> String {
    if text.chars().nth(longest).is_none() {
        return text.to_owned();
    }
    text.chars().take(longest - 1).chain(['…']).collect()
}

/// Whether a text was cut to what a reference may have.
pub(super) fn is_cut(text: &str) -> bool {
    text.ends_with('…') && text.chars().count() == LONGEST
}

/// The text without what gives access, cut if it is too long. Masking it before it is
/// cut, because half a secret does not look like one.
pub(super) fn masked(text: &str) -> String {
    cut(&without_credentials(text), LONGEST)
}

/// The text, escaped for the rest of a line.
pub(super) fn escaped(text: &str) -> String {
    let text = masked(text);
    let last = text.len().saturating_sub(1);
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        // A line may be wrapped by whoever copies it, and its parts are then lines.
        let starts_record = c == '-' && text[..=at].ends_with(PREFIX);
        let is_trimmed = c == ' ' && (at == 0 || at == last);
        push(&mut out, c, starts_record || is_trimmed);
    }
    out
}

/// The text, escaped as one word.
pub(super) fn word(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in escaped(text).chars() {
        if c == ' ' { push(&mut out, c, true) } else { out.push(c) }
    }
    out
}

fn push(out: &mut String, c: char, always: bool) {
    match c {
        '\\' => out.push_str(r"\\"),
        '\n' => out.push_str(r"\n"),
        '\t' => out.push_str(r"\t"),
        c if always || is_hidden(c) => out.extend(c.escape_unicode()),
        c => out.push(c),
    }
}

/// Whether a reader would not see a character, or a terminal would obey it.
fn is_hidden(c: char) -> bool {
    !(c == ' ' || c.is_ascii_graphic()) && harmless(c.encode_utf8(&mut [0; 4])).starts_with('\\')
}

/// The text before it was escaped. What is not an escape is kept: people write
/// such lines by hand too.
pub(super) fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (c, after) = escape(after).unwrap_or(('\\', after));
        out.push(c);
        rest = after;
    }
    out.push_str(rest);
    masked(&out)
}

/// The character of the escape that follows a backslash, and what comes after
/// it.
fn escape(text: &str) -> Option<(char, &str)> {
    if let Some(rest) = text.strip_prefix("u{") {
        let (digits, rest) = rest.split_once('}')?;
        let is_short = digits.len() <= 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let code = is_short.then(|| u32::from_str_radix(digits, 16).ok())??;
        return Some((char::from_u32(code)?, rest));
    }
    let c = match text.chars().next()? {
        '\\' => '\\',
        'n' => '\n',
        't' => '\t',
        _ => return None,
    };
    Some((c, &text[1..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_would_end_or_start_a_line_is_escaped() {
        assert_eq!(escaped("a\nRungs-Promote: x"), r"a\nRungs\u{2d}Promote: x");
        assert_eq!(escaped("a\u{2028}b\r\u{85}"), r"a\u{2028}b\u{d}\u{85}");
        assert_eq!(escaped(" a b "), r"\u{20}a b\u{20}");
        assert_eq!(word("a b"), r"a\u{20}b");
        assert_eq!(escaped("größe → 名前"), "größe → 名前");
    }

    #[test]
    fn what_is_not_an_escape_is_kept() {
        for text in [r"C:\temp\x", r"\u{110000}", r"\u{}", r"\u{zz}", r"\", "plain"] {
            let expected = text.replace(r"\t", "\t");
            assert_eq!(unescaped(text), expected);
        }
    }

    #[test]
    fn a_text_that_is_too_long_is_cut_once() {
        let long = "ü".repeat(LONGEST + 1);
        let read = unescaped(&escaped(&long));
        assert_eq!(read.chars().count(), LONGEST);
        assert!(read.ends_with("ü…"));
        assert_eq!(unescaped(&escaped(&read)), read);
    }

    #[test]
    fn what_gives_access_is_neither_written_nor_read() {
        for (text, expected) in [
            ("password=hunter2", "password=***"),
            ("see https://me:hun/ter2@h/x", "see https://***@h/x"),
            (&*format!("https://me:{}@h", "x".repeat(LONGEST)), "https://***@h"),
        ] {
            assert_eq!(escaped(text), expected);
            assert_eq!(unescaped(text), expected);
        }
    }

    proptest! {
        #[test]
        fn a_text_is_read_as_it_was_written(text in any::<String>()) {
            let line = escaped(&text);
            prop_assert_eq!(unescaped(line.trim()), &*text);
            prop_assert!(!line.contains(['\n', '\r']) && !line.contains(PREFIX));
            let one = word(&text);
            prop_assert_eq!(unescaped(&one), text);
            prop_assert!(!one.contains(char::is_whitespace));
        }
    }
}
