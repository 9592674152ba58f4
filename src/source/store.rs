//! What a Tree reads from.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{ReadErrorKind, RepoPath};

/// What is at a path, links not followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoreEntry {
    /// A file and its size in bytes.
    File {
        /// Size in bytes; none where finding out costs as much as reading, as
        /// for a commit's file that a partial clone has yet to fetch. The store
        /// then refuses what is too large when it is read.
        size: Option<u64>,
    },
    /// A directory.
    Directory,
    /// A symbolic link and the text it holds.
    Link {
        /// What it names, as written.
        target: String,
    },
    /// A device, a socket, a submodule: nothing to read.
    Other,
}

/// The kind of what is at a path, which a listing knows without looking at each
/// entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryKind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A device, a socket, a submodule: nothing to read.
    Other,
}

impl StoreEntry {
    /// The kind of entry.
    pub fn kind(&self) -> EntryKind {
        match self {
            Self::File { .. } => EntryKind::File,
            Self::Directory => EntryKind::Directory,
            Self::Link { .. } => EntryKind::Link,
            Self::Other => EntryKind::Other,
        }
    }
}

/// A store's failure; [`super::Tree`] adds the path that was asked for.
pub type StoreError = ReadErrorKind;

/// The files of a repository at one moment, without any policy.
///
/// Implementations follow no link and bound nothing; [`super::Tree`] does.
pub trait Store: Send + Sync {
    /// What is at `path`; none where nothing is.
    fn entry(&self, path: &RepoPath) -> Result<Option<StoreEntry>, StoreError>;

    /// The names directly in a directory with what is there, in any order.
    fn list(&self, directory: &RepoPath) -> Result<Vec<(String, StoreEntry)>, StoreError>;

    /// As [`Store::list`], without sizes and links' targets: a store may have to
    /// look at each file for those.
    fn names(&self, directory: &RepoPath) -> Result<Vec<(String, EntryKind)>, StoreError> {
        let entries = self.list(directory)?;
        Ok(entries.into_iter().map(|(name, entry)| (name, entry.kind())).collect())
    }

    /// A file's bytes, as [`Store::entry`] said it is there.
    fn read(&self, path: &RepoPath) -> Result<Vec<u8>, StoreError>;

    /// The name of a file's bytes, which no other bytes have; none if it is not known.
    fn content(&self, _path: &RepoPath) -> Option<String> {
        None
    }

    /// The files directly in a directory, each with the name of its bytes; none if that is
    /// not known of all of them, or if there is a link or a submodule among them.
    fn contents(&self, _directory: &RepoPath) -> Option<Vec<(String, String)>> {
        None
    }

    /// The commit this is, in full; none for what is not committed.
    fn revision(&self) -> Option<&str> {
        None
    }

    /// The directory of this machine that these files are in, as they are whenever they are
    /// read; none for files that are elsewhere, or were remembered.
    fn directory(&self) -> Option<&Path> {
        None
    }
}
