//! Answers to the worker's questions about files.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use super::message::{FileAnswer, Question, Refusal, TreeHandle};
use crate::source::{
    EntryKind, GuardedStore, MAX_FILE_BYTES, RepoPath, Store, StoreEntry, Tree, is_git,
};

/// The most commits whose files one worker may ask for.
const MOST_TREES: usize = 1000;

/// The most files that an answer brings beside the one that was asked for.
const MOST_AHEAD: usize = 64;

/// A file with more bytes does not come along with its directory.
const SMALL: u64 = 64 << 10;

/// A directory with more names than this is not small.
const MOST_NAMES: usize = 32;

/// An answer with more bytes than this takes no further file along.
const FULL: usize = 512 << 10;

/// The files that a worker may ask for, and nothing else.
pub(super) struct FileServer {
    trees: Vec<ServedTree>,
    /// Whether the worker may not open files itself.
    is_for_sandbox: bool,
}

struct ServedTree {
    tree: Tree,
    /// The names of the large directory that was looked at last, until they are asked for.
    names: Option<(RepoPath, Vec<(String, EntryKind)>)>,
    directories: HashMap<RepoPath, ServedDirectory>,
}

/// A directory that was listed.
struct ServedDirectory {
    /// The names of its files, in their order.
    files: Vec<String>,
    /// Those whose bytes were sent.
    sent: HashSet<usize>,
}

impl FileServer {
    /// No files yet, for a worker in a sandbox or not.
    pub(super) fn new(is_for_sandbox: bool) -> Self {
        Self { trees: Vec::new(), is_for_sandbox }
    }

    /// Files that the worker may ask for; the same ones have the same number.
    pub(super) fn add(&mut self, tree: &Tree) -> TreeHandle {
        let known = self.trees.iter().position(|served| served.tree.is_same(tree));
        let id = known.unwrap_or_else(|| {
            let (tree, directories) = (tree.clone(), HashMap::new());
            self.trees.push(ServedTree { tree, names: None, directories });
            self.trees.len() - 1
        });
        let id = u32::try_from(id).expect("there are few trees");
        let (revision, directory) = (tree.revision().map(str::to_owned), self.directory(tree));
        TreeHandle { id, revision, directory }
    }

    /// Where the worker may read files itself, which is quicker than asking for them.
    fn directory(&self, tree: &Tree) -> Option<PathBuf> {
        let directory = tree.store().directory().filter(|_| !self.is_for_sandbox)?;
        // A message is text.
        directory.to_str().is_some().then(|| directory.to_owned())
    }

    /// The answer to a question about the files of that number, with the bytes that go with
    /// it; none if there are no such files.
    pub(super) fn answer(
        &mut self,
        tree: u32,
        question: Question,
    ) -> Option<(FileAnswer, Vec<u8>)> {
        let served = self.trees.get_mut(tree as usize)?;
        let without_bytes = |answer| Some((answer, Vec::new()));
        let store = GuardedStore::new(&served.tree);
        match question {
            Question::Entry(path) => Some(served.entry(&path)),
            Question::List(path) => {
                let list = store.list(&path);
                if let Ok(list) = &list {
                    let files = list.iter().map(|(name, entry)| (name, entry.kind()));
                    served.directories.insert(path, ServedDirectory::new(files));
                }
                without_bytes(FileAnswer::List(list))
            }
            Question::Names(path) => {
                let known = served.names.take().filter(|(known, _)| *known == path);
                let names = known.map_or_else(|| store.names(&path), |(_, names)| Ok(names));
                if let Ok(names) = &names {
                    let files = names.iter().map(|(name, kind)| (name, *kind));
                    served.directories.insert(path, ServedDirectory::new(files));
                }
                without_bytes(FileAnswer::Names(names))
            }
            Question::Read(path) => Some(served.read(&path)),
            Question::At(revision) => {
                let at = match served.tree.at(&revision) {
                    Ok(_) if self.trees.len() >= MOST_TREES => {
                        let reason = format!("more than {MOST_TREES} commits are read");
                        Err(Refusal::Failed { revision, reason })
                    }
                    Ok(tree) => Ok(self.add(&tree)),
                    Err(error) => Err(Refusal::of(&revision, error)),
                };
                without_bytes(FileAnswer::At(at))
            }
        }
    }
}

