//! Anchors and tags, which stand before what they belong to.

/// Where the anchor and tag of what begins at a byte begin on its line; the byte
/// itself where it has none.
pub(super) fn start(text: &str, at: usize) -> usize {
    let mut start = at;
    while let Some(property) = before(text, start) {
        start = property;
    }
    start
}

/// The tag of what begins at a byte.
pub(super) fn tag(text: &str, at: usize) -> Option<&str> {
    text[start(text, at)..at].split_whitespace().find(|word| word.starts_with('!'))
}

/// The anchor or tag that ends before a byte.
fn before(text: &str, at: usize) -> Option<usize> {
    let before = text[..at].trim_end_matches([' ', '\t']);
    let separates = |c: char| c.is_whitespace() || matches!(c, ',' | '[' | '{');
    let start = before.rfind(separates).map_or(0, |end| end + 1);
    let is_property = before[start..].starts_with(['&', '!']);
    (before.len() < at && is_property).then_some(start)
}
