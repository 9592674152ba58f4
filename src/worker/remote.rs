//! The worker's side of the pipe: its messages, and files that it asks for.

use std::collections::HashMap;
use std::io::{self, BufWriter, Stdout, Write as _};
use std::process;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::frame;
use super::message::{FileAnswer, FilePiece, FromWorker, Question, Refusal, TreeHandle};
use crate::source::{
    EntryKind, ReadErrorKind, RepoPath, RevisionError, Revisions, Store, StoreEntry, StoreError,
    Tree,
};

/// As many of them as are sent at once.
const MOST_PIECES: usize = 1000;

/// As much of a revision as is asked for.
const MOST_REVISION: usize = 1024;

/// Rendered files are sent in pieces of about this size.
const PIECE: usize = 64 << 10;

/// An answer, with the bytes that came with it.
pub(super) type ReceivedAnswer = (FileAnswer, Vec<u8>);

/// The connection to the program that started this worker. If that is gone, so is whoever
/// wanted a result, and the process ends.
pub(super) struct Link {
    reports: Mutex<BufWriter<Stdout>>,
    /// One question is asked at a time.
    answers: Mutex<Receiver<ReceivedAnswer>>,
    /// The files that engines are at, by the engines' numbers.
    files: Mutex<HashMap<u32, RepoPath>>,
}

impl Link {
    /// A connection whose answers come from `answers`.
    pub(super) fn new(answers: Receiver<ReceivedAnswer>) -> Self {
        let reports = BufWriter::with_capacity(PIECE, io::stdout());
        Self { reports: Mutex::new(reports), answers: Mutex::new(answers), files: Mutex::default() }
    }

    /// Sends a message at once.
    pub(super) fn report(&self, report: &FromWorker, body: &[u8]) {
        let mut reports = locked(&self.reports);
        let written = frame::write(&mut *reports, report, body).and_then(|()| reports.flush());
        written.unwrap_or_else(|_| gone());
    }

    /// Sends a message together with the next one.
    pub(super) fn report_soon(&self, report: &FromWorker, body: &[u8]) {
        frame::write(&mut *locked(&self.reports), report, body).unwrap_or_else(|_| gone());
    }

    /// Notes that an engine has come to a file.
    pub(super) fn comes_to(&self, id: u32, file: &RepoPath) {
        locked(&self.files).insert(id, file.clone());
    }

    /// Notes that an engine is done.
    pub(super) fn ends(&self, id: u32) {
        locked(&self.files).remove(&id);
        self.report_soon(&FromWorker::Ends(id), b"");
    }

    /// Says which files engines are at, and sends what waits.
    pub(super) fn flush(&self) {
        // Held meanwhile, so that none of these engines is reported to be done before.
        let files = locked(&self.files);
        for (&id, file) in files.iter() {
            self.report_soon(&FromWorker::ComesTo { id, file: file.clone() }, b"");
        }
        drop(files);
        self.report(&FromWorker::Flushed, b"");
    }

