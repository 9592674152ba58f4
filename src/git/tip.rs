//! Applying an intent to the newest tip of a branch that others push to as
//! well.

use std::thread;
use std::time::{Duration, Instant};

use super::ObjectName;
use super::branch::Branch;
use super::code::{BRANCH_TOO_BUSY, PUSH_FAILED, PUSH_REFUSED};
use super::push::{Lease, PushError};
use super::remote::Remote;
use super::remote_branches::{RemoteError, pause};
use super::writer::CloneWriter;
use crate::diagnostic::Finding;
use crate::source::Location;

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long commands try again while others move a branch: enough for a hundred
/// processes that take a second each.
const RETRY_FOR: Duration = Duration::from_mins(2);

/// How long a server that refused is given to finish what it may be doing for
/// somebody else, before it is asked once more.
const REFUSAL_RETRY_DELAY: Duration = Duration::from_millis(500);

/// Where a commit goes.
#[derive(Debug, Clone)]
pub struct PushTarget<'d> {
    /// The remote.
    pub remote: &'d Remote,
    /// Its branch.
    pub branch: &'d Branch,
    /// How long to try again while others move the branch.
    pub retry_for: Duration,
}

impl<'d> PushTarget<'d> {
    /// A target for which commands try again as long as they do for any.
    pub fn new(remote: &'d Remote, branch: &'d Branch) -> Self {
        Self { remote, branch, retry_for: RETRY_FOR }
    }
}

/// What an intent led to at the tip of a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TipOutcome {
    /// The branch has the commit.
    Committed {
        /// The new commit.
        commit: ObjectName,
        /// The tip that it was made for.
        base: ObjectName,
    },
    /// There is nothing to do at that tip.
    NothingToDo {
        /// The tip.
        base: ObjectName,
    },
}

/// Why an intent was not carried out. The branch is unchanged, except by
/// others.
#[derive(Debug, thiserror::Error)]
pub enum TipError<E> {
    /// The intent cannot be carried out at the newest tip.
    #[error("it cannot be done at {base}")]
    Intent {
        /// Why.
        error: E,
        /// The tip.
        base: ObjectName,
    },
    /// The server refuses it, though the branch did not move.
    #[error(transparent)]
    Refused(PushError),
    /// The branch moved again and again until the time was up.
    #[error("the branch moved {0} times, and the time is up")]
    TooBusy(u32),
    /// The remote could not be reached.
    #[error(transparent)]
    Remote(#[from] RemoteError),
}

impl<E> TipError<E> {
    /// As a finding; an error of the intent itself is returned as it is.
    pub fn finding(self, to: &PushTarget<'_>) -> Result<Finding, E> {
        let PushTarget { remote, branch, .. } = to;
        Ok(match self {
            Self::Intent { error, .. } => return Err(error),
            Self::Remote(error) => error.finding(),
            Self::Refused(error) => error.finding(remote, branch),
            Self::TooBusy(times) => branch.too_busy(times),
        })
    }
}

impl<E> From<PushError> for TipError<E> {
    fn from(error: PushError) -> Self {
        match error {
            PushError::Remote(error) => Self::Remote(error),
            refusal => Self::Refused(refusal),
        }
    }
}

impl Branch {
    /// The finding that it moved so many times that the time is up.
    pub fn too_busy(&self, times: u32) -> Finding {
        let message = format!("`{self}` moved {times} times while it was being changed");
        Finding::new(&BRANCH_TOO_BUSY, message, Location::of_repository()).help("try again")
    }
}

impl PushError {
    /// Whether git was ended because it gave no sign of life.
    fn is_timeout(&self) -> bool {
        matches!(self, Self::Unanswered(error) if error.is_timeout())
    }

