//! The contents of an output tree, wherever it is.

use super::code::{FOREIGN_FILE, OUTPUT_LINK, OUTPUT_UNREADABLE};
use crate::diagnostic::Finding;
use crate::source::{EntryKind, Location, ReadErrorKind, RepoPath, Store, StoreEntry};

/// An output tree as it is, on disk or in a commit. No link is followed.
pub trait Existing: Sync {
    /// A path below the output directory, as findings show it.
    fn name(&self, path: &RepoPath) -> RepoPath;

    /// The kind of the entry at a path; none if nothing is there. Called only if
    /// everything above is a directory.
    fn kind(&self, path: &RepoPath) -> Result<Option<EntryKind>, ReadErrorKind>;

    /// The names and kinds of the entries directly in a directory, in any order.
    fn list(&self, directory: &RepoPath) -> Result<Vec<(String, EntryKind)>, ReadErrorKind>;

    /// The first bytes of a file, `most` or as many as it has.
    fn head(&self, file: &RepoPath, most: usize) -> Result<Vec<u8>, ReadErrorKind>;
}

/// An output tree in a store, such as a commit.
pub struct InStore<'a> {
    /// The repository.
    pub store: &'a dyn Store,
    /// The output directory in it.
    pub output: RepoPath,
}

impl Existing for InStore<'_> {
    fn name(&self, path: &RepoPath) -> RepoPath {
        below(&self.output, path)
    }

    fn kind(&self, path: &RepoPath) -> Result<Option<EntryKind>, ReadErrorKind> {
        Ok(self.store.entry(&self.name(path))?.as_ref().map(StoreEntry::kind))
    }

    fn list(&self, directory: &RepoPath) -> Result<Vec<(String, EntryKind)>, ReadErrorKind> {
        self.store.names(&self.name(directory))
    }

    fn head(&self, file: &RepoPath, most: usize) -> Result<Vec<u8>, ReadErrorKind> {
        let mut bytes = self.store.read(&self.name(file))?;
        bytes.truncate(most);
        Ok(bytes)
    }
}

pub(super) fn below(directory: &RepoPath, path: &RepoPath) -> RepoPath {
    path.segments().fold(directory.clone(), |at, segment| at.child(segment))
}

/// The finding that something is where a directory or a file of ours has to be.
pub(super) fn in_the_way(path: &RepoPath, kind: EntryKind) -> Finding {
    let (code, what) = match kind {
        EntryKind::Link => (&OUTPUT_LINK, "a symbolic link"),
        EntryKind::File => (&FOREIGN_FILE, "a file that is not rungs'"),
        EntryKind::Directory => (&FOREIGN_FILE, "a directory"),
        EntryKind::Other => (&FOREIGN_FILE, "something that is not a file"),
    };
    Finding::new(code, format!("there is {what} at `{path}`"), Location::of_path(path))
        .because("is where rungs has to write")
        .help("move it away, or write elsewhere with `rungs render --output`; nothing was written")
}

pub(super) fn unreadable(path: &RepoPath, kind: &ReadErrorKind) -> Finding {
    Finding::new(&OUTPUT_UNREADABLE, format!("`{path}` {kind}"), Location::of_path(path))
        .help("check its permissions and the disk; nothing was written")
}
