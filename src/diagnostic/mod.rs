//! Problems as data, and how each format shows them.
//!
//! A module that finds a problem declares its [`Code`] with [`codes!`] and
//! returns a [`Finding`]; nothing is printed before `cli/` chooses a
//! [`Format`].

mod code;
mod finding;
mod format;
mod listed;
mod nearest;
mod read_errors;
mod visible;

pub(crate) use code::codes;
pub use code::{Code, ProblemKind, Severity};
pub use finding::{Counts, Finding, Findings, Label, Subject};
pub use format::{
    Format, TextStyle, abbreviated, explain, json_of, json_part, json_with, render, wrapped,
};
pub use listed::{joined, listed};
pub use nearest::nearest;
pub use read_errors::CODES;
pub use visible::{harmless, in_one_line};