    /// Sends rendered files.
    pub(super) fn send_files<'f>(&self, files: impl Iterator<Item = (&'f RepoPath, &'f [u8])>) {
        let (mut head, mut body) = (Vec::new(), Vec::with_capacity(2 * PIECE));
        for (path, bytes) in files {
            let mut pieces = bytes.chunks(PIECE).peekable();
            // An empty file is a file too.
            let empty = pieces.peek().is_none().then_some(&[][..]);
            let mut to_come = bytes.len();
            for piece in pieces.chain(empty) {
                to_come -= piece.len();
                head.push(FilePiece { path: path.clone(), length: piece.len(), to_come });
                body.extend_from_slice(piece);
                if body.len() >= PIECE || head.len() >= MOST_PIECES {
                    self.report_soon(&FromWorker::Files(std::mem::take(&mut head)), &body);
                    body.clear();
                }
            }
        }
        if !head.is_empty() {
            self.report_soon(&FromWorker::Files(head), &body);
        }
    }

    /// Asks a question, and waits for the answer.
    fn ask(&self, tree: u32, question: Question) -> (FileAnswer, Vec<u8>) {
        // Held from before the question, so that nobody else gets its answer.
        let answers = locked(&self.answers);
        self.report(&FromWorker::Ask { tree, question }, b"");
        answers.recv().unwrap_or_else(|_| gone())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends this process, which nobody needs any more.
pub(super) fn gone() -> ! {
    process::exit(0)
}

/// Files that the program has.
pub(super) struct RemoteStore {
    link: Arc<Link>,
    tree: TreeHandle,
    /// Files that came along with others.
    ahead: Mutex<HashMap<RepoPath, Vec<u8>>>,
    /// What is in each directory that came along.
    directories: Mutex<HashMap<RepoPath, Vec<(String, StoreEntry)>>>,
}

impl RemoteStore {
    /// The Tree of these files, which answers each question once.
    pub(super) fn tree(link: &Arc<Link>, tree: TreeHandle) -> Tree {
        let revisions =
            RemoteRevisions { link: Arc::clone(link), tree: tree.id, known: Mutex::default() };
        let (link, ahead, directories) = (Arc::clone(link), Mutex::default(), Mutex::default());
        let store = Self { link, tree, ahead, directories };
        Tree::with_revisions(store, Some(Arc::new(revisions))).snapshot()
    }

    fn ask(&self, question: Question) -> (FileAnswer, Vec<u8>) {
        self.link.ask(self.tree.id, question)
    }

    /// What came along of a path. That nothing did says nothing: some disks know a file by
    /// several spellings of its name.
    fn known_entry(&self, path: &RepoPath) -> Option<StoreEntry> {
        let directories = locked(&self.directories);
        let list = directories.get(&path.parent()?)?;
        list.iter().find(|(name, _)| name == path.name()).map(|(_, entry)| entry.clone())
    }

    /// Keeps files until they are read.
    fn keep(&self, files: Vec<(RepoPath, usize)>, mut body: &[u8]) {
        let mut ahead = locked(&self.ahead);
        for (path, length) in files {
            let Some((bytes, rest)) = body.split_at_checked(length) else { return };
            body = rest;
            ahead.insert(path, bytes.to_vec());
        }
    }
}

/// The error of an answer to another question, which no program of ours gives.
fn confused<T>() -> Result<T, StoreError> {
    Err(ReadErrorKind::Failed("the answer is to another question".to_owned()))
}

impl Store for RemoteStore {
    fn entry(&self, path: &RepoPath) -> Result<Option<StoreEntry>, StoreError> {
        if let Some(known) = self.known_entry(path) {
            return Ok(Some(known));
        }
        match self.ask(Question::Entry(path.clone())) {
            (FileAnswer::Entry(entry), _) => entry,
            (FileAnswer::Directory(list, files), body) => {
                self.keep(files, &body);
                locked(&self.directories).insert(path.clone(), list);
                Ok(Some(StoreEntry::Directory))
            }
            _ => confused(),
        }
    }

    fn list(&self, directory: &RepoPath) -> Result<Vec<(String, StoreEntry)>, StoreError> {
        if let Some(list) = locked(&self.directories).get(directory) {
            return Ok(list.clone());
        }
        match self.ask(Question::List(directory.clone())) {
            (FileAnswer::List(list), _) => list,
            _ => confused(),
        }
    }

    fn names(&self, directory: &RepoPath) -> Result<Vec<(String, EntryKind)>, StoreError> {
        if let Some(list) = locked(&self.directories).get(directory) {
            return Ok(list.iter().map(|(name, entry)| (name.clone(), entry.kind())).collect());
        }
        match self.ask(Question::Names(directory.clone())) {
            (FileAnswer::Names(names), _) => names,
            _ => confused(),
        }
    }

    fn read(&self, path: &RepoPath) -> Result<Vec<u8>, StoreError> {
        if let Some(bytes) = locked(&self.ahead).remove(path) {
            return Ok(bytes);
        }
        let (FileAnswer::Files(files), body) = self.ask(Question::Read(path.clone())) else {
            return confused();
        };
        self.keep(files?, &body);
        // The first is the one that was asked for.
        locked(&self.ahead).remove(path).map_or_else(confused, Ok)
    }

    fn revision(&self) -> Option<&str> {
        self.tree.revision.as_deref()
    }
}

/// The commits that the program has.
struct RemoteRevisions {
    link: Arc<Link>,
    /// The number of the files from which they are asked for.
    tree: u32,
    known: Mutex<HashMap<String, Tree>>,
}

impl Revisions for RemoteRevisions {
    fn at(&self, revision: &str) -> Result<Tree, RevisionError> {
        if let Some(known) = locked(&self.known).get(revision) {
            return Ok(known.clone());
        }
        // No tag and no id is longer, and a question has to fit into a message.
        let asked = &revision[..revision.floor_char_boundary(MOST_REVISION)];
        let (answer, _) = self.link.ask(self.tree, Question::At(asked.to_owned()));
        let FileAnswer::At(answer) = answer else {
            let reason = "the answer is to another question".to_owned();
            return Err(RevisionError::Failed { revision: revision.to_owned(), reason });
        };
        let tree = RemoteStore::tree(&self.link, answer.map_err(RevisionError::from)?);
        locked(&self.known).insert(revision.to_owned(), tree.clone());
        Ok(tree)
    }
}

impl From<Refusal> for RevisionError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoRepository => Self::NoRepository,
            Refusal::Branch(name) => Self::Branch(name),
            Refusal::Ambiguous(id) => Self::Ambiguous(id),
            Refusal::NotACommit { revision, found } => Self::NotACommit { revision, found },
            Refusal::Absent { revision, fetch } => Self::Absent { revision, fetch },
            Refusal::Failed { revision, reason } => Self::Failed { revision, reason },
        }
    }
}

impl Refusal {
    /// Why the files of a revision cannot be had.
    pub(super) fn of(revision: &str, error: RevisionError) -> Self {
        match error {
            RevisionError::NoRepository => Self::NoRepository,
            RevisionError::Branch(name) => Self::Branch(name),
            RevisionError::Ambiguous(id) => Self::Ambiguous(id),
            RevisionError::NotACommit { revision, found } => Self::NotACommit { revision, found },
            RevisionError::Absent { revision, fetch } => Self::Absent { revision, fetch },
            RevisionError::Unopened(reason) => {
                Self::Failed { revision: revision.to_owned(), reason: reason.to_string() }
            }
            RevisionError::Failed { revision, reason } => Self::Failed { revision, reason },
        }
    }
}
