//! The results of a run, and their exit codes.

use std::process::ExitCode;

use crate::diagnostic::{Findings, ProblemKind, Severity};

/// The result of a run. Its exit codes are a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Done,
    /// The worst problem.
    Problem(ProblemKind),
}

impl Exit {
    /// The result of a run with these findings; warnings count if they are
    /// denied.
    pub fn of(findings: &Findings, deny_warnings: bool) -> Self {
        if let Some(kind) = findings.kind() {
            return Self::Problem(kind);
        }
        let warned = findings.iter().any(|finding| finding.severity >= Severity::Warning);
        if deny_warnings && warned { Self::Problem(ProblemKind::Answer) } else { Self::Done }
    }

    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Problem(kind) => kind.exit_code(),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Ends the run as clap does for arguments that it does not understand.
pub(super) fn usage_error(message: &str) -> ! {
    usage_error_of("rungs [OPTIONS] <COMMAND>", message)
}

/// The same, with the usage that was meant.
pub(super) fn usage_error_of(usage: &'static str, message: &str) -> ! {
    let mut rungs = clap::Command::new("rungs").override_usage(usage);
    rungs.error(clap::error::ErrorKind::InvalidValue, message).exit()
}