impl ServedTree {
    /// What is at a path; of a small directory, all that is in it.
    fn entry(&mut self, path: &RepoPath) -> (FileAnswer, Vec<u8>) {
        let store = GuardedStore::new(&self.tree);
        let entry = store.entry(path);
        let is_directory = matches!(entry, Ok(Some(StoreEntry::Directory)));
        let Some(names) = is_directory.then(|| store.names(path).ok()).flatten() else {
            return (FileAnswer::Entry(entry), Vec::new());
        };
        if names.len() > MOST_NAMES {
            self.names = Some((path.clone(), names));
            return (FileAnswer::Entry(entry), Vec::new());
        }
        let Ok(list) = store.list(path) else { return (FileAnswer::Entry(entry), Vec::new()) };
        let (mut files, mut body) = (Vec::new(), Vec::new());
        for (name, entry) in &list {
            let is_small = matches!(entry, StoreEntry::File { size: Some(size) } if *size <= SMALL);
            let file = path.child_named(name).filter(|_| is_small && body.len() <= FULL);
            // What cannot be read is said if it is asked for.
            let Some(file) = file else { continue };
            let Ok(bytes) = store.read(&file) else { continue };
            files.push((file, bytes.len()));
            body.extend_from_slice(&bytes);
        }
        (FileAnswer::Directory(list, files), body)
    }

    /// A file, with those after it in its directory if more of them were read: twice as many
    /// each time, so that little is read for nothing.
    fn read(&mut self, path: &RepoPath) -> (FileAnswer, Vec<u8>) {
        let store = GuardedStore::new(&self.tree);
        let mut body = match store.read(path) {
            Ok(bytes) => bytes,
            Err(error) => return (FileAnswer::Files(Err(error)), Vec::new()),
        };
        let mut files = vec![(path.clone(), body.len())];
        let (directory, name) = path.split();
        // A commit's files may have to be fetched first, which is not worth a guess.
        let is_on_disk = self.tree.revision().is_none();
        if let Some(served) = self.directories.get_mut(directory).filter(|_| is_on_disk) {
            for name in served.following(name) {
                // A crafted commit may have names that are not one segment.
                let next = path.parent().and_then(|directory| directory.child_named(&name));
                let Some(next) = next else { break };
                if body.len() > FULL {
                    break;
                }
                // What cannot be read is said if it is asked for.
                let read = self.tree.store().read(&next);
                let is_small = |bytes: &Vec<u8>| bytes.len() as u64 <= MAX_FILE_BYTES;
                let Some(bytes) = read.ok().filter(is_small) else { break };
                served.mark_sent(&name);
                files.push((next, bytes.len()));
                body.extend_from_slice(&bytes);
            }
        }
        (FileAnswer::Files(Ok(files)), body)
    }
}

impl ServedDirectory {
    fn new<'n>(names: impl Iterator<Item = (&'n String, EntryKind)>) -> Self {
        let files = names.filter(|(name, kind)| *kind == EntryKind::File && !is_git(name));
        let mut files: Vec<_> = files.map(|(name, _)| name.clone()).collect();
        files.sort_unstable();
        Self { files, sent: HashSet::new() }
    }

    /// Notes that a file is sent.
    fn mark_sent(&mut self, name: &str) -> Option<usize> {
        let at = self.files.binary_search_by(|one| one.as_str().cmp(name)).ok()?;
        self.sent.insert(at);
        Some(at)
    }

    /// The files that are likely to be asked for after that one, which is sent: as many as
    /// were sent before.
    fn following(&mut self, name: &str) -> Vec<String> {
        let count = self.sent.len().min(MOST_AHEAD);
        let Some(at) = self.mark_sent(name) else { return Vec::new() };
        let after = (at + 1..self.files.len()).chain(0..at);
        let waiting = after.filter(|index| !self.sent.contains(index));
        waiting.take(count).map(|index| self.files[index].clone()).collect()
    }
}
