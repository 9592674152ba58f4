//! The remote that changes go to, and its branches.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::thread;
use std::time::Duration;

use super::branch::Branch;
use super::code::{
    BRANCH_MISSING, GIT_FAILED, NO_REMOTE, REMOTE_UNREACHABLE, SEVERAL_REMOTES, UNKNOWN_REMOTE,
};
use super::config::GitConfig;
use super::program::{GitProgram, Invocation, ProgramError};
use super::writer::CloneWriter;
use super::{ObjectError, ObjectName};
use crate::diagnostic::{Finding, harmless, nearest};
use crate::source::{Location, RepoPath, without_credentials};

/// How long a remote may take to answer.
pub(super) const PATIENCE: Duration = Duration::from_mins(5);

/// How often a failing fetch is tried: another process in the same clone may
/// hold a lock for a moment.
const FETCHES: u32 = 4;

/// A remote that the clone knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote(String);

impl Remote {
    /// The remote that is requested, else `origin`, else the only one; none if
    /// the clone has none and none is requested.
    pub fn of(requested: Option<&str>, config: &GitConfig) -> Result<Option<Self>, Finding> {
        let known = names(config);
        match (requested, known.as_slice()) {
            (Some(requested), known) if known.contains(&requested) => {
                Ok(Some(Self(requested.to_owned())))
            }
            (Some(requested), known) => Err(unknown(requested, known)),
            (None, known) if known.contains(&"origin") => Ok(Some(Self("origin".to_owned()))),
            (None, [only]) => Ok(Some(Self((*only).to_owned()))),
            (None, []) => Ok(None),
            (None, several) => Err(several_known(several)),
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The error that it has no such branch.
    pub(super) fn missing(&self, branch: &Branch) -> RemoteError {
        RemoteError::NoBranch { remote: self.0.clone(), branch: branch.name().to_owned() }
    }

    /// The configured address, which may have credentials in it.
    pub(super) fn url<'c>(&self, config: &'c GitConfig) -> &'c str {
        config.get(&format!("remote.{}.url", self.0)).unwrap_or_default()
    }

    /// The configured address, without credentials.
    pub fn address<'s>(&self, config: &'s GitConfig) -> std::borrow::Cow<'s, str> {
        without_credentials(self.url(config))
    }

    /// The remotes of a clone.
    pub(super) fn all(config: &GitConfig) -> Vec<Self> {
        names(config).into_iter().map(|name| Self(name.to_owned())).collect()
    }

    /// The reference of this clone that says where a branch was last seen. A
    /// mirror's branches are its own; a branch that no refspec maps may still
    /// have been fetched by hand.
    pub(super) fn last_seen(&self, branch: &Branch, config: &GitConfig) -> String {
        let mapped = self.mapped(branch, config);
        mapped.unwrap_or_else(|| format!("refs/remotes/{}/{}", self.0, branch.name()))
    }

    /// The reference that the remote's refspecs map a branch to.
    fn mapped(&self, branch: &Branch, config: &GitConfig) -> Option<String> {
        let from = branch.reference();
        let specs = config.all(&format!("remote.{}.fetch", self.0));
        specs.into_iter().find_map(|spec| {
            let (source, target) = spec.trim_start_matches('+').split_once(':')?;
            match (source.strip_suffix('*'), target.strip_suffix('*')) {
                (Some(source), Some(target)) => {
                    from.strip_prefix(source).map(|rest| format!("{target}{rest}"))
                }
                _ => (source == from).then(|| target.to_owned()),
            }
        })
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&harmless(&self.0))
    }
}

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
    },
}

impl RemoteError {
    /// As a finding.
    pub fn finding(&self) -> Finding {
        let message = self.to_string();
        match self {
            Self::Unreachable { remote, .. } => Finding::new(&REMOTE_UNREACHABLE, message, place())
                .help(format!(
                    "check whether `git ls-remote {remote}` works without asking for a password"
                )),
            Self::Program(error) => error.finding(place()),
            Self::Clone(_) => Finding::new(&GIT_FAILED, message, place()),
            Self::NoBranch { .. } => Finding::new(&BRANCH_MISSING, message, place())
                .help("use `--base` to name a branch that exists"),
        }
    }
}

impl CloneWriter {
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
        let below = format!("refs/remotes/{}/", remote.0);
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
        match self.local_clone().reference(&remote.last_seen(branch, &self.config)) {
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
        let mapped = remote.mapped(branch, &self.config);
        let seen = remote.last_seen(branch, &self.config);
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
            if attempt == FETCHES {
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

    fn ls_remote(
        &self,
        remote: &Remote,
        options: &[&str],
        name: &str,
    ) -> Result<String, RemoteError> {
        let command = self.program.command("ls-remote").arg("--quiet").args(options);
        let command = command.args(["--end-of-options", &remote.0, name]);
        let listed = reached(remote, command)?;
        Ok(String::from_utf8_lossy(&listed).into_owned())
    }

    fn fetch(&self, remote: &Remote, reference: &str) -> Result<(), RemoteError> {
        let program = quiet(self.program.clone());
        let command = program.command("fetch").args(FETCH_OPTIONS);
        reached(remote, command.args(["--end-of-options", &remote.0, reference])).map(|_| ())
    }
}

/// Options to fetch only the objects, whatever is configured for the remote.
const FETCH_OPTIONS: [&str; 9] = [
    "--quiet",
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
    command.timeout(PATIENCE).run().map_err(|error| unreached(remote, error))
}

pub(super) fn unreached(remote: &Remote, error: ProgramError) -> RemoteError {
    match error {
        ProgramError::Failed { .. } | ProgramError::TimedOut { .. } => {
            RemoteError::Unreachable { remote: remote.0.clone(), error }
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

/// The names of a clone's remotes. A name that starts with a dash would be an
/// option to git, and is left out.
fn names(config: &GitConfig) -> Vec<&str> {
    let mut names = config.subsections("remote", "url");
    names.retain(|name| !name.starts_with('-'));
    names
}

pub(super) fn place() -> Location {
    Location::of_path(&RepoPath::root())
}

pub(super) fn no_remote() -> Finding {
    Finding::new(&NO_REMOTE, "the clone has no remote", place())
        .help("add one with `git remote add origin URL`")
}

fn unknown(requested: &str, known: &[&str]) -> Finding {
    let message = format!("the clone has no remote `{}`", harmless(requested));
    let suggestion = nearest(requested, known.iter().copied());
    let help = suggestion.map(|name| format!("did you mean `{}`?", harmless(name)));
    let all = format!("it has {}", listed(known));
    Finding::new(&UNKNOWN_REMOTE, message, place())
        .maybe_help(help.or((!known.is_empty()).then_some(all)))
}

fn several_known(known: &[&str]) -> Finding {
    let message = format!("the clone has several remotes and none is `origin`: {}", listed(known));
    Finding::new(&SEVERAL_REMOTES, message, place()).help("name one with `--remote`")
}

fn listed(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{}`", harmless(name))).collect();
    names.join(", ")
}
