//! Lines of a text, with the bytes that end them.

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Where the line of a byte begins; behind a byte order mark.
pub(super) fn start(text: &str, at: usize) -> usize {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    if start == 0 && text.starts_with(BYTE_ORDER_MARK) {
        return BYTE_ORDER_MARK.len_utf8().min(at);
    }
    start
}

/// Where the line of a byte ends, before its line break.
pub(super) fn end(text: &str, at: usize) -> usize {
    match text[at..].find('\n') {
        Some(length) if text[at..at + length].ends_with('\r') => at + length - 1,
        Some(length) => at + length,
        None => text.len(),
    }
}

/// Where the line behind the one of a byte begins; the text's end for the last.
pub(super) fn next(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |length| at + length + 1)
}

/// The line break at the end of a line; where it has none, the one that the
/// file begins with.
pub(super) fn line_break(text: &str, at: usize) -> &'static str {
    let end = end(text, at);
    let kind = |rest: &str| if rest.starts_with('\r') { "\r\n" } else { "\n" };
    if end < text.len() {
        return kind(&text[end..]);
    }
    kind(&text[self::end(text, 0)..])
}

/// How many bytes stand before one on its line.
pub(super) fn column(text: &str, at: usize) -> usize {
    at - start(text, at)
}

/// Whether only spaces stand before a byte on its line.
pub(super) fn is_first(text: &str, at: usize) -> bool {
    text[start(text, at)..at].bytes().all(|byte| byte == b' ')
}

/// Behind the blanks that follow.
pub(super) fn skip_blanks(text: &str, at: usize) -> usize {
    at + text[at..].bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// Whether a line holds no more than blanks and a comment from a byte on.
pub(super) fn is_done(text: &str, at: usize) -> bool {
    let rest = text[at..end(text, at)].trim_start_matches([' ', '\t']);
    rest.is_empty() || rest.starts_with('#')
}

/// Whether a comment stands on a line of its own in a gap between tokens.
pub(super) fn has_comment_line(gap: &str) -> bool {
    gap.lines().skip(1).any(|line| line.trim_start().starts_with('#'))
}
