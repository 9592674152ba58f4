//! Pushing one commit to one branch.
//!
//! The result is read from the lines that `--porcelain` guarantees, and never
//! from git's messages to people.

use super::ObjectName;
use super::branch::Branch;
use super::program::{GitOutput, ProgramError};
use super::remote::Remote;
use super::remote_branches::RemoteError;
use super::writer::CloneWriter;
use crate::diagnostic::harmless;

/// The most bytes of a server's messages that people are shown.
const MAX_WORDS: usize = 4 << 10;

/// What a branch has to be at for a push to be accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lease {
    /// Nothing: the branch is new.
    Absent,
    /// That commit. It need not be an ancestor on a branch of our own.
    Exactly(ObjectName),
}

/// Why a push failed, as far as its answer says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// The branch is not at what the lease names: it moved.
    #[error("the branch is not where it was")]
    Outdated,
    /// The server did not accept it: a hook, a protected branch, or another
    /// push at the same moment.
    #[error("the server refused it: {reason}{}", parenthesized(.messages))]
    Refused {
        /// Its reason, from git's protocol.
        reason: String,
        /// Its messages to people, as lines without credentials and control
        /// characters.
        messages: Vec<String>,
    },
    /// A hook of this clone did not let it go.
    #[error("a hook of this clone refused it: {}", .0.last_words())]
    Hook(ProgramError),
    /// Another branch's name is a part of the new one's, or the other way round: git
    /// cannot have both.
    #[error("git cannot have it and the branch `{0}` at once")]
    InTheWay(Branch),
    /// The server gave no answer: it could not be reached or refused the
    /// credentials, or the connection was lost, perhaps after everything was
    /// accepted.
    #[error("{}", .0.last_words())]
    Unanswered(ProgramError),
    /// Git could not be run or is too old, or after a push that failed, the remote
    /// could not be asked where the branch is.
    #[error(transparent)]
    Remote(#[from] RemoteError),
}

fn parenthesized(messages: &[String]) -> String {
    if messages.is_empty() { String::new() } else { format!(" ({})", messages.join("; ")) }
}

/// The reasons of a server that could not do what it was willing to do, as git's own
/// (`receive-pack.c`) and other servers begin them. All others are refusals.
const SERVER_FAILURES: [&str; 12] = [
    "unpacker error",
    "index-pack",
    "n/a (unpacker error)",
    "bad pack",
    "missing necessary objects",
    "unable to migrate objects",
    "failed to update ref",
    "failed to lock",
    "cannot lock ref",
    "internal",
    "failure",
    "timeout",
];

impl PushError {
    /// Whether the server said no, as it will again.
    pub(super) fn is_refusal(&self) -> bool {
        match self {
            Self::Refused { reason, .. } => {
                let reason = reason.to_lowercase();
                !SERVER_FAILURES.iter().any(|failure| reason.starts_with(failure))
            }
            Self::Hook(_) | Self::InTheWay(_) => true,
            // Whoever may only read: the server's status, in curl's words.
            Self::Unanswered(ProgramError::Failed { message, .. }) => {
                message.contains("returned error: 403")
            }
            Self::Outdated | Self::Unanswered(_) | Self::Remote(_) => false,
        }
    }
}

impl CloneWriter {
    /// Pushes a commit to a branch, or finds that the branch has it already.
    /// Hooks of the clone run, as they do by hand.
    pub fn push(
        &self,
        remote: &Remote,
        commit: &ObjectName,
        branch: &Branch,
        lease: &Lease,
    ) -> Result<(), PushError> {
        let target = branch.reference();
        // A mirror pushes everything or nothing, which is not what is wanted.
        let program =
            self.program.clone().setting(&format!("remote.{}.mirror=false", remote.name()));
        let expected = match lease {
            Lease::Absent => String::new(),
            Lease::Exactly(tip) => tip.to_string(),
        };
        let command = program.command("push").args(OPTIONS);
        let command = command.arg(format!("--force-with-lease={target}:{expected}"));
        let command = command.args(["--end-of-options", remote.name()]);
        let command = command.arg(format!("{commit}:{target}"));
        match command.output() {
            Ok(output) => result_of(&target, &output),
            // The server may have accepted it before the time was up.
            Err(error @ ProgramError::TimedOut { .. }) => Err(PushError::Unanswered(error)),
            Err(error) => Err(RemoteError::from(error).into()),
        }
    }
}

/// Options to push nothing but the one branch, whatever is configured.
const OPTIONS: [&str; 4] =
    ["--porcelain", "--no-follow-tags", "--recurse-submodules=no", "--no-force-if-includes"];

/// What `FLAG TAB FROM:TO TAB SUMMARY` says about a reference.
struct RefStatus<'o> {
    flag: char,
    /// `[rejected]`, `[remote rejected]`, `[new branch]`, `1234567..89abcde`.
    summary: &'o str,
    /// The text in parentheses after it.
    reason: &'o str,
}

