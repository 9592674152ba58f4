//! Digits and signs, of which numbers and times are made.

/// Whether a text is digits and nothing else.
pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The sign of a number, empty where it has none, and what follows it.
pub(super) fn sign(text: &str) -> (&str, &str) {
    if text.starts_with(['+', '-']) { text.split_at(1) } else { ("", text) }
}

/// A number of one or two digits.
pub(super) fn small(text: &str) -> Option<u8> {
    if matches!(text.len(), 1 | 2) && is_digits(text) { text.parse().ok() } else { None }
}
