//! A remote's branches: as they were last seen, and as they are now.

use std::hash::{BuildHasher, RandomState};
use std::thread;
use std::time::Duration;

use super::branch::Branch;
use super::code::{BRANCH_MISSING, REMOTE_UNREACHABLE};
use super::program::{GitProgram, Invocation, ProgramError, WAIT_LONGER};
use super::remote::Remote;
use super::writer::CloneWriter;
use super::{ObjectError, ObjectName};
use crate::diagnostic::{Finding, harmless, nearest};
use crate::source::Location;

/// How often a failing fetch is tried: another process in the same clone may
/// hold a lock for a moment.
const FETCHES: u32 = 4;

/// Why a remote did not do what was asked of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// It could not be reached, or refused the credentials.
    #[error("`{remote}` could not be reached: {}", .error.last_words())]
    Unreachable {
        /// The remote.
        remote: String,
        /// Git's error.
        error: ProgramError,
    },
    /// Git could not be run, or is too old.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// The clone cannot be read.
    #[error(transparent)]
    Clone(#[from] ObjectError),
    /// The remote has no such branch.
    #[error("`{remote}` has no branch `{branch}`")]
    NoBranch {
        /// The remote.
        remote: String,
        /// The branch.
        branch: String,
        /// The branch that was probably meant.
        meant: Option<String>,
    },
}

impl RemoteError {
    /// As a finding.
    pub fn finding(&self) -> Finding {
        let message = self.to_string();
        match self {
            Self::Unreachable { error, .. } if error.is_timeout() => {
                Finding::new(&REMOTE_UNREACHABLE, message, Location::of_repository())
                    .help(WAIT_LONGER)
            }
            Self::Unreachable { remote, .. } => {
                Finding::new(&REMOTE_UNREACHABLE, message, Location::of_repository()).help(format!(
                    "check whether `git ls-remote {remote}` works without asking for a password"
                ))
            }
            Self::Program(error) => error.finding(Location::of_repository()),
            Self::Clone(error) => error.finding(),
            Self::NoBranch { meant, .. } => {
                let help = match meant {
                    Some(meant) => format!("did you mean `{}`?", harmless(meant)),
                    None => "use `--base` to name a branch that exists".to_owned(),
                };
                Finding::new(&BRANCH_MISSING, message, Location::of_repository()).help(help)
            }
        }
    }
}

impl CloneWriter {
    /// The error that a remote has no such branch.
    pub(super) fn missing(&self, remote: &Remote, branch: &Branch) -> RemoteError {
        RemoteError::NoBranch {
            remote: remote.name().to_owned(),
            branch: branch.name().to_owned(),
            meant: self.meant(remote, branch),
        }
    }

    /// Which of the branches that the remote was last seen to have is meant by a name
    /// that is none of them. The remote is not asked.
    pub(super) fn meant(&self, remote: &Remote, branch: &Branch) -> Option<String> {
        let below = format!("refs/remotes/{}/", remote.name());
        let command = self.program.command("for-each-ref");
        let listed = command.args(["--format=%(refname)", &below]).run().ok()?;
        let listed = String::from_utf8_lossy(&listed);
        let names = listed.lines().filter_map(|line| line.strip_prefix(&below));
        nearest(branch.name(), names.filter(|name| *name != "HEAD")).map(str::to_owned)
    }

    /// The branch that the remote's `HEAD` names: as it was last seen, or if it
    /// never was, as it is now.
    pub(super) fn head_branch(&self, remote: &Remote) -> Result<Option<Branch>, RemoteError> {
        if let Some(branch) = self.known_head_branch(remote)? {
            return Ok(Some(branch));
        }
        let listed = self.ls_remote(remote, &["--symref"], "HEAD")?;
        let symbolic = listed.lines().find_map(|line| {
            line.strip_prefix("ref: ")?.strip_suffix("\tHEAD")?.strip_prefix("refs/heads/")
        });
        Ok(symbolic.and_then(Branch::parse))
    }

    /// The branch that the remote's `HEAD` was last seen to name.
    pub(super) fn known_head_branch(&self, remote: &Remote) -> Result<Option<Branch>, ObjectError> {
        let below = format!("refs/remotes/{}/", remote.name());
        let known = self.local_clone().symbolic(&format!("{below}HEAD"))?;
        Ok(known.as_deref().and_then(|name| name.strip_prefix(&below)).and_then(Branch::parse))
    }

    /// The commit at which a remote's branch was last seen; none if it never
    /// was, or if the commit is no longer in the clone.
    pub(super) fn known_tip(
        &self,
        remote: &Remote,
        branch: &Branch,
    ) -> Result<Option<ObjectName>, RemoteError> {
        match self.local_clone().reference(&remote.last_seen(branch, self.config())) {
            Err(ObjectError::Absent(_)) => Ok(None),
            known => Ok(known?),
        }
    }

