//! Problems as data, and how each format shows them.
//!
//! A module that finds a problem declares its [`Code`] with [`codes!`] and
//! returns a [`Finding`]; nothing is printed before `cli/` chooses a format.

mod code;
mod finding;

pub(crate) use code::codes;
pub use code::{Code, Kind, Severity};
pub use finding::{Finding, Findings, Label};
