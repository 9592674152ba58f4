//! What the program and its worker say to each other.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::frame::FrameLimits;
use super::job::{WorkerApp, WorkerJob};
use super::wire::WirePart;
use crate::pipeline::RenderStep;
use crate::source::{EntryKind, MAX_FILE_BYTES, ReadErrorKind, RepoPath, StoreEntry};

/// The version of these messages. Both sides are the same program, unless it is replaced
/// while it runs.
pub(super) const VERSION: &str = concat!("1 ", env!("RUNGS_CODE_VERSION"));

/// What one message of the program may hold: it may list a directory, or bring files.
pub(super) const TO_WORKER: FrameLimits = FrameLimits { head: 256 << 20, body: 256 << 20 };

/// What one message of the worker may hold. It is not trusted.
pub(super) const FROM_WORKER: FrameLimits = FrameLimits { head: 1 << 20, body: 2 * MAX_FILE_BYTES };

/// The longest name or path in a message of the worker, in bytes.
pub(super) const MOST_NAME: usize = 4096;

/// A message of the program to its worker.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ToWorker {
    /// Do a job. The body holds the changed files, one after the other.
    Job {
        /// The files that it is for.
        tree: TreeHandle,
        /// The files that differ from those, with their length in the body; none if one is
        /// removed.
        changes: Vec<(RepoPath, Option<usize>)>,
        /// The job.
        job: WorkerJob,
    },
    /// The answer to the question that was asked last. The body holds the files, one after
    /// the other.
    Answer(FileAnswer),
    /// Say what engines do.
    TellEngines,
}

/// Files that questions are about.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct TreeHandle {
    /// Its number.
    pub(super) id: u32,
    /// The commit, if it is one.
    pub(super) revision: Option<String>,
    /// The directory that they are in, if the worker may read them itself.
    pub(super) directory: Option<PathBuf>,
}

/// A question about files.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Question {
    /// What is at a path, links not followed.
    Entry(RepoPath),
    /// What is in a directory.
    List(RepoPath),
    /// The same without sizes and links' targets.
    Names(RepoPath),
    /// A file's bytes. The answer may bring others, which will be asked for.
    Read(RepoPath),
    /// The files of another commit.
    At(String),
}

/// The answer to a question.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum FileAnswer {
    /// To [`Question::Entry`].
    Entry(Result<Option<StoreEntry>, ReadErrorKind>),
    /// To the same about a small directory, in which something else will be asked for: all
    /// that is in it, and the files with their length in the body.
    Directory(Vec<(String, StoreEntry)>, Vec<(RepoPath, usize)>),
    /// To [`Question::List`].
    List(Result<Vec<(String, StoreEntry)>, ReadErrorKind>),
    /// To [`Question::Names`].
    Names(Result<Vec<(String, EntryKind)>, ReadErrorKind>),
    /// To [`Question::Read`]: files with their length in the body. The first is the one
    /// that was asked for.
    Files(Result<Vec<(RepoPath, usize)>, ReadErrorKind>),
    /// To [`Question::At`].
    At(Result<TreeHandle, Refusal>),
}

/// Why a revision's files cannot be had.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Refusal {
    /// There is no repository with commits.
    NoRepository,
    /// A branch.
    Branch(String),
    /// An abbreviation of several ids.
    Ambiguous(String),
    /// A tag or id of something else.
    NotACommit {
        /// What was asked for.
        revision: String,
        /// What is there.
        found: String,
    },
    /// Not in this clone.
    Absent {
        /// What was asked for.
        revision: String,
        /// The command that fetches it.
        fetch: String,
    },
    /// Another failure.
    Failed {
        /// What was asked for.
        revision: String,
        /// What git says.
        reason: String,
    },
}

/// A message of the worker to the program.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum FromWorker {
    /// It has started, and taken from itself what it can.
    Ready {
        /// [`VERSION`], as the worker has it.
        version: String,
        /// What the sandbox lacks on this machine.
        lacking: Vec<String>,
    },
    /// A question about files.
    Ask {
        /// The files, by number.
        tree: u32,
        /// The question.
        question: Question,
    },
    /// Some of the apps that will be rendered, after those that were named before.
    Apps {
        /// The number of all.
        all: usize,
        /// These.
        apps: Vec<WorkerApp>,
    },
    /// What engines do, and have done since that was told last.
    Engines {
        /// Whether this is the answer to [`ToWorker::TellEngines`].
        is_answer: bool,
        /// All that work on an app.
        working: Vec<WorkingEngine>,
        /// What is done.
        ended: Vec<EndedRun>,
    },
    /// Rendered files of a directory, one after the other in the body, or pieces of them.
    /// Consecutive pieces of a file are joined.
    Files {
        /// The directory.
        directory: RepoPath,
        /// The pieces.
        pieces: Vec<FilePiece>,
    },
    /// A finding, or a source of one, whose text is the body.
    Finding(WirePart),
    /// Some of the environments that were rendered, after those that were named before.
    Environments(Vec<String>),
    /// The job is done.
    Done(JobEnd),
}

/// An engine that works on an app.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct WorkingEngine {
    /// The number of this run.
    pub(super) id: u32,
    /// The app's place among those that were named.
    pub(super) app: usize,
    /// What the engine works on it for.
    pub(super) step: RenderStep,
    /// The file of the template that it has come to, unless its path is too long.
    pub(super) file: Option<RepoPath>,
}

/// What an engine has done, with or without success.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct EndedRun {
    /// The number that the run had.
    pub(super) id: u32,
    /// The app's place among those that were named.
    pub(super) app: usize,
    /// What the engine worked on it for.
    pub(super) step: RenderStep,
    /// How long it took on the worker's clock, in microseconds.
    pub(super) took: u64,
}

/// A rendered file, or a piece of it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FilePiece {
    /// The file's name.
    pub(super) name: String,
    /// The bytes of it in the message's body.
    pub(super) length: usize,
    /// The bytes of it that come in later messages.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) to_come: usize,
}

/// Most files are not in pieces, and there are many of them.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// The end of a job.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct JobEnd {
    /// Whether it succeeded. If it did not, the findings say why.
    pub(super) succeeded: bool,
    /// The number of findings that were not sent.
    pub(super) left_out: usize,
}