    /// The tip of a remote's branch now, with its objects in this clone; none
    /// if the remote has no such branch. `FETCH_HEAD`, the work tree and other
    /// references are not touched, so that any number of processes can do this
    /// at once in one clone.
    pub fn fetch_tip(
        &self,
        remote: &Remote,
        branch: &Branch,
    ) -> Result<Option<ObjectName>, RemoteError> {
        let known = self.known_tip(remote, branch)?;
        let Some(tip) = self.with_objects(remote, branch)? else { return Ok(None) };
        let mapped = remote.mapped(branch, self.config());
        let seen = remote.last_seen(branch, self.config());
        // A mirror's branches are its own: nothing but a fetch moves them. A
        // branch that was fetched by hand is moved as well.
        if seen.starts_with("refs/remotes/") && (mapped.is_some() || known.is_some()) {
            self.try_move(&seen, known.as_ref(), &tip);
        }
        Ok(Some(tip))
    }

    /// The tip of a remote's branch, with its objects.
    fn with_objects(
        &self,
        remote: &Remote,
        branch: &Branch,
    ) -> Result<Option<ObjectName>, RemoteError> {
        let mut attempt = 1;
        loop {
            let Some(tip) = self.remote_tip(remote, branch)? else { return Ok(None) };
            if self.has(&tip) {
                return Ok(Some(tip));
            }
            let fetched = self.fetch(remote, &branch.reference());
            if self.has(&tip) {
                return Ok(Some(tip));
            }
            // It failed, or the branch was set back meanwhile and the tip is no
            // longer in it.
            let is_timeout = matches!(&fetched, Err(RemoteError::Unreachable { error, .. }) if error.is_timeout());
            if attempt == FETCHES || is_timeout {
                fetched?;
                let message = format!("`{branch}` moves faster than it can be fetched");
                let error = ProgramError::Failed { subcommand: "fetch", message };
                return Err(unreached(remote, error));
            }
            pause(Duration::from_millis(200) * attempt);
            attempt += 1;
        }
    }

    /// The name of the tip of a remote's branch, which need not be in this
    /// clone.
    pub(super) fn remote_tip(
        &self,
        remote: &Remote,
        branch: &Branch,
    ) -> Result<Option<ObjectName>, RemoteError> {
        let full = branch.reference();
        let listed = self.ls_remote(remote, &[], &full)?;
        // Git matches the end of a name as well, as in `refs/heads/x/refs/heads/main`.
        let tip = listed.lines().find_map(|line| {
            let (id, name) = line.split_once('\t')?;
            (name == full).then(|| ObjectName::parse(id))?
        });
        Ok(tip)
    }

    /// The remote's branch that a branch of that name cannot be beside: git keeps
    /// `rungs/qa` in a directory `rungs`, where `rungs` would be a file.
    pub(super) fn branch_in_the_way(
        &self,
        remote: &Remote,
        branch: &Branch,
    ) -> Result<Option<Branch>, RemoteError> {
        let listed = self.ls_remote(remote, &[], "refs/heads/*")?;
        let names = listed.lines().filter_map(|line| line.split_once("\trefs/heads/"));
        let contains = |outer: &str, inner: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
        };
        let mut names = names.map(|(_, name)| name);
        let found =
            names.find(|name| contains(name, branch.name()) || contains(branch.name(), name));
        Ok(found.and_then(Branch::parse))
    }

    fn ls_remote(
        &self,
        remote: &Remote,
        options: &[&str],
        name: &str,
    ) -> Result<String, RemoteError> {
        let command = self.program.command("ls-remote").arg("--quiet").args(options);
        let command = command.args(["--end-of-options", remote.name(), name]);
        let listed = reached(remote, command)?;
        Ok(String::from_utf8_lossy(&listed).into_owned())
    }

    fn fetch(&self, remote: &Remote, reference: &str) -> Result<(), RemoteError> {
        let program = quiet(self.program.clone());
        let command = program.command("fetch").args(FETCH_OPTIONS);
        reached(remote, command.args(["--end-of-options", remote.name(), reference])).map(|_| ())
    }
}

/// Options to fetch only the objects, whatever is configured for the remote.
const FETCH_OPTIONS: [&str; 9] = [
    "--progress",
    "--no-write-fetch-head",
    "--no-tags",
    "--no-prune",
    "--no-recurse-submodules",
    "--no-auto-maintenance",
    "--no-write-commit-graph",
    "--no-show-forced-updates",
    "--refmap=",
];

fn quiet(program: GitProgram) -> GitProgram {
    program.setting("gc.auto=0").setting("maintenance.auto=false")
}

/// Runs a command and returns what a remote answered.
fn reached(remote: &Remote, command: Invocation<'_>) -> Result<Vec<u8>, RemoteError> {
    command.run().map_err(|error| unreached(remote, error))
}

pub(super) fn unreached(remote: &Remote, error: ProgramError) -> RemoteError {
    match error {
        ProgramError::Failed { .. } | ProgramError::TimedOut { .. } => {
            RemoteError::Unreachable { remote: remote.name().to_owned(), error }
        }
        other => RemoteError::Program(other),
    }
}

/// Waits for a random part of `longest`.
pub(super) fn pause(longest: Duration) {
    // Each `RandomState` has keys of its own, which is random enough here.
    let random = RandomState::new().hash_one(());
    let part = u32::try_from(random % 1000).unwrap_or_default();
    thread::sleep(longest * part / 1000);
}
