//! The object database.

use super::code::GIT_FAILED;
use super::{Commit, ObjectName, TreeEntry};
use crate::diagnostic::Finding;
use crate::source::Location;

/// Reads and writes a clone's objects: in this process by libgit2, or by the
/// `git` program if libgit2 does not open the clone.
pub trait ObjectDatabase: Send + Sync {
    /// A tree's entries, in the tree's order.
    fn tree(&self, id: &ObjectName) -> Result<Vec<TreeEntry>, ObjectError>;
    /// A blob's bytes.
    fn blob(&self, id: &ObjectName) -> Result<Vec<u8>, ObjectError>;
    /// A blob's length in bytes, without reading the blob if possible.
    fn blob_size(&self, id: &ObjectName) -> Result<u64, ObjectError>;
    /// A commit and its tree.
    fn commit(&self, id: &ObjectName) -> Result<(Commit, ObjectName), ObjectError>;
    /// Writes a blob.
    fn write_blob(&self, bytes: &[u8]) -> Result<ObjectName, ObjectError>;
    /// Writes a tree; the entries are put in git's order.
    fn write_tree(&self, entries: &[TreeEntry]) -> Result<ObjectName, ObjectError>;
    /// Writes a commit from the object's bytes, header and message, as
    /// `git cat-file commit` shows them.
    fn write_commit(&self, bytes: &[u8]) -> Result<ObjectName, ObjectError>;
    /// Fetches at once those of the objects that a partial clone lacks, which
    /// it would otherwise fetch one by one as they are read. Does nothing in
    /// other clones.
    fn prefetch(&self, _ids: &[ObjectName]) -> Result<(), ObjectError> {
        Ok(())
    }
}

/// Why an object cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// It is not in this clone.
    #[error("object {0} is not in this clone")]
    Absent(ObjectName),
    /// It has another type than expected.
    #[error("object {id} is not a {expected}")]
    WrongType {
        /// The object.
        id: ObjectName,
        /// The expected type.
        expected: &'static str,
    },
    /// Git failed.
    #[error("{0}")]
    Failed(String),
}

impl ObjectError {
    /// The finding that the clone cannot be read.
    pub fn finding(&self) -> Finding {
        let at = Location::of_repository();
        Finding::new(&GIT_FAILED, format!("the clone cannot be read: {self}"), at)
    }
}