    /// As a finding about a push to that branch.
    pub fn finding(&self, remote: &Remote, branch: &Branch) -> Finding {
        match self {
            Self::Remote(error) => error.finding(),
            Self::Unanswered(error) if error.is_timeout() => {
                let mut finding = error.finding(Location::of_repository());
                finding.message = format!("a push to `{branch}` of `{remote}` has no end: {error}");
                finding
            }
            Self::Hook(_) => {
                let message = format!("`{branch}` was not pushed to `{remote}`: {self}");
                Finding::new(&PUSH_REFUSED, message, Location::of_repository())
                    .help("do what the hook asks for, as for a push by hand")
            }
            Self::Outdated | Self::Refused { .. } | Self::Unanswered(_) => {
                let message = format!("`{remote}` did not accept a push to `{branch}`: {self}");
                if !self.is_refusal() {
                    return Finding::new(&PUSH_FAILED, message, Location::of_repository())
                        .help("run the command again when the server works");
                }
                let help = if branch.is_ours() {
                    "allow this user to push branches of that name"
                } else {
                    "allow it on the server, or push a branch and let people merge it"
                };
                Finding::new(&PUSH_REFUSED, message, Location::of_repository()).help(help)
            }
            Self::InTheWay(other) => {
                let message = format!("`{remote}` cannot have a branch `{branch}`: {self}");
                Finding::new(&PUSH_REFUSED, message, Location::of_repository())
                    .help(format!("rename or delete the branch `{other}` on `{remote}`"))
            }
        }
    }
}

impl CloneWriter {
    /// Carries out an intent at the newest tip of a branch: `compute` makes the
    /// commit that follows a tip; none if there is nothing to do.
    ///
    /// The commit is computed for the tip that this clone knows, and pushed:
    /// the server accepts it only if the branch is still at that tip. If it is
    /// not, the commit is computed again for the new tip, and so on. The
    /// answers "nothing to do" and "cannot be done" count only at the tip that
    /// the remote has now.
    ///
    /// At any moment the remote has the whole commit or nothing of it, and
    /// running this again after any interruption does what is left to do.
    pub fn commit_on_tip<E>(
        &self,
        to: &PushTarget<'_>,
        mut compute: impl FnMut(&ObjectName) -> Result<Option<ObjectName>, E>,
    ) -> Result<TipOutcome, TipError<E>> {
        let mut retries = Retries::new(to.retry_for);
        let mut at = self.known(to)?;
        loop {
            let commit = match compute(&at.tip) {
                Ok(Some(commit)) => commit,
                answer if !at.is_newest => {
                    let newest = self.newest(to)?;
                    if newest.tip == at.tip {
                        return settled(answer, at.tip);
                    }
                    at = newest;
                    continue;
                }
                answer => return settled(answer, at.tip),
            };
            retries.start();
            // The commit follows the base, so this overwrites nothing. Without the
            // lease, a branch that was set back, for example to remove a secret,
            // would get everything again: the base descends from where the branch
            // is now.
            match self.replace(to, Some(&at.tip), &commit)? {
                PushOutcome::Landed => return Ok(TipOutcome::Committed { commit, base: at.tip }),
                PushOutcome::Moved(tip) => {
                    let tip = tip.ok_or_else(|| self.missing(to.remote, to.branch))?;
                    retries.wait().map_err(TipError::TooBusy)?;
                    at = Tip { tip, is_newest: true };
                }
            }
        }
    }

    fn known<E>(&self, to: &PushTarget<'_>) -> Result<Tip, TipError<E>> {
        match self.known_tip(to.remote, to.branch)? {
            Some(tip) => Ok(Tip { tip, is_newest: false }),
            None => self.newest(to),
        }
    }

    fn newest<E>(&self, to: &PushTarget<'_>) -> Result<Tip, TipError<E>> {
        let tip = self.fetch_tip(to.remote, to.branch)?;
        let tip = tip.ok_or_else(|| self.missing(to.remote, to.branch))?;
        Ok(Tip { tip, is_newest: true })
    }

