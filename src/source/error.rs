//! Why a file could not be read.

use serde::{Deserialize, Serialize};

use super::RepoPath;

/// A file or directory that could not be read.
#[derive(Debug, Clone, thiserror::Error)]
#[error("`{path}` {kind}")]
pub struct ReadError {
    /// What was asked for, before any link was followed.
    pub path: RepoPath,
    /// The reason.
    pub kind: ReadErrorKind,
}

/// Why a read failed.
#[derive(Debug, Clone, thiserror::Error, Serialize, Deserialize)]
pub enum ReadErrorKind {
    /// Nothing is there.
    #[error("does not exist")]
    Missing,
    /// A link on the way leads out of the repository.
    #[error("leads out of the repository through the link `{link}` to `{target}`")]
    Outside {
        /// The link.
        link: RepoPath,
        /// What it names.
        target: String,
    },
    /// Links that lead to one another, or too many of them.
    #[error("leads into a loop of symbolic links")]
    LinkLoop,
    /// Git's own directory, which is never readable.
    #[error("is inside `.git`, which is never read")]
    Git,
    /// More than [`super::MAX_FILE_BYTES`].
    #[error("is {size} bytes, more than the 4 MiB that a file may have")]
    TooLarge {
        /// Size in bytes.
        size: u64,
    },
    /// The bytes are not UTF-8 from here on.
    #[error("is not UTF-8: line {line}, column {column}")]
    NotUtf8 {
        /// Line of the first wrong byte, from one.
        line: u32,
        /// Column of the first wrong byte, from one.
        column: u32,
    },
    /// A directory, a device or a socket where a file was expected.
    #[error("is not a file")]
    NotAFile,
    /// A file where a directory was expected.
    #[error("is not a directory")]
    NotADirectory,
    /// A name in this directory that cannot be part of a path.
    #[error("contains the name `{name}`, which {flaw}")]
    Name {
        /// The name, with `\u{fffd}` for what is not UTF-8.
        name: String,
        /// What is wrong with it.
        flaw: NameFlaw,
    },
    /// More directories in one another than a search enters.
    #[error("is more than 16 directories below the one that is searched")]
    TooDeep,
    /// More directories below the one that is searched than a search lists.
    #[error("is one directory more than the 10,000 that are searched")]
    TooManyDirectories,
    /// The disk or the object database failed.
    #[error("could not be read: {0}")]
    Failed(String),
    /// The commit, or an object of it, is not in this clone.
    #[error("is not in this clone: {0}")]
    Absent(String),
}

/// Why a name cannot be part of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum NameFlaw {
    /// Its bytes are not UTF-8.
    #[error("is not UTF-8")]
    NotUtf8,
    /// It is empty, `.` or `..`, or has a `/`. No disk has such names; a
    /// crafted commit may.
    #[error("is not one segment of a path")]
    NotASegment,
}

impl ReadErrorKind {
    /// A name in a directory whose bytes are not UTF-8.
    pub fn name_not_utf8(bytes: &[u8]) -> Self {
        let name = String::from_utf8_lossy(bytes).into_owned();
        Self::Name { name, flaw: NameFlaw::NotUtf8 }
    }

    /// A name in a directory that is not a single segment.
    pub(super) fn name_not_a_segment(name: &str) -> Self {
        Self::Name { name: name.to_owned(), flaw: NameFlaw::NotASegment }
    }

    /// Whether trying again, or with more of the repository fetched, may help.
    pub fn is_outside_world(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::Absent(_))
    }
}
