//! The files of one commit.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use super::{FileMode, ObjectDatabase, ObjectError, ObjectName, TreeEntry};
use crate::source::{
    EntryKind, MAX_FILE_BYTES, ReadErrorKind, RepoPath, Store, StoreEntry, StoreError,
};

/// A commit's files below a directory of the clone.
pub(super) struct CommitFiles {
    objects: Arc<dyn ObjectDatabase>,
    commit: ObjectName,
    tree: ObjectName,
    prefix: RepoPath,
    /// Trees that were read, by the path from the clone's root: each is needed
    /// for every path below it.
    directories: RwLock<HashMap<RepoPath, Arc<TreeListing>>>,
}

/// A tree that was read.
struct TreeListing {
    /// The entries in the order of their names. Git's order is nearly the same,
    /// so this costs less than making a map.
    entries: Vec<TreeEntry>,
    /// Set once its blobs were requested.
    is_fetched: OnceLock<()>,
}

impl CommitFiles {
    /// The files of `commit` below `prefix`.
    pub(super) fn new(
        objects: Arc<dyn ObjectDatabase>,
        commit: &ObjectName,
        prefix: RepoPath,
    ) -> Result<Self, ObjectError> {
        let (_, tree) = objects.commit(commit)?;
        let directories = RwLock::default();
        Ok(Self { objects, commit: commit.clone(), tree, prefix, directories })
    }

    fn full(&self, path: &RepoPath) -> Result<RepoPath, StoreError> {
        self.prefix.join(path.as_str()).map_err(|_| ReadErrorKind::Missing)
    }

    /// The entry at a path from the clone's root.
    fn find(&self, full: &RepoPath) -> Result<Option<(FileMode, ObjectName)>, StoreError> {
        let Some(parent) = full.parent() else {
            return Ok(Some((FileMode::Tree, self.tree.clone())));
        };
        let parent = self.directory(&parent)?;
        Ok(parent.and_then(|parent| parent.get(full.name()).map(|one| (one.mode, one.id.clone()))))
    }

    fn directory(&self, full: &RepoPath) -> Result<Option<Arc<TreeListing>>, StoreError> {
        {
            let known = self.directories.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(directory) = known.get(full) {
                return Ok(Some(Arc::clone(directory)));
            }
        }
        let Some((FileMode::Tree, id)) = self.find(full)? else { return Ok(None) };
        let entries = self.objects.tree(&id).map_err(|error| self.failed(&error))?;
        let directory = Arc::new(TreeListing::of(entries));
        let mut known = self.directories.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Some(Arc::clone(known.entry(full.clone()).or_insert(directory))))
    }

    fn entry_of(&self, mode: FileMode, id: &ObjectName) -> Result<StoreEntry, StoreError> {
        Ok(match mode {
            FileMode::Tree => StoreEntry::Directory,
            FileMode::File | FileMode::Executable => StoreEntry::File { size: None },
            FileMode::Link => {
                let target = self.bounded(id)?;
                StoreEntry::Link { target: String::from_utf8_lossy(&target).into_owned() }
            }
            // A submodule's commit belongs to another repository.
            FileMode::Submodule => StoreEntry::Other,
        })
    }

    /// A blob's bytes, unless it is larger than a file may be.
    fn bounded(&self, id: &ObjectName) -> Result<Vec<u8>, StoreError> {
        let size = self.objects.blob_size(id).map_err(|error| self.failed(&error))?;
        if size > MAX_FILE_BYTES {
            return Err(ReadErrorKind::TooLarge { size });
        }
        self.objects.blob(id).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &ObjectError) -> StoreError {
        match error {
            ObjectError::Absent(_) => {
                ReadErrorKind::Absent(format!("commit {} is in the clone without it", self.commit))
            }
            other => ReadErrorKind::Failed(other.to_string()),
        }
    }
}

impl TreeListing {
    fn of(mut entries: Vec<TreeEntry>) -> Self {
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Self { entries, is_fetched: OnceLock::new() }
    }

    fn get(&self, name: &str) -> Option<&TreeEntry> {
        let at = self.entries.binary_search_by(|entry| entry.name.as_slice().cmp(name.as_bytes()));
        at.ok().map(|at| &self.entries[at])
    }

