//! The places of things that the parser gives no span for: indicators, block
//! scalars, and the anchors and tags before a value.

use super::{Style, line};
use crate::source::Span;

/// The place of a block scalar from its `|` or `>` to the end of its last line
/// that holds anything, for a parser's span of the content alone. `from` is the
/// end of the token before it.
pub(super) fn block_scalar(text: &str, from: u32, content: Span) -> Span {
    let header = skip_to(text, from, |byte| matches!(byte, b'|' | b'>')).unwrap_or(content.start);
    let header_end = header as usize + header_length(&text[header as usize..]);
    let mut end = header_end;
    let mut at = content.start as usize;
    for line in text[content.range()].split_inclusive('\n') {
        if !line.trim().is_empty() {
            end = at + line.trim_end_matches(['\n', '\r']).len();
        }
        at += line.len();
    }
    Span::new(header as usize, end)
}

/// The length of a block scalar's header: `|`, `>-` or `|+2`.
pub(super) fn header_length(block_scalar: &str) -> usize {
    let is_header = |b: &u8| matches!(b, b'|' | b'>' | b'+' | b'-' | b'0'..=b'9');
    block_scalar.bytes().take_while(is_header).count()
}

/// The offset just after the `:` of the key that ends at `from`, in a map of that
/// style; `from` if it has none. A colon may start the next key instead:
/// `{a, :b: 1}`, or `:b: 1` in the line after `? a`.
pub(super) fn after_colon(text: &str, from: u32, map: Style) -> u32 {
    let bytes = text.as_bytes();
    let is_indicator = |at: usize| match bytes.get(at + 1) {
        None | Some(b' ' | b'\t' | b'\n' | b'\r') => true,
        // `{a:}`, and after quotes or brackets whatever follows: `{"a":b}`.
        Some(b',' | b'[' | b']' | b'{' | b'}') if map == Style::Flow => true,
        Some(_) if map == Style::Flow => text[..from as usize].ends_with(['"', '\'', ']', '}']),
        Some(_) => false,
    };
    let at = after_gap(text, from as usize);
    if bytes.get(at) == Some(&b':') && is_indicator(at) { offset(at + 1) } else { from }
}

/// The offset just after the `[` at `from`, or the `,` that follows; `from` where
/// there is none.
pub(super) fn after_bracket_or_comma(text: &str, from: u32) -> u32 {
    let at = after_gap(text, from as usize);
    if matches!(text.as_bytes().get(at), Some(b'[' | b',')) { offset(at + 1) } else { from }
}

/// The offset after blanks, line breaks and comments.
fn after_gap(text: &str, mut at: usize) -> usize {
    loop {
        at = match text.as_bytes().get(at) {
            Some(b' ' | b'\t' | b'\n' | b'\r') => at + 1,
            Some(b'#') => line::next(text, at),
            _ => return at,
        };
    }
}

/// The offset just after the next `-`; `from` where there is none.
pub(super) fn after_dash(text: &str, from: u32) -> u32 {
    next_dash(text, from).map_or(from, |at| at + 1)
}

/// The offset of the next `-`.
pub(super) fn next_dash(text: &str, from: u32) -> Option<u32> {
    skip_to(text, from, |byte| byte == b'-')
}

/// The offset after the anchor and tag that follow on the same line: the place
/// of the empty value of `key: &anchor`.
pub(super) fn after_properties(text: &str, from: u32) -> u32 {
    let mut end = from;
    while let Some(property) = skip_to_property(text, end) {
        let rest = &text[property as usize..];
        let length = rest.find(|c: char| c.is_whitespace() || c == ',').unwrap_or(rest.len());
        end = offset(property as usize + length);
    }
    end
}

/// Files are bounded at 4 MiB.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn skip_to_property(text: &str, from: u32) -> Option<u32> {
    let rest = &text[from as usize..];
    let blanks = rest.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let at = from as usize + blanks;
    matches!(text.as_bytes().get(at), Some(b'&' | b'!')).then_some(offset(at))
}

/// The offset of the next byte that is `wanted`, with nothing before it but
/// blanks, line breaks, comments, properties and indicators.
fn skip_to(text: &str, from: u32, wanted: impl Fn(u8) -> bool) -> Option<u32> {
    let bytes = text.as_bytes();
    let mut at = from as usize;
    loop {
        let byte = *bytes.get(at)?;
        if wanted(byte) {
            return Some(offset(at));
        }
        at = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b':' | b'-' | b'?' | b',' => at + 1,
            b'#' => at + text[at..].find('\n')?,
            // The end of a document that holds nothing.
            b'.' if text[at..].starts_with("...") => at + 3,
            b'&' | b'!' => at + text[at..].find(char::is_whitespace)?,
            _ => return None,
        };
    }
}

/// The first tab in `gap` with nothing but blanks before it on its line, and
/// less than `free` columns from the start of the line.
pub(super) fn leading_tab(text: &str, gap: Span, free: usize) -> Option<usize> {
    let (start, end) = (gap.start as usize, gap.end as usize);
    let begins = text[start..end].match_indices('\n').map(|(at, _)| start + at + 1);
    let first = text[..start].trim_start_matches(line::BYTE_ORDER_MARK).is_empty();
    let first = first.then_some(start);
    first.into_iter().chain(begins).find_map(|begin| {
        let spaces = text[begin..end].bytes().take_while(|&byte| byte == b' ').count();
        let is_tab = text.as_bytes()[begin..end].get(spaces) == Some(&b'\t');
        (is_tab && spaces < free).then_some(begin + spaces)
    })
}

/// The start of the anchor and tag, on the same line, of what starts at a byte; the
/// byte itself if it has neither.
pub(super) fn properties_start(text: &str, at: usize) -> usize {
    let mut start = at;
    while let Some(property) = property_before(text, start) {
        start = property;
    }
    start
}

/// The tag of what starts at a byte.
pub(super) fn tag_of(text: &str, at: usize) -> Option<&str> {
    text[properties_start(text, at)..at].split_whitespace().find(|word| word.starts_with('!'))
}

/// The anchor or tag that ends before a byte.
fn property_before(text: &str, at: usize) -> Option<usize> {
    let before = text[..at].trim_end_matches([' ', '\t']);
    let separates = |c: char| c.is_whitespace() || matches!(c, ',' | '[' | '{');
    let word = before.rsplit(separates).next().unwrap_or_default();
    let is_property = word.starts_with(['&', '!']);
    (before.len() < at && is_property).then_some(before.len() - word.len())
}
