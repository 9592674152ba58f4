//! Files held in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use super::{ReadErrorKind, RepoPath, Store, StoreEntry, StoreError};

/// A repository that exists in memory only: for what is planned and not yet
/// written, and for tests.
#[derive(Debug, Default, Clone)]
pub struct Memory {
    entries: BTreeMap<RepoPath, Held>,
}

#[derive(Debug, Clone)]
enum Held {
    File(Vec<u8>),
    Link(String),
}

impl Memory {
    /// A repository without a file.
    pub fn new() -> Self {
        Self::default()
    }

    /// From paths and texts.
    ///
    /// # Panics
    ///
    /// Where a path leaves the repository.
    pub fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut memory = Self::new();
        for (path, text) in files {
            let path = RepoPath::new(path).expect("a path in the repository");
            memory.insert(path, text.as_bytes().to_vec());
        }
        memory
    }

    /// Adds or replaces a file.
    pub fn insert(&mut self, path: RepoPath, bytes: Vec<u8>) {
        self.entries.insert(path, Held::File(bytes));
    }

    /// Adds or replaces a symbolic link.
    pub fn link(&mut self, path: RepoPath, target: &str) {
        self.entries.insert(path, Held::Link(target.to_owned()));
    }

    /// What is held anywhere below a directory, by the rest of its path. Only
    /// that much of the map is looked at: `a/` sorts before all that begins so.
    fn below(&self, directory: &RepoPath) -> impl Iterator<Item = (&str, &Held)> {
        let prefix =
            if directory.is_root() { String::new() } else { format!("{}/", directory.as_str()) };
        let from = (Bound::Included(prefix.as_str()), Bound::Unbounded);
        let entries = self.entries.range::<str, _>(from);
        entries.map_while(move |(path, held)| Some((path.as_str().strip_prefix(&prefix)?, held)))
    }
}

impl Held {
    fn entry(&self) -> StoreEntry {
        match self {
            Self::File(bytes) => StoreEntry::File { size: Some(bytes.len() as u64) },
            Self::Link(target) => StoreEntry::Link { target: target.clone() },
        }
    }
}

impl Store for Memory {
    fn entry(&self, path: &RepoPath) -> Result<Option<StoreEntry>, StoreError> {
        if let Some(held) = self.entries.get(path) {
            return Ok(Some(held.entry()));
        }
        let is_directory = path.is_root() || self.below(path).next().is_some();
        Ok(is_directory.then_some(StoreEntry::Directory))
    }

    fn list(&self, directory: &RepoPath) -> Result<Vec<(String, StoreEntry)>, StoreError> {
        let mut directories = BTreeSet::new();
        let mut entries = Vec::new();
        for (rest, held) in self.below(directory) {
            match rest.split_once('/') {
                Some((name, _)) => {
                    if directories.insert(name.to_owned()) {
                        entries.push((name.to_owned(), StoreEntry::Directory));
                    }
                }
                None => entries.push((rest.to_owned(), held.entry())),
            }
        }
        Ok(entries)
    }

    fn read(&self, path: &RepoPath) -> Result<Vec<u8>, StoreError> {
        match self.entries.get(path) {
            Some(Held::File(bytes)) => Ok(bytes.clone()),
            _ => Err(ReadErrorKind::Missing),
        }
    }
}
