//! Text that a stranger wrote, made harmless and visible.
//!
//! Names, values and source come from pull requests. Shown raw, they could
//! move a terminal's cursor, reorder what a reader sees, or give commands to
//! the CI system that reads the log. What could do so is shown as an escape
//! (`\u{1b}`), which also lets a reader see why two names that look alike
//! differ. Replacing it by one neutral character was rejected for that reason.

use std::borrow::Cow;
use std::fmt::Write;

use crate::source::without_credentials;

/// Decides which characters of one text may be shown as they are.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Guard {
    ascii: bool,
    hashes: u8,
    word: bool,
}

impl Guard {
    /// For an output that must hold nothing but ASCII, or for any other.
    pub(super) fn new(ascii: bool) -> Self {
        Self { ascii, ..Self::default() }
    }

    /// Whether `c`, which comes next in the text, may be shown as it is.
    pub(super) fn admits(&mut self, c: char) -> bool {
        let opens_command = c == '[' && self.hashes >= 2;
        match c {
            '#' if self.word => (self.hashes, self.word) = (1, false),
            '#' => self.hashes = self.hashes.saturating_add(1),
            c if c.is_ascii_alphabetic() && self.hashes >= 2 => self.word = true,
            _ => (self.hashes, self.word) = (0, false),
        }
        !opens_command && !is_hidden(c) && (c.is_ascii() || !self.ascii)
    }
}

/// Characters that a terminal obeys, or that a reader cannot see.
///
/// The bracket of `##[` and `##vso[` is the third sort, which depends on what
/// stands before: runners of GitHub and Azure take commands from anywhere in a
/// line (the runner's `ActionCommand.TryParse`).
fn is_hidden(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}'
            // Zero width space, and marks of direction. The joiners (200c, 200d) are letters
            // of Persian and parts of emoji, and stay.
            | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            // No characters at all: XML refuses them.
            | '\u{fffe}' | '\u{ffff}'
            // Tags: invisible copies of ASCII.
            | '\u{e0000}'..='\u{e007f}')
}

/// How a character that is not admitted is shown.
pub(super) fn escape(c: char) -> String {
    match c {
        '\t' | '\r' | '\n' => c.escape_default().to_string(),
        _ => c.escape_unicode().to_string(),
    }
}

/// The text on one line.
pub(super) fn line(text: &str, ascii: bool) -> Cow<'_, str> {
    guarded(text, ascii, |_| false)
}

/// A stranger's text on one line, harmless to print: what would command a
/// terminal or deceive a reader is shown as an escape, and what gives access is
/// masked.
pub fn harmless(text: &str) -> Cow<'_, str> {
    match without_credentials(text) {
        Cow::Borrowed(text) => line(text, false),
        Cow::Owned(masked) => Cow::Owned(line(&masked, false).into_owned()),
    }
}

/// A text that people wrote, such as a reason, on one line: what breaks its lines is a
/// space there.
pub fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text with its line breaks, where the writer meant them: help, a page.
pub(super) fn lines(text: &str, ascii: bool) -> Cow<'_, str> {
    guarded(text, ascii, |c| c == '\n')
}

/// JSON in which every such character is escaped as JSON does it, so that
/// readers get the text unchanged and terminals get nothing to obey. A line
/// break outside strings is layout; inside them the serialiser escaped it.
pub(super) fn json(document: &str) -> String {
    let mut guard = Guard::default();
    let mut units = [0; 2];
    let mut out = String::with_capacity(document.len());
    for c in document.chars() {
        if guard.admits(c) || c == '\n' {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                write!(out, "\\u{unit:04x}").expect("a string takes all text");
            }
        }
    }
    out
}

fn guarded(text: &str, ascii: bool, layout: impl Fn(char) -> bool) -> Cow<'_, str> {
    let mut guard = Guard::new(ascii);
    if text.chars().all(|c| guard.admits(c) || layout(c)) {
        return Cow::Borrowed(text);
    }
    let mut guard = Guard::new(ascii);
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if guard.admits(c) || layout(c) {
            out.push(c);
        } else {
            out.push_str(&escape(c));
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_as_an_escape() {
        assert_eq!(line("a\x1b[31mb\u{9b}2J\r\n", false), r"a\u{1b}[31mb\u{9b}2J\r\n");
        assert_eq!(line("user\u{202e}gpj.exe\u{200b}", false), r"user\u{202e}gpj.exe\u{200b}");
        assert_eq!(line("größe 名前 👩‍🚀", false), "größe 名前 👩‍🚀");
        assert_eq!(line("größe", true), r"gr\u{f6}\u{df}e");
    }

    #[test]
    fn a_runner_finds_no_command_inside_a_line() {
        assert_eq!(line("x ##[add-mask]y", false), r"x ##\u{5b}add-mask]y");
        assert_eq!(line("##vso[task.x]", false), r"##vso\u{5b}task.x]");
        assert_eq!(line("# [a] ##a#[b] #[c] ## [d]", false), "# [a] ##a#[b] #[c] ## [d]");
    }

    #[test]
    fn json_says_the_same_text_with_nothing_to_obey() {
        let text = "\u{9b}\u{202e}##[group]\u{e0041}\n\t ü";
        let document = json(&serde_json::to_string_pretty(&[text]).unwrap());
        assert!(document.is_ascii() || document.contains('ü'));
        assert!(!document.contains("##["));
        assert!(document.chars().all(|c| c == '\n' || !is_hidden(c)));
        assert_eq!(serde_json::from_str::<Vec<String>>(&document).unwrap(), [text]);
    }
}
