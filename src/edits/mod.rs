//! Edits of files that a person names, whatever repository they are of.
//!
//! A [`Request`] says what to set. [`edit`] finds the sites of each file by what
//! it looks like, chooses those that are meant (`choose`), and splices the
//! changes into the files' texts, in all of them or in none. [`write`] puts the
//! texts on the disk.

mod choose;
mod code;
mod edit;
mod request;
mod write;

pub use choose::other_repository;
pub use code::{
    CODES, FILES_UNWRITTEN, LINK_LEADS_OUT, NOTHING_MATCHES, OTHER_REPOSITORY, SEALED_FILE,
    TWO_VALUES, WHICH_IMAGE,
};
pub use edit::{Edited, Replaced, edit};
pub use request::{GitRevision, Request, RouteValue, image};
pub use write::write;
