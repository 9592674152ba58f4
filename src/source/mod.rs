//! The one way to read a repository.
//!
//! A [`Tree`] answers for the files of one repository at one moment: the work
//! tree on disk, a commit, or files held in memory. Links and limits are the same
//! for all three, because they are decided here, above a [`Store`] that knows
//! nothing of them. No other module
//! opens a repository's file.

mod changes;
mod disk;
mod dot_git;
mod error;
mod file;
mod guarded;
mod location;
mod memory;
mod overlay;
mod path;
mod redact;
mod secret_lines;
mod snapshot;
mod span;
mod store;
mod tree;
mod unread;
mod walk;

pub use changes::FileChanges;
pub use disk::Disk;
pub(crate) use dot_git::is_git;
pub use error::{NameFlaw, ReadError, ReadErrorKind};
pub use file::SourceFile;
pub use guarded::GuardedStore;
pub use location::{Certainty, Location, Origin};
pub use memory::Memory;
pub(crate) use path::is_yaml;
pub use path::{PathError, RepoPath};
pub use redact::{
    REDACTED, has_password, is_secret_key, is_token, may_have_secrets, without_credentials,
    without_tokens,
};
pub use secret_lines::is_of_secret;
pub use span::{Position, Span};
pub use store::{EntryKind, Store, StoreEntry, StoreError};
pub use tree::{Listed, MAX_FILE_BYTES, Named, RevisionError, Revisions, Tree};
pub use unread::{mark_secret_lines, mark_unread_secrets};
pub use walk::DirectoryWalk;
pub(crate) use walk::{MAX_DEPTH, MAX_DIRECTORIES};
