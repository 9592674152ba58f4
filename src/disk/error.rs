//! Why the disk refused.

use std::io;

use rustix::io::Errno;

/// An operation that the system refused. It is shown in the system's words,
/// which people search for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", io::Error::from(*.0))]
pub struct DiskError(pub(super) Errno);

impl DiskError {
    /// Whether the entry, or a directory above it, does not exist.
    pub fn is_missing(self) -> bool {
        self.0 == Errno::NOENT
    }

    /// Whether an entry is not what it was a moment ago: it came, went, or was
    /// replaced by one of another kind.
    pub fn is_change(self) -> bool {
        matches!(self.0, Errno::NOENT | Errno::EXIST) || self.is_full_directory() || self.is_kind()
    }

    /// Whether the disk, or the user's part of it, has no more room.
    pub fn is_full_disk(self) -> bool {
        matches!(self.0, Errno::NOSPC | Errno::DQUOT)
    }

    /// Whether the disk is read-only, or the permissions do not allow it.
    pub fn is_forbidden(self) -> bool {
        matches!(self.0, Errno::ROFS | Errno::ACCESS | Errno::PERM)
    }

    /// Whether a directory could not be removed because it still has entries.
    pub(super) fn is_full_directory(self) -> bool {
        matches!(self.0, Errno::NOTEMPTY | Errno::EXIST)
    }

    /// Whether an entry is of another kind than expected, for example a link.
    pub(super) fn is_kind(self) -> bool {
        matches!(self.0, Errno::NOTDIR | Errno::ISDIR | Errno::LOOP)
    }
}

impl From<Errno> for DiskError {
    fn from(error: Errno) -> Self {
        Self(error)
    }
}

impl From<io::Error> for DiskError {
    fn from(error: io::Error) -> Self {
        Self(Errno::from_io_error(&error).unwrap_or(Errno::IO))
    }
}
