//! A store that gives the same answer each time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{EntryKind, ReadErrorKind, RepoPath, Store, StoreEntry, StoreError};

/// The answers of another store, each as it was first given. Files that others
/// change meanwhile are not noticed, so that what is computed from them is
/// computed from one version of each, and that version is known afterwards.
pub(super) struct Snapshot {
    below: Arc<dyn Store>,
    entries: Answers<Option<StoreEntry>>,
    lists: Answers<Vec<(String, StoreEntry)>>,
    names: Answers<Vec<(String, EntryKind)>>,
    files: Answers<Vec<u8>>,
}

impl Snapshot {
    pub(super) fn new(below: Arc<dyn Store>) -> Self {
        Self {
            below,
            entries: Answers::default(),
            lists: Answers::default(),
            names: Answers::default(),
            files: Answers::default(),
        }
    }

    /// Whether an earlier answer says that nothing is at a path.
    fn was_missing(&self, path: &RepoPath) -> bool {
        let mut at = path.clone();
        while let Some(above) = at.parent() {
            let is_missing = self.entries.has(&at, Option::is_none)
                || self.lists.has(&above, |all| !has_name(all, at.name()))
                || self.names.has(&above, |all| !has_name(all, at.name()));
            if is_missing {
                return true;
            }
            at = above;
        }
        false
    }
}

impl Store for Snapshot {
    fn entry(&self, path: &RepoPath) -> Result<Option<StoreEntry>, StoreError> {
        self.entries
            .of(path, || if self.was_missing(path) { Ok(None) } else { self.below.entry(path) })
    }

    fn list(&self, directory: &RepoPath) -> Result<Vec<(String, StoreEntry)>, StoreError> {
        self.lists.of(directory, || Ok(by_name(self.below.list(directory)?)))
    }

    fn names(&self, directory: &RepoPath) -> Result<Vec<(String, EntryKind)>, StoreError> {
        self.names.of(directory, || Ok(by_name(self.below.names(directory)?)))
    }

    fn read(&self, path: &RepoPath) -> Result<Vec<u8>, StoreError> {
        self.files.of(path, || {
            if self.was_missing(path) { Err(ReadErrorKind::Missing) } else { self.below.read(path) }
        })
    }

    fn revision(&self) -> Option<&str> {
        self.below.revision()
    }
}

/// A listing in the order of names, in which each file of a large directory can be
/// looked up.
fn by_name<T>(mut listing: Vec<(String, T)>) -> Vec<(String, T)> {
    listing.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    listing
}

fn has_name<T>(listing: &[(String, T)], name: &str) -> bool {
    listing.binary_search_by(|(one, _)| one.as_str().cmp(name)).is_ok()
}

/// Answers of one kind by path. Failures are not kept.
struct Answers<T>(Mutex<HashMap<RepoPath, T>>);

impl<T: Clone> Answers<T> {
    fn of(
        &self,
        path: &RepoPath,
        ask: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if let Some(known) = self.known().get(path) {
            return Ok(known.clone());
        }
        // Not under the lock: asking may look at other answers of this kind.
        let answer = ask()?;
        Ok(self.known().entry(path.clone()).or_insert(answer).clone())
    }

    /// Whether there is an answer for a path, and it is like that.
    fn has(&self, path: &RepoPath, is_like: impl FnOnce(&T) -> bool) -> bool {
        self.known().get(path).is_some_and(is_like)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<RepoPath, T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for Answers<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::source::{Disk, ReadErrorKind, RepoPath, Tree};

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    #[test]
    fn what_was_read_stays_as_it_was() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        fs::create_dir(root.join("a")).unwrap();
        for name in ["read", "gone", "later"] {
            fs::write(root.join("a").join(name), "old").unwrap();
        }
        let tree = Tree::new(Disk::new(root)).snapshot();
        for name in ["a/read", "a/gone"] {
            tree.read(&path(name)).unwrap();
        }
        tree.list(&path("a")).unwrap();
        assert!(tree.read_if_present(&path("b/c")).unwrap().is_none());
        fs::remove_file(root.join("a/gone")).unwrap();
        fs::create_dir(root.join("b")).unwrap();
        for name in ["a/read", "a/later", "a/new", "b/c"] {
            fs::write(root.join(name), "new").unwrap();
        }
        let again = tree.with_files([].into());
        let read = |name: &str| String::from_utf8(again.read_bytes(&path(name)).unwrap()).unwrap();
        assert_eq!(["a/read", "a/gone"].map(read), ["old", "old"]);
        assert_eq!(read("a/later"), "new", "it was not read before");
        for name in ["a/new", "b/c"] {
            let error = tree.store().read(&path(name)).unwrap_err();
            assert!(matches!(error, ReadErrorKind::Missing), "{name}: {error}");
            assert!(again.read_if_present(&path(name)).unwrap().is_none(), "{name}");
        }
    }
}
