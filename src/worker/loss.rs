//! What a worker was lost to.

use super::job::WorkerApp;
use super::process::WorkerExit;
use crate::diagnostic::ProblemKind;
use crate::pipeline::RenderStep;
use crate::source::RepoPath;

/// A worker that was stopped, or that died.
#[derive(Debug)]
pub(super) struct Loss {
    /// The reason.
    pub(super) cause: LossCause,
    /// The apps that its engines worked on; if it took too long, those that did. All apps if
    /// there was none: what is done with objects takes memory too.
    pub(super) suspects: Vec<Suspect>,
    /// Whether it had done other jobs before, for which it may have kept memory.
    pub(super) was_used: bool,
}

/// An app that a worker may have been lost to.
#[derive(Debug, Clone)]
pub(super) struct Suspect {
    /// The app.
    pub(super) app: WorkerApp,
    /// What an engine worked on it for; none if no engine did.
    pub(super) step: Option<RenderStep>,
    /// The file that the engine was at, if that is known.
    pub(super) file: Option<RepoPath>,
}

/// Why a worker was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LossCause {
    /// It took too long.
    Time,
    /// It had no memory left.
    Memory,
    /// It died, as these words say.
    Death(String),
    /// It stopped itself, with this message of a panic.
    Defect(String),
    /// It sent something that no worker of this program sends.
    ProtocolViolation,
}

impl LossCause {
    /// What the end of a worker's process says.
    pub(super) fn of(exit: &WorkerExit) -> Self {
        const OUT_OF_MEMORY: [&str; 2] = ["memory allocation of", "capacity overflow"];
        if OUT_OF_MEMORY.iter().any(|words| exit.stderr.contains(words)) {
            return Self::Memory;
        }
        // The exit code of a panic, which the command line sets.
        if exit.code() == Some(i32::from(ProblemKind::Defect.exit_code())) {
            let first = exit.stderr.lines().next().unwrap_or_default();
            let message = first.rsplit_once("stopped: ").map_or(first, |(_, message)| message);
            return Self::Defect(message.to_owned());
        }
        Self::Death(exit.to_string())
    }
}
