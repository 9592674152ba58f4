//! A Tree's files for a reader that nobody trusts.

use super::dot_git::is_git;
use super::{
    EntryKind, MAX_FILE_BYTES, ReadErrorKind, RepoPath, Store, StoreEntry, StoreError, Tree,
};

/// The store of a Tree for a reader that may ask for anything, such as another process.
///
/// A [`Tree`] above a store asks only for what it has resolved. This store does not rely
/// on that: what is reached through a link, is in `.git` or is too large is refused here.
pub struct GuardedStore<'t> {
    tree: &'t Tree,
}

impl<'t> GuardedStore<'t> {
    /// The files of `tree`.
    pub fn new(tree: &'t Tree) -> Self {
        Self { tree }
    }

    /// Fails unless the path is outside `.git`, and everything above it is a directory.
    fn check(&self, path: &RepoPath) -> Result<(), StoreError> {
        if path.segments().any(is_git) {
            return Err(ReadErrorKind::Git);
        }
        match path.parent() {
            Some(directory) if !self.tree.is_plain(&directory)? => Err(ReadErrorKind::Missing),
            _ => Ok(()),
        }
    }

    fn check_directory(&self, directory: &RepoPath) -> Result<(), StoreError> {
        self.check(directory)?;
        if self.tree.is_plain(directory)? { Ok(()) } else { Err(ReadErrorKind::NotADirectory) }
    }
}

/// A directory with more names than this is not listed: a stranger may have made it up.
const MOST_NAMES: usize = 100_000;

/// A listing without git's own directory.
fn without_git<T>(mut listing: Vec<(String, T)>) -> Result<Vec<(String, T)>, StoreError> {
    if listing.len() > MOST_NAMES {
        return Err(ReadErrorKind::Failed(format!("it has more than {MOST_NAMES} names")));
    }
    listing.retain(|(name, _)| !is_git(name));
    Ok(listing)
}

impl Store for GuardedStore<'_> {
    fn entry(&self, path: &RepoPath) -> Result<Option<StoreEntry>, StoreError> {
        match self.check(path) {
            Ok(()) => self.tree.store().entry(path),
            Err(ReadErrorKind::Missing) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn list(&self, directory: &RepoPath) -> Result<Vec<(String, StoreEntry)>, StoreError> {
        self.check_directory(directory)?;
        without_git(self.tree.store().list(directory)?)
    }

    fn names(&self, directory: &RepoPath) -> Result<Vec<(String, EntryKind)>, StoreError> {
        self.check_directory(directory)?;
        without_git(self.tree.store().names(directory)?)
    }

    fn read(&self, path: &RepoPath) -> Result<Vec<u8>, StoreError> {
        match self.entry(path)? {
            None => Err(ReadErrorKind::Missing),
            Some(StoreEntry::File { size: Some(size) }) if size > MAX_FILE_BYTES => {
                Err(ReadErrorKind::TooLarge { size })
            }
            Some(StoreEntry::File { .. }) => self.tree.store().read(path),
            Some(_) => Err(ReadErrorKind::NotAFile),
        }
    }

    fn revision(&self) -> Option<&str> {
        self.tree.revision()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Disk;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    #[test]
    fn nothing_is_reached_through_a_link_or_in_git() {
        let root = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("token"), "secret").unwrap();
        std::fs::create_dir_all(root.path().join("a/.git")).unwrap();
        std::fs::write(root.path().join("a/.git/config"), "secret").unwrap();
        std::fs::write(root.path().join("a/file"), "text").unwrap();
        std::os::unix::fs::symlink(outside.path(), root.path().join("a/out")).unwrap();
        let tree = Tree::new(Disk::new(root.path()));
        let store = GuardedStore::new(&tree);
        assert_eq!(store.read(&path("a/file")).unwrap(), b"text");
        assert!(matches!(store.entry(&path("a/out")), Ok(Some(StoreEntry::Link { .. }))));
        for through_link in ["a/out/token", "a/out/x/y"] {
            assert!(matches!(store.entry(&path(through_link)), Ok(None)), "{through_link}");
            assert!(store.read(&path(through_link)).is_err(), "{through_link}");
        }
        assert!(store.list(&path("a/out")).is_err());
        assert!(store.names(&path("a/out")).is_err());
        assert_eq!(store.names(&path("a")).unwrap().len(), 2, "`.git` is not listed");
        for git in ["a/.git/config", "a/.GIT/config", "a/git~1/config"] {
            assert!(matches!(store.read(&path(git)), Err(ReadErrorKind::Git)), "{git}");
        }
    }

    #[test]
    fn a_large_file_is_not_read() {
        let root = tempfile::tempdir().unwrap();
        let file = std::fs::File::create(root.path().join("big")).unwrap();
        file.set_len(MAX_FILE_BYTES + 1).unwrap();
        let tree = Tree::new(Disk::new(root.path()));
        let read = GuardedStore::new(&tree).read(&path("big"));
        assert!(matches!(read, Err(ReadErrorKind::TooLarge { .. })));
    }
}
