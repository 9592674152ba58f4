//! The one writer to the disk.
//!
//! Whatever rungs leaves in a directory of the user is written here, and two
//! promises hold for all of it. A file is written under a temporary name beside
//! its place and renamed, so that a reader, at any moment and after any kill,
//! finds the old file or the new one and never half. What a killed run leaves
//! has a name that starts with `.rungs-tmp-`, and the next run that writes
//! there removes it.
//!
//! [`write`] changes a set of files, all of them or none. A tree of thousands
//! of files that can be made again is written entry by entry through
//! [`OpenDirectory`]: undoing it would take as long as finishing it.
//!
//! Nothing here decides what may be overwritten: callers know that. If a set
//! could not be written, [`WriteError::finding`] tells people, with the caller's
//! code or [`FILES_UNWRITTEN`].

mod code;
mod directory;
mod error;
mod finding;
mod rewrite;
mod temporary;

pub use code::{CODES, FILES_UNWRITTEN};
pub use directory::{LockedDirectory, OnConflict, OpenDirectory};
pub use error::DiskError;
pub use rewrite::{Rewrite, WriteError, WriteFault, write};
pub use temporary::is_temporary;
