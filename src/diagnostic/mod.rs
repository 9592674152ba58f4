//! Problems as data, and how each format shows them.
//!
//! A module that finds a problem declares its [`Code`] with [`codes!`] and
//! returns a [`Finding`]; nothing is printed before `cli/` chooses a
//! [`Format`].

mod code;
mod finding;
mod read;
mod visible;
mod nearest;
mod mask;
mod place;
mod plain;
mod excerpt;
mod text;
mod json;
mod sarif;
mod junit;
mod github;
mod gitlab;
mod format;

pub(crate) use code::codes;
pub use code::{Code, Kind, Severity};
pub use finding::{Counts, Finding, Findings, Label, Subject};
pub use format::{Format, Style, UnknownFormat, json_of, json_part, json_with, render};
pub use nearest::nearest;
pub use plain::explain;
pub use read::CODES;

/// A stranger's text on one line, harmless to print: what would command a
/// terminal or deceive a reader is shown as an escape.
pub fn harmless(text: &str) -> std::borrow::Cow<'_, str> {
    visible::line(text, false)
}
