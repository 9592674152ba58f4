//! A repository's files with some of them changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{EntryKind, FileChanges, ReadErrorKind, RepoPath, Store, StoreEntry, StoreError};

/// What is planned and not yet written, over what is there. It is not a
/// commit, even where what is below is one.
pub(super) struct Overlay {
    below: Arc<dyn Store>,
    /// The bytes of each file that changes; none where it is removed.
    files: BTreeMap<RepoPath, Option<Vec<u8>>>,
}

impl Overlay {
    pub(super) fn new(below: Arc<dyn Store>, changes: FileChanges) -> Self {
        let files = changes.into_map();
        Self { below, files }
    }

    /// Whether a file that is written lies below a path.
    fn writes_below(&self, directory: &RepoPath) -> bool {
        let written = self.files.iter().filter(|(_, bytes)| bytes.is_some());
        written.into_iter().any(|(path, _)| path != directory && path.is_within(directory))
    }

    /// What is in a directory, with what changes there.
    fn laid_over<T: Clone>(
        &self,
        below: Vec<(String, T)>,
        directory: &RepoPath,
        file: impl Fn(&[u8]) -> T,
        of_directory: &T,
    ) -> Vec<(String, T)> {
        let mut entries: BTreeMap<String, T> = below.into_iter().collect();
        for (path, bytes) in &self.files {
            let Some(rest) = path.below(directory) else { continue };
            match (rest.split_once('/'), bytes) {
                (None, Some(bytes)) => {
                    entries.insert(rest.to_owned(), file(bytes));
                }
                (None, None) => {
                    entries.remove(rest);
                }
                (Some((name, _)), Some(_)) => {
                    entries.insert(name.to_owned(), of_directory.clone());
                }
                (Some(_), None) => {}
            }
        }
        entries.into_iter().collect()
    }
}

fn file(bytes: &[u8]) -> StoreEntry {
    StoreEntry::File { size: Some(bytes.len() as u64) }
}

impl Store for Overlay {
    fn entry(&self, path: &RepoPath) -> Result<Option<StoreEntry>, StoreError> {
        match self.files.get(path) {
            Some(Some(bytes)) => Ok(Some(file(bytes))),
            // A file may go for a directory.
            _ if self.writes_below(path) => Ok(Some(StoreEntry::Directory)),
            Some(None) => Ok(None),
            None => self.below.entry(path),
        }
    }

    fn list(&self, directory: &RepoPath) -> Result<Vec<(String, StoreEntry)>, StoreError> {
        let below = match self.below.entry(directory)? {
            Some(StoreEntry::Directory) => self.below.list(directory)?,
            _ => Vec::new(),
        };
        Ok(self.laid_over(below, directory, file, &StoreEntry::Directory))
    }

    fn names(&self, directory: &RepoPath) -> Result<Vec<(String, EntryKind)>, StoreError> {
        let below = match self.below.entry(directory)? {
            Some(StoreEntry::Directory) => self.below.names(directory)?,
            _ => Vec::new(),
        };
        Ok(self.laid_over(below, directory, |_| EntryKind::File, &EntryKind::Directory))
    }

    fn read(&self, path: &RepoPath) -> Result<Vec<u8>, StoreError> {
        match self.files.get(path) {
            Some(Some(bytes)) => Ok(bytes.clone()),
            Some(None) => Err(ReadErrorKind::Missing),
            None => self.below.read(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::source::{Memory, RepoPath, Tree};

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    #[test]
    fn what_changes_is_seen_over_what_is_there() {
        let tree = Tree::new(Memory::of([("a/one", "1"), ("a/two", "2"), ("b", "b")]));
        let changed = tree.with_files(
            [
                (path("a/one"), Some(b"new".to_vec())),
                (path("a/two"), None),
                (path("c/d/e"), Some(Vec::new())),
            ]
            .into(),
        );
        assert_eq!(changed.read(&path("a/one")).unwrap().text(), "new");
        assert!(changed.read_if_present(&path("a/two")).unwrap().is_none());
        assert_eq!(changed.read(&path("b")).unwrap().text(), "b");
        let names = |directory: &str| -> Vec<String> {
            let listed = changed.list(&path(directory)).unwrap();
            listed.iter().map(|one| one.path.to_string()).collect()
        };
        assert_eq!(names("."), ["a", "b", "c"]);
        assert_eq!(names("a"), ["a/one"]);
        assert_eq!(names("c/d"), ["c/d/e"]);
        assert_eq!(tree.read(&path("a/one")).unwrap().text(), "1");
    }
}
