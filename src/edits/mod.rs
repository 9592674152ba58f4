//! Edits of files that a person names, in any repository.
//!
//! An [`EditRequest`] says what to set. [`edit`] finds the sites of each file by
//! what the file looks like, chooses those that are meant (`choose`), and makes
//! the changes in the files' texts, in all of them or in none. Nothing is
//! written here.

mod choose;
mod code;
mod edit;
mod file;
mod request;

pub use code::{CODES, LINK_LEADS_OUT, TWO_VALUES};
pub use edit::{ChangedFile, Replaced, edit};
pub use request::{EditRequest, GitRevision, RouteValue};
