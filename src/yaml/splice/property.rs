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
    let word = before.rsplit(separates).next().unwrap_or_default();
    let is_property = word.starts_with(['&', '!']);
    (before.len() < at && is_property).then_some(before.len() - word.len())
}
