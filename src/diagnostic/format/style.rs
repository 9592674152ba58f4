//! The looks of text for people.

/// How text for people looks. The other formats have one look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextStyle {
    /// Whether severities and spans have ANSI colours.
    pub colour: bool,
    /// Whether anything but ASCII is written; where not, frames are drawn in
    /// ASCII, and other characters are shown as escapes.
    pub unicode: bool,
    /// Columns of the terminal; what is longer is wrapped or cut. At least 40.
    pub width: usize,
}

impl Default for TextStyle {
    fn default() -> Self {
        Self { colour: false, unicode: true, width: 100 }
    }
}
