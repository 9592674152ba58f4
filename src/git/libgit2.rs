//! Reading a clone in this process.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::backend::{Abbreviated, CloneBackend};
use super::object_format::ObjectKind;
use super::{ObjectError, ObjectName};

/// A clone that libgit2 opened. It names objects by SHA-1, and does not read
/// partial clones: it would take objects that are yet to be fetched for lost.
pub(super) struct Libgit2 {
    inner: Mutex<git2::Repository>,
}

impl Libgit2 {
    pub(super) fn new(inner: git2::Repository) -> Self {
        Self { inner: Mutex::new(inner) }
    }

    fn inner(&self) -> MutexGuard<'_, git2::Repository> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether objects may be missing that a remote promised to have.
pub(super) fn is_partial(inner: &git2::Repository) -> Result<bool, git2::Error> {
    let config = inner.config()?;
    if config.get_entry("extensions.partialclone").is_ok() {
        return Ok(true);
    }
    let mut promisors = config.entries(Some(r"^remote\..*\.promisor$"))?;
    while let Some(entry) = promisors.next() {
        // A key without a value means `true`.
        let entry = entry?;
        if !entry.has_value() || git2::Config::parse_bool(entry.value()?)? {
            return Ok(true);
        }
    }
    Ok(false)
}

impl CloneBackend for Libgit2 {
    fn digits(&self) -> usize {
        40
    }

    fn header(&self, id: &ObjectName) -> Result<(ObjectKind, u64), ObjectError> {
        let header = self.inner().odb().and_then(|odb| odb.read_header(oid(id)?));
        let (size, kind) = header.map_err(|error| of_object(id, &error))?;
        Ok((kind_of(id, kind)?, size as u64))
    }

    fn object(&self, id: &ObjectName) -> Result<(ObjectKind, Vec<u8>), ObjectError> {
        let inner = self.inner();
        let odb = inner.odb().map_err(|error| failed(&error))?;
        let read = oid(id).and_then(|id| odb.read(id));
        let object = read.map_err(|error| of_object(id, &error))?;
        Ok((kind_of(id, object.kind())?, object.data().to_vec()))
    }

    fn write(&self, kind: ObjectKind, bytes: &[u8]) -> Result<ObjectName, ObjectError> {
        let kind = match kind {
            ObjectKind::Commit => git2::ObjectType::Commit,
            ObjectKind::Tree => git2::ObjectType::Tree,
            ObjectKind::Blob => git2::ObjectType::Blob,
            ObjectKind::Tag => git2::ObjectType::Tag,
        };
        let written = self.inner().odb().and_then(|odb| odb.write(kind, bytes));
        written.map(name).map_err(|error| failed(&error))
    }

    fn fetch_missing(&self, _: &[ObjectName]) -> Result<(), ObjectError> {
        Ok(())
    }

    fn is_partial(&self) -> bool {
        false
    }

    fn reference(&self, full: &str) -> Result<Option<ObjectName>, ObjectError> {
        present(self.inner().refname_to_id(full).map(name))
    }

    fn symbolic(&self, full: &str) -> Result<Option<String>, ObjectError> {
        let inner = self.inner();
        let found = present(inner.find_reference(full))?;
        Ok(found.and_then(|found| found.symbolic_target().ok().flatten().map(str::to_owned)))
    }

    fn abbreviated(&self, digits: &str) -> Result<Abbreviated, ObjectError> {
        match self.inner().find_object_by_prefix(digits, None) {
            Ok(object) => Ok(Abbreviated::One(name(object.id()))),
            Err(error) => match error.code() {
                git2::ErrorCode::NotFound => Ok(Abbreviated::Nothing),
                git2::ErrorCode::Ambiguous => Ok(Abbreviated::Several),
                _ => Err(failed(&error)),
            },
        }
    }
}

fn oid(id: &ObjectName) -> Result<git2::Oid, git2::Error> {
    // No object of this clone has a name of another length.
    git2::Oid::from_bytes(&id.bytes().collect::<Vec<u8>>()).map_err(|error| {
        git2::Error::new(git2::ErrorCode::NotFound, git2::ErrorClass::Odb, error.message())
    })
}

fn name(oid: git2::Oid) -> ObjectName {
    ObjectName::from_bytes(oid.as_bytes()).expect("libgit2 names objects by SHA-1")
}

fn present<T>(result: Result<T, git2::Error>) -> Result<Option<T>, ObjectError> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
        Err(error) => Err(failed(&error)),
    }
}

fn kind_of(id: &ObjectName, kind: git2::ObjectType) -> Result<ObjectKind, ObjectError> {
    ObjectKind::parse(kind.str()).ok_or_else(|| {
        ObjectError::Failed(format!("object {id} has a type that git does not know"))
    })
}

fn of_object(id: &ObjectName, error: &git2::Error) -> ObjectError {
    if error.code() == git2::ErrorCode::NotFound {
        ObjectError::Absent(id.clone())
    } else {
        failed(error)
    }
}

fn failed(error: &git2::Error) -> ObjectError {
    ObjectError::Failed(error.message().to_owned())
}