    /// Fetches the blobs of all its files that a partial clone lacks: whoever
    /// reads one file of a directory is likely to read the others, and would
    /// wait for the remote each time.
    fn prefetch(&self, objects: &dyn ObjectDatabase) {
        self.is_fetched.get_or_init(|| {
            let is_blob = |mode| !matches!(mode, FileMode::Tree | FileMode::Submodule);
            let blobs = self.entries.iter().filter(|entry| is_blob(entry.mode));
            let ids: Vec<ObjectName> = blobs.map(|entry| entry.id.clone()).collect();
            // If that fails, the wanted file may still be there; if it is not,
            // reading it says why.
            let _ = objects.prefetch(&ids);
        });
    }
}

impl Store for CommitFiles {
    fn entry(&self, path: &RepoPath) -> Result<Option<StoreEntry>, StoreError> {
        match self.find(&self.full(path)?)? {
            Some((mode, id)) => self.entry_of(mode, &id).map(Some),
            None => Ok(None),
        }
    }

    fn list(&self, directory: &RepoPath) -> Result<Vec<(String, StoreEntry)>, StoreError> {
        let Some(found) = self.directory(&self.full(directory)?)? else {
            return Err(ReadErrorKind::NotADirectory);
        };
        let mut entries = Vec::with_capacity(found.entries.len());
        for TreeEntry { name, mode, id } in &found.entries {
            let name = std::str::from_utf8(name).map_err(|_| ReadErrorKind::name_not_utf8(name))?;
            // Not every name is a segment, because a commit need not come from git; a Tree judges that.
            entries.push((name.to_owned(), self.entry_of(*mode, id)?));
        }
        Ok(entries)
    }

    /// Lists names and kinds without reading any blob.
    fn names(&self, directory: &RepoPath) -> Result<Vec<(String, EntryKind)>, StoreError> {
        let Some(found) = self.directory(&self.full(directory)?)? else {
            return Err(ReadErrorKind::NotADirectory);
        };
        let names = found.entries.iter().map(|TreeEntry { name, mode, .. }| {
            let name = std::str::from_utf8(name).map_err(|_| ReadErrorKind::name_not_utf8(name))?;
            let kind = match mode {
                FileMode::Tree => EntryKind::Directory,
                FileMode::Link => EntryKind::Link,
                FileMode::File | FileMode::Executable => EntryKind::File,
                FileMode::Submodule => EntryKind::Other,
            };
            Ok((name.to_owned(), kind))
        });
        names.collect()
    }

    fn read(&self, path: &RepoPath) -> Result<Vec<u8>, StoreError> {
        let full = self.full(path)?;
        let directory = full.parent().map(|parent| self.directory(&parent)).transpose()?.flatten();
        let directory = directory.ok_or(ReadErrorKind::Missing)?;
        match directory.get(full.name()) {
            Some(TreeEntry { mode: FileMode::Tree | FileMode::Submodule, .. }) | None => {
                Err(ReadErrorKind::Missing)
            }
            Some(entry) => {
                directory.prefetch(&*self.objects);
                self.bounded(&entry.id)
            }
        }
    }

    fn content(&self, path: &RepoPath) -> Option<String> {
        match self.find(&self.full(path).ok()?).ok()?? {
            (FileMode::File | FileMode::Executable, id) => Some(id.as_str().to_owned()),
            _ => None,
        }
    }

    fn contents(&self, directory: &RepoPath) -> Option<Vec<(String, String)>> {
        let found = self.directory(&self.full(directory).ok()?).ok()??;
        let others = found.entries.iter().filter(|entry| entry.mode != FileMode::Tree);
        let named = others.map(|TreeEntry { name, mode, id }| {
            let is_file = matches!(mode, FileMode::File | FileMode::Executable);
            let name = std::str::from_utf8(name).ok().filter(|_| is_file)?;
            Some((name.to_owned(), id.as_str().to_owned()))
        });
        named.collect()
    }

    fn revision(&self) -> Option<&str> {
        Some(self.commit.as_str())
    }
}
