//! The files of one commit.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::source::{Entry, EntryKind, ReadErrorKind, RepoPath, Store, StoreError};

const LINK: i32 = 0o120_000;

/// A commit's files below a directory of the clone.
pub struct CommitFiles {
    repository: Arc<Mutex<git2::Repository>>,
    tree: git2::Oid,
    commit: String,
    prefix: RepoPath,
}

impl CommitFiles {
    pub(super) fn new(
        repository: Arc<Mutex<git2::Repository>>,
        commit: git2::Oid,
        prefix: RepoPath,
    ) -> Result<Self, git2::Error> {
        let tree = {
            let inner = repository.lock().unwrap_or_else(PoisonError::into_inner);
            inner.find_commit(commit)?.tree_id()
        };
        Ok(Self { repository, tree, commit: commit.to_string(), prefix })
    }

    fn inner(&self) -> MutexGuard<'_, git2::Repository> {
        self.repository.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find<'r>(
        &self,
        inner: &'r git2::Repository,
        path: &RepoPath,
    ) -> Result<Option<Found<'r>>, StoreError> {
        let root = inner.find_tree(self.tree).map_err(|error| self.failed(&error))?;
        let full = self.prefix.join(path.as_str()).map_err(|_| ReadErrorKind::Missing)?;
        if full.is_root() {
            return Ok(Some(Found::Directory(root)));
        }
        let entry = match root.get_path(Path::new(full.as_str())) {
            Ok(entry) => entry,
            Err(error) if error.code() == git2::ErrorCode::NotFound => return Ok(None),
            Err(error) => return Err(self.failed(&error)),
        };
        self.found(inner, &entry).map(Some)
    }

    fn found<'r>(
        &self,
        inner: &'r git2::Repository,
        entry: &git2::TreeEntry<'_>,
    ) -> Result<Found<'r>, StoreError> {
        match entry.kind() {
            Some(git2::ObjectType::Tree) => {
                let tree = inner.find_tree(entry.id()).map_err(|error| self.failed(&error))?;
                Ok(Found::Directory(tree))
            }
            Some(git2::ObjectType::Blob) => {
                Ok(Found::Blob { id: entry.id(), is_link: entry.filemode() == LINK })
            }
            // A submodule's commit, which is another repository's.
            _ => Ok(Found::Other),
        }
    }

    fn entry_of(&self, inner: &git2::Repository, found: &Found<'_>) -> Result<Entry, StoreError> {
        Ok(match found {
            Found::Directory(_) => Entry::Directory,
            Found::Other => Entry::Other,
            Found::Blob { id, is_link: false } => {
                // The header alone says the size of what may be too large to read.
                let header = inner.odb().and_then(|odb| odb.read_header(*id));
                Entry::File { size: header.map_err(|error| self.failed(&error))?.0 as u64 }
            }
            Found::Blob { id, is_link: true } => {
                let blob = inner.find_blob(*id).map_err(|error| self.failed(&error))?;
                Entry::Link { target: String::from_utf8_lossy(blob.content()).into_owned() }
            }
        })
    }

    /// The names in a directory, each with what `of` makes of it.
    fn children<T>(
        &self,
        directory: &RepoPath,
        of: impl Fn(&git2::Repository, &git2::TreeEntry<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<(String, T)>, StoreError> {
        let inner = self.inner();
        let Some(Found::Directory(tree)) = self.find(&inner, directory)? else {
            return Err(ReadErrorKind::NotADirectory);
        };
        let mut children = Vec::with_capacity(tree.len());
        for entry in &tree {
            let name =
                entry.name().map_err(|_| ReadErrorKind::name_not_utf8(entry.name_bytes()))?;
            // Not every name is a segment, because a commit need not come from git; a Tree judges that.
            children.push((name.to_owned(), of(&inner, &entry)?));
        }
        Ok(children)
    }

    fn failed(&self, error: &git2::Error) -> StoreError {
        if error.code() == git2::ErrorCode::NotFound {
            ReadErrorKind::Absent(format!("commit {} is there without it", self.commit))
        } else {
            ReadErrorKind::Failed(error.message().to_owned())
        }
    }
}

enum Found<'r> {
    Directory(git2::Tree<'r>),
    Blob { id: git2::Oid, is_link: bool },
    Other,
}

impl Store for CommitFiles {
    fn entry(&self, path: &RepoPath) -> Result<Option<Entry>, StoreError> {
        let inner = self.inner();
        match self.find(&inner, path)? {
            Some(found) => self.entry_of(&inner, &found).map(Some),
            None => Ok(None),
        }
    }

    fn list(&self, directory: &RepoPath) -> Result<Vec<(String, Entry)>, StoreError> {
        self.children(directory, |inner, entry| self.entry_of(inner, &self.found(inner, entry)?))
    }

    /// Without a look at any blob: its size stands at its head.
    fn names(&self, directory: &RepoPath) -> Result<Vec<(String, EntryKind)>, StoreError> {
        self.children(directory, |_, entry| {
            Ok(match entry.kind() {
                Some(git2::ObjectType::Tree) => EntryKind::Directory,
                Some(git2::ObjectType::Blob) if entry.filemode() == LINK => EntryKind::Link,
                Some(git2::ObjectType::Blob) => EntryKind::File,
                _ => EntryKind::Other,
            })
        })
    }

    fn read(&self, path: &RepoPath) -> Result<Vec<u8>, StoreError> {
        let inner = self.inner();
        let Some(Found::Blob { id, .. }) = self.find(&inner, path)? else {
            return Err(ReadErrorKind::Missing);
        };
        let blob = inner.find_blob(id).map_err(|error| self.failed(&error))?;
        Ok(blob.content().to_vec())
    }

    fn revision(&self) -> Option<&str> {
        Some(&self.commit)
    }
}
