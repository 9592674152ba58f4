//! Files that change together.

use std::collections::{BTreeMap, btree_map};

use super::RepoPath;

/// Files of a repository that change, by path: the new bytes of each, or none
/// for one that goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileChanges(BTreeMap<RepoPath, Option<Vec<u8>>>);

impl FileChanges {
    /// No changes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether no file changes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many files change.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Gives a file new bytes, or takes it away, whatever was said of it before.
    pub fn insert(&mut self, path: RepoPath, bytes: Option<Vec<u8>>) {
        self.0.insert(path, bytes);
    }

    /// What becomes of a file; none where it does not change.
    pub fn get(&self, path: &RepoPath) -> Option<Option<&[u8]>> {
        self.0.get(path).map(Option::as_deref)
    }

    /// The paths, in their order.
    pub fn paths(&self) -> impl Iterator<Item = &RepoPath> {
        self.0.keys()
    }

    /// Each file with what becomes of it, in the order of the paths.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&RepoPath, Option<&[u8]>)> {
        self.0.iter().map(|(path, bytes)| (path, bytes.as_deref()))
    }

    /// What becomes of each file, by path.
    pub(super) fn into_map(self) -> BTreeMap<RepoPath, Option<Vec<u8>>> {
        self.0
    }
}

impl<const N: usize> From<[(RepoPath, Option<Vec<u8>>); N]> for FileChanges {
    fn from(files: [(RepoPath, Option<Vec<u8>>); N]) -> Self {
        Self(BTreeMap::from(files))
    }
}

impl FromIterator<(RepoPath, Option<Vec<u8>>)> for FileChanges {
    fn from_iter<I: IntoIterator<Item = (RepoPath, Option<Vec<u8>>)>>(files: I) -> Self {
        Self(files.into_iter().collect())
    }
}

impl Extend<(RepoPath, Option<Vec<u8>>)> for FileChanges {
    fn extend<I: IntoIterator<Item = (RepoPath, Option<Vec<u8>>)>>(&mut self, files: I) {
        self.0.extend(files);
    }
}

impl IntoIterator for FileChanges {
    type Item = (RepoPath, Option<Vec<u8>>);
    type IntoIter = btree_map::IntoIter<RepoPath, Option<Vec<u8>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
