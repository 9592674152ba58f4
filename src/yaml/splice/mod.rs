//! Changing values of a file, and no other bytes of it.
//!
//! [`splice`] turns each [`Change`] into the edits that are left to do
//! (`resolve`), each edit into patches of bytes (`set`, `insert`, `remove`,
//! `replace`), puts them into the text, reads it again, and compares what it says
//! with what it is meant to say (`model`). What does not come out as meant is not
//! written.

mod code;
mod comment;
mod edit;
mod element;
mod find;
mod flow;
mod fresh;
mod habit;
mod insert;
mod line;
mod model;
mod patch;
mod property;
mod remove;
mod replace;
mod resolve;
mod root;
mod run;
mod scene;
mod set;
mod spell;

use super::Route;

pub use code::CODES;
pub use comment::comment_behind;
pub use run::splice;

/// A place in a file of several documents that stays the same when the file is
/// read again: its route has only keys and indices.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Which document, from zero, of those that [`super::parse`] returns.
    pub document: usize,
    /// The way from its root.
    pub route: Route,
}

/// One intended change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Makes the scalar at that place say that text. The way it is quoted
    /// stays, unless the text would read as something else than a text.
    Set {
        /// A scalar.
        at: Place,
        /// What it is to say.
        text: String,
    },
    /// Gives a key a text; where maps on the way, or the key, are missing, they
    /// are made in the style of their neighbours.
    Insert {
        /// A map that may be missing, or the root of a file that is empty.
        map: Place,
        /// The key.
        key: String,
        /// What it is to say.
        text: String,
    },
    /// Makes the value at a place be that YAML value: scalars are set, keys and
    /// items are added and removed, and what is equal stays as it is written.
    /// A key that is missing is inserted.
    Become {
        /// A map that may be missing.
        map: Place,
        /// The key.
        key: String,
        /// The value, as [`super::emit`] writes it.
        yaml: String,
    },
    /// Adds an item, a map of texts, to the end of a list.
    Append {
        /// A list that may be missing.
        list: Place,
        /// The item's keys and texts, in order.
        item: Vec<(String, String)>,
    },
    /// Takes a key away with its value and its line.
    Remove {
        /// The key's value.
        at: Place,
    },
}
