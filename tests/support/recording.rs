//! A store that records what a tree reads of it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use rungs::source::{EntryKind, RepoPath, Store, StoreEntry, StoreError, Tree};

/// The paths that a tree asked its store for.
#[derive(Default)]
pub struct Record {
    read: Mutex<BTreeSet<RepoPath>>,
    listed: Mutex<BTreeSet<RepoPath>>,
    examined: Mutex<BTreeSet<RepoPath>>,
}

impl Record {
    /// Files that were read.
    pub fn read(&self) -> Vec<String> {
        texts(&self.read)
    }

    /// Directories that were listed.
    pub fn listed(&self) -> Vec<String> {
        texts(&self.listed)
    }

    /// Paths whose entry was asked for, whether it exists or not.
    pub fn examined(&self) -> Vec<String> {
        texts(&self.examined)
    }
}

fn texts(paths: &Mutex<BTreeSet<RepoPath>>) -> Vec<String> {
    paths.lock().unwrap().iter().map(ToString::to_string).collect()
}

/// The same files as a tree that has read nothing yet, and the record of what it reads.
pub fn recording(tree: &Tree) -> (Tree, Arc<Record>) {
    let record = Arc::<Record>::default();
    let store = Recorder { tree: tree.clone(), record: Arc::clone(&record) };
    (Tree::new(store), record)
}

struct Recorder {
    tree: Tree,
    record: Arc<Record>,
}

impl Store for Recorder {
    fn entry(&self, path: &RepoPath) -> Result<Option<StoreEntry>, StoreError> {
        self.record.examined.lock().unwrap().insert(path.clone());
        self.tree.store().entry(path)
    }

    fn list(&self, directory: &RepoPath) -> Result<Vec<(String, StoreEntry)>, StoreError> {
        self.record.listed.lock().unwrap().insert(directory.clone());
        self.tree.store().list(directory)
    }

    fn names(&self, directory: &RepoPath) -> Result<Vec<(String, EntryKind)>, StoreError> {
        self.record.listed.lock().unwrap().insert(directory.clone());
        self.tree.store().names(directory)
    }

    fn read(&self, path: &RepoPath) -> Result<Vec<u8>, StoreError> {
        self.record.read.lock().unwrap().insert(path.clone());
        self.tree.store().read(path)
    }
}