    /// Pushes a commit in the place of what a branch was seen to have; none if
    /// it did not exist. Pushes once more if that is refused though nothing
    /// moved: the server may have been busy with another push, which it does not
    /// always say.
    ///
    /// # Errors
    ///
    /// The server refuses it, or cannot be reached.
    pub fn replace(
        &self,
        to: &PushTarget<'_>,
        seen: Option<&ObjectName>,
        commit: &ObjectName,
    ) -> Result<PushOutcome, PushError> {
        let lease = seen.cloned().map_or(Lease::Absent, Lease::Exactly);
        let mut refusals = 0;
        loop {
            let refusal = match self.push(to.remote, commit, to.branch, &lease) {
                Ok(()) => return Ok(PushOutcome::Landed),
                // Git itself could not be run, and cannot fetch either.
                Err(error @ PushError::Remote(_)) => return Err(error),
                Err(refusal) => refusal,
            };
            let newest = self.fetch_tip(to.remote, to.branch)?;
            if let Some(newest) = &newest
                && (newest == commit || self.has_landed(&refusal, commit, newest)?)
            {
                return Ok(PushOutcome::Landed);
            }
            // Whatever kept it waiting would do so again.
            if refusal.is_timeout() {
                return Err(refusal);
            }
            if newest.as_ref() != seen {
                return Ok(PushOutcome::Moved(newest));
            }
            refusals += 1;
            if refusals == 2 {
                return Err(self.explained(to, seen, refusal));
            }
            thread::sleep(REFUSAL_RETRY_DELAY / 2);
            pause(REFUSAL_RETRY_DELAY);
        }
    }

    /// A refusal, or the branch that keeps the new one from being made.
    fn explained(
        &self,
        to: &PushTarget<'_>,
        seen: Option<&ObjectName>,
        refusal: PushError,
    ) -> PushError {
        let obstacle = match seen {
            None => self.branch_in_the_way(to.remote, to.branch).ok().flatten(),
            Some(_) => None,
        };
        obstacle.map_or(refusal, PushError::InTheWay)
    }

    /// Whether a server that gave no answer accepted the commit, and others
    /// have built on it.
    fn has_landed(
        &self,
        refusal: &PushError,
        commit: &ObjectName,
        tip: &ObjectName,
    ) -> Result<bool, RemoteError> {
        if !matches!(refusal, PushError::Unanswered(_)) {
            return Ok(false);
        }
        Ok(self.local_clone().is_ancestor(commit, tip)?)
    }
}

/// What became of a commit that was pushed in the place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushOutcome {
    /// The branch has it.
    Landed,
    /// Others moved the branch meanwhile: its tip now, none if it is gone.
    Moved(Option<ObjectName>),
}

/// The attempts to push to a branch that others move, until the time is up.
pub struct Retries {
    deadline: Instant,
    started: Instant,
    moves: u32,
}

/// For as long as commands try again.
impl Default for Retries {
    fn default() -> Self {
        Self::new(RETRY_FOR)
    }
}

impl Retries {
    /// No attempt yet.
    fn new(retry_for: Duration) -> Self {
        let started = Instant::now();
        Self { deadline: started + retry_for, started, moves: 0 }
    }

    /// Notes the start of an attempt.
    pub fn start(&mut self) {
        self.started = Instant::now();
    }

    /// Waits after an attempt during which the branch moved.
    ///
    /// # Errors
    ///
    /// The time is up: how often the branch moved.
    pub fn wait(&mut self) -> Result<(), u32> {
        self.moves += 1;
        if Instant::now() >= self.deadline {
            return Err(self.moves);
        }
        // An attempt takes longer the busier the server and this machine are:
        // pauses in proportion spread the attempts out.
        pause(LONGEST_PAUSE.min(self.started.elapsed() * 2_u32.pow(self.moves.min(3) - 1)));
        Ok(())
    }
}

/// A tip that commits are computed for.
struct Tip {
    tip: ObjectName,
    /// Whether it is what the remote had a moment ago, and not what was last
    /// fetched.
    is_newest: bool,
}

fn settled<E>(
    answer: Result<Option<ObjectName>, E>,
    base: ObjectName,
) -> Result<TipOutcome, TipError<E>> {
    match answer {
        Ok(_) => Ok(TipOutcome::NothingToDo { base }),
        Err(error) => Err(TipError::Intent { error, base }),
    }
}
