//! The worker's side of the pipe: its messages, and files that it asks for.

use std::collections::HashMap;
use std::io::{self, BufWriter, Stdout, Write as _};
use std::mem;
use std::process;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::engines::Engines;
use super::frame;
use super::message::{FileAnswer, FilePiece, FromWorker, Question, Refusal, TreeHandle};
use crate::source::{
    Disk, EntryKind, ReadErrorKind, RepoPath, RevisionError, Revisions, Store, StoreEntry,
    StoreError, Tree,
};

/// The most pieces in one message.
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
    /// What engines do.
    engines: Mutex<Engines>,
}

impl Link {
    /// A connection whose answers come from `answers`.
    pub(super) fn new(answers: Receiver<ReceivedAnswer>) -> Self {
        let reports = BufWriter::with_capacity(PIECE, io::stdout());
        Self {
            reports: Mutex::new(reports),
            answers: Mutex::new(answers),
            engines: Mutex::default(),
        }
    }

    /// Sends a message at once.
    pub(super) fn report(&self, report: &FromWorker, body: &[u8]) {
        let mut reports = locked(&self.reports);
        let written = frame::write(&mut *reports, report, &[body]).and_then(|()| reports.flush());
        written.unwrap_or_else(|_| gone());
    }

    /// Sends a message together with the next one.
    pub(super) fn report_soon(&self, report: &FromWorker, body: &[u8]) {
        frame::write(&mut *locked(&self.reports), report, &[body]).unwrap_or_else(|_| gone());
    }

    /// What engines do, to note a change of it.
    pub(super) fn engines(&self) -> MutexGuard<'_, Engines> {
        locked(&self.engines)
    }

    /// Reports what engines do.
    pub(super) fn tell_engines(&self, is_answer: bool) {
        // Held meanwhile, so that reports are sent in their order.
        let mut engines = self.engines();
        let (working, ended) = engines.take_report();
        self.report(&FromWorker::Engines { is_answer, working, ended }, b"");
    }

    /// Sends rendered files, in the order of their paths.
    pub(super) fn send_files<'f>(&self, files: impl Iterator<Item = (&'f RepoPath, &'f [u8])>) {
        let directory = RepoPath::root();
        let mut message = FileMessage { directory, pieces: Vec::new(), body: Vec::new(), size: 0 };
        for (path, bytes) in files {
            if message.directory.as_str() != path.split().0 {
                message.send(self);
                message.directory = path.parent().unwrap_or_else(RepoPath::root);
            }
            let mut pieces = bytes.chunks(PIECE).peekable();
            // An empty file is a file too.
            let empty = pieces.peek().is_none().then_some(&[][..]);
            let mut to_come = bytes.len();
            for piece in pieces.chain(empty) {
                to_come -= piece.len();
                message.add(path.name(), piece, to_come);
                if message.is_full() {
                    message.send(self);
                }
            }
        }
        message.send(self);
    }

    /// Asks a question, and waits for the answer.
    fn ask(&self, tree: u32, question: Question) -> (FileAnswer, Vec<u8>) {
        // Held from before the question, so that nobody else gets its answer.
        let answers = locked(&self.answers);
        self.report(&FromWorker::Ask { tree, question }, b"");
        answers.recv().unwrap_or_else(|_| gone())
    }
}

/// Rendered files of a directory, which are sent together.
struct FileMessage<'f> {
    directory: RepoPath,
    pieces: Vec<FilePiece>,
    body: Vec<&'f [u8]>,
    size: usize,
}

impl<'f> FileMessage<'f> {
    fn add(&mut self, name: &str, piece: &'f [u8], to_come: usize) {
        self.pieces.push(FilePiece { name: name.to_owned(), length: piece.len(), to_come });
        self.body.push(piece);
        self.size += piece.len();
    }

    fn is_full(&self) -> bool {
        self.size >= PIECE || self.pieces.len() >= MOST_PIECES
    }

    /// Sends what there is, and makes room.
    fn send(&mut self, link: &Link) {
        if self.pieces.is_empty() {
            return;
        }
        let (directory, pieces) = (self.directory.clone(), mem::take(&mut self.pieces));
        let message = FromWorker::Files { directory, pieces };
        let mut reports = locked(&link.reports);
        frame::write(&mut *reports, &message, &self.body).unwrap_or_else(|_| gone());
        self.body.clear();
        self.size = 0;
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends this process, which nobody needs any more.
pub(super) fn gone() -> ! {
    process::exit(0)
}

/// The Tree of files that the program has: read from their directory, if the worker may, and
/// otherwise asked for, each once.
pub(super) fn tree_of(link: &Arc<Link>, tree: TreeHandle) -> Tree {
    let revisions =
        RemoteRevisions { link: Arc::clone(link), tree: tree.id, known: Mutex::default() };
    let revisions = Some(Arc::new(revisions) as Arc<dyn Revisions>);
    if let Some(directory) = tree.directory {
        return Tree::with_revisions(Disk::new(directory), revisions);
    }
    let (link, ahead, directories) = (Arc::clone(link), Mutex::default(), Mutex::default());
    Tree::with_revisions(RemoteStore { link, tree, ahead, directories }, revisions).snapshot()
}

/// Files that the program is asked for.
struct RemoteStore {
    link: Arc<Link>,
    tree: TreeHandle,
    /// Files that came along with others.
    ahead: Mutex<HashMap<RepoPath, Vec<u8>>>,
    /// What is in each directory that came along.
    directories: Mutex<HashMap<RepoPath, Vec<(String, StoreEntry)>>>,
}

impl RemoteStore {
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
        let tree = tree_of(&self.link, answer.map_err(RevisionError::from)?);
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