fn ref_status<'o>(stdout: &'o str, target: &str) -> Option<RefStatus<'o>> {
    let of_target = |line: &'o str| {
        let (flag, rest) = line.split_once('\t')?;
        let (names, summary) = rest.split_once('\t')?;
        let mut flags = flag.chars();
        let flag = flags.next().filter(|_| flags.next().is_none())?;
        (names.rsplit_once(':')?.1 == target).then_some((flag, summary))
    };
    // Hooks may write before; git's own line is the last.
    let (flag, summary) = stdout.lines().filter_map(of_target).next_back()?;
    let (summary, reason) = match summary.split_once(" (") {
        Some((summary, reason)) => (summary, reason.strip_suffix(')').unwrap_or(reason)),
        None => (summary, ""),
    };
    Some(RefStatus { flag, summary, reason })
}

fn result_of(target: &str, output: &GitOutput) -> Result<(), PushError> {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let unanswered = |message: &str| {
        Err(PushError::Unanswered(ProgramError::Failed {
            subcommand: "push",
            message: message.to_owned(),
        }))
    };
    match ref_status(&stdout, target) {
        // It is there now (`=` if it was before).
        Some(RefStatus { flag: '=' | ' ' | '+' | '*', .. }) => Ok(()),
        Some(RefStatus { summary: "[rejected]", .. }) => Err(PushError::Outdated),
        Some(RefStatus { summary: "[remote rejected]", reason, .. }) => Err(PushError::Refused {
            reason: harmless(reason).into_owned(),
            messages: server_messages(&output.stderr),
        }),
        None if output.is_success() => unanswered("git does not say what happened to the branch"),
        // Without a server, git would have died, with 128.
        None if output.code == Some(1) => Err(PushError::Hook(ProgramError::Failed {
            subcommand: "push",
            message: output.stderr.clone(),
        })),
        // It failed before anything was sent or after everything was, or what
        // was sent got no answer (`[remote failure]`).
        Some(_) | None => unanswered(&output.stderr),
    }
}

/// The lines that the server wrote for people.
fn server_messages(stderr: &str) -> Vec<String> {
    let mut room = MAX_WORDS;
    let lines = stderr.lines().filter_map(|line| line.strip_prefix("remote: "));
    let lines = lines.map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| harmless(line).into_owned())
        .take_while(|line| {
            let fits = line.len() <= room;
            room = room.saturating_sub(line.len());
            fits
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(stdout: &str, stderr: &str, code: i32) -> Result<(), PushError> {
        let (stdout, stderr) = (stdout.as_bytes().to_vec(), stderr.to_owned());
        result_of("refs/heads/main", &GitOutput { stdout, stderr, code: Some(code) })
    }

    #[test]
    fn porcelain_lines_decide_and_words_do_not() {
        let line = |flag: &str, summary: &str| {
            format!("To https://host/x\n{flag}\tabc:refs/heads/main\t{summary}\nDone\n")
        };
        assert_eq!(judge(&line("=", "[up to date]"), "rejected", 0), Ok(()));
        assert_eq!(judge(&line(" ", "1..2"), "fatal: rejected", 0), Ok(()));
        assert_eq!(judge(&line("*", "[new branch]"), "", 0), Ok(()));
        let outdated = judge(&line("!", "[rejected] (fetch first)"), "", 1);
        assert_eq!(outdated, Err(PushError::Outdated));
        let unanswered =
            judge(&line("!", "[remote failure] (remote failed to report status)"), "", 1);
        assert!(matches!(unanswered, Err(PushError::Unanswered(_))));
        assert!(matches!(judge("", "fatal: up to date", 128), Err(PushError::Unanswered(_))));
    }

    #[test]
    fn a_line_of_another_branch_or_of_a_hook_is_not_taken_for_the_answer() {
        let other = "=\tabc:refs/heads/other\t[up to date]\n";
        assert!(matches!(judge(other, "", 0), Err(PushError::Unanswered(_))));
        let hook = "=\tabc:refs/heads/main\t[up to date]\n!\tabc:refs/heads/main\t[rejected] (stale info)\n";
        assert_eq!(judge(hook, "", 1), Err(PushError::Outdated));
    }

    #[test]
    fn a_servers_words_are_shown_without_their_commands() {
        let stderr = "remote: \u{1b}[31mGL-HOOK-ERR: not \u{202e}allowed\u{1b}[0m        \nremote: \nwarning: x\n";
        let line = "!\tabc:refs/heads/main\t[remote rejected] (pre-receive hook declined)\n";
        let Err(PushError::Refused { reason, messages }) = judge(line, stderr, 1) else { panic!() };
        assert_eq!(reason, "pre-receive hook declined");
        assert_eq!(messages.len(), 1);
        assert!(!messages[0].contains(['\u{1b}', '\u{202e}']), "{messages:?}");
        assert!(messages[0].contains("GL-HOOK-ERR: not"), "{messages:?}");
    }
}
