//! Edits of files that a person names, in any repository.
//!
//! An [`EditRequest`] says what to set. [`edit`] finds the sites of each file by
//! what the file looks like, chooses those that are meant (`choose`), and makes
//! the changes in the files' texts, in all of them or in none. [`NamedFiles`] reads
//! the files and writes them.

mod along;
mod choose;
mod choose_git;
mod code;
mod edit;
mod file;
mod named_files;
mod repeated;
mod request;

pub use along::changes_along;
pub use code::{CODES, SHARED_ANCHOR, TWO_VALUES};
pub use edit::{ChangedFile, Replaced, edit, set_value};
pub use named_files::NamedFiles;
pub use request::{EditRequest, GitRevision, RouteValue};
