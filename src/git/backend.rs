//! A clone's objects and references, whichever way they are read.

use super::object_format::{self, ObjectKind};
use super::{Commit, ObjectDatabase, ObjectError, ObjectName, TreeEntry};

/// What differs between reading a clone in this process and reading it with the
/// `git` program. Both return the bytes of objects; `format` parses them.
pub(super) trait CloneBackend: Send + Sync {
    /// The number of hexadecimal digits in the names of its objects.
    fn digits(&self) -> usize;
    /// An object's kind, and its length in bytes.
    fn header(&self, id: &ObjectName) -> Result<(ObjectKind, u64), ObjectError>;
    /// An object's kind and bytes.
    fn object(&self, id: &ObjectName) -> Result<(ObjectKind, Vec<u8>), ObjectError>;
    /// Writes an object.
    fn write(&self, kind: ObjectKind, bytes: &[u8]) -> Result<ObjectName, ObjectError>;
    /// Fetches those of the objects that are missing, if a remote promised to
    /// have them.
    fn fetch_missing(&self, ids: &[ObjectName]) -> Result<(), ObjectError>;
    /// Whether objects may be missing that a remote promised to have.
    fn is_partial(&self) -> bool;
    /// The object that a reference of this full, well-formed name leads to,
    /// which may be a tag.
    fn reference(&self, name: &str) -> Result<Option<ObjectName>, ObjectError>;
    /// The reference that a symbolic one names, whether or not it exists.
    fn symbolic(&self, name: &str) -> Result<Option<String>, ObjectError>;
    /// The object whose name starts with these digits.
    fn abbreviated(&self, digits: &str) -> Result<Abbreviated, ObjectError>;
}

/// What an abbreviation stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Abbreviated {
    Nothing,
    One(ObjectName),
    Several,
}

impl<D: CloneBackend> ObjectDatabase for D {
    fn tree(&self, id: &ObjectName) -> Result<Vec<TreeEntry>, ObjectError> {
        let bytes = self.of_kind(id, ObjectKind::Tree)?;
        object_format::tree(&bytes, self.digits()).ok_or_else(|| damaged(id))
    }

    fn blob(&self, id: &ObjectName) -> Result<Vec<u8>, ObjectError> {
        self.of_kind(id, ObjectKind::Blob)
    }

    fn blob_size(&self, id: &ObjectName) -> Result<u64, ObjectError> {
        match self.header(id)? {
            (ObjectKind::Blob, size) => Ok(size),
            _ => Err(ObjectError::WrongType { id: id.clone(), expected: ObjectKind::Blob.name() }),
        }
    }

    fn commit(&self, id: &ObjectName) -> Result<(Commit, ObjectName), ObjectError> {
        let bytes = self.of_kind(id, ObjectKind::Commit)?;
        object_format::commit(id, &bytes).ok_or_else(|| damaged(id))
    }

    fn write_blob(&self, bytes: &[u8]) -> Result<ObjectName, ObjectError> {
        self.write(ObjectKind::Blob, bytes)
    }

    fn write_tree(&self, entries: &[TreeEntry]) -> Result<ObjectName, ObjectError> {
        self.write(ObjectKind::Tree, &object_format::tree_bytes(entries)?)
    }

    fn write_commit(&self, bytes: &[u8]) -> Result<ObjectName, ObjectError> {
        self.write(ObjectKind::Commit, bytes)
    }

    fn prefetch(&self, ids: &[ObjectName]) -> Result<(), ObjectError> {
        if self.is_partial() { self.fetch_missing(ids) } else { Ok(()) }
    }
}

/// The part of reading an object that both ways share.
trait OfKind {
    fn of_kind(&self, id: &ObjectName, expected: ObjectKind) -> Result<Vec<u8>, ObjectError>;
}

impl<D: CloneBackend> OfKind for D {
    fn of_kind(&self, id: &ObjectName, expected: ObjectKind) -> Result<Vec<u8>, ObjectError> {
        match self.object(id)? {
            (kind, bytes) if kind == expected => Ok(bytes),
            _ => Err(ObjectError::WrongType { id: id.clone(), expected: expected.name() }),
        }
    }
}

fn damaged(id: &ObjectName) -> ObjectError {
    ObjectError::Failed(format!("object {id} is damaged"))
}

/// What annotated tags lead to.
pub(super) enum Peeled {
    Commit(ObjectName),
    Other(ObjectKind),
}

/// Follows annotated tags. They cannot form a circle: each has the hash of the
/// next.
pub(super) fn peeled(
    backend: &dyn CloneBackend,
    mut id: ObjectName,
) -> Result<Peeled, ObjectError> {
    loop {
        // The header alone says that a large blob is not a commit.
        match backend.header(&id)?.0 {
            ObjectKind::Commit => return Ok(Peeled::Commit(id)),
            ObjectKind::Tag => {
                let (_, bytes) = backend.object(&id)?;
                id = object_format::tag(&bytes)
                    .ok_or_else(|| ObjectError::Failed(format!("object {id} is damaged")))?;
            }
            other => return Ok(Peeled::Other(other)),
        }
    }
}
