//! Applying an intent to the newest tip of a branch that others push to as
//! well.

use std::thread;
use std::time::{Duration, Instant};

use super::ObjectName;
use super::branch::Branch;
use super::code::{BRANCH_TOO_BUSY, PUSH_REFUSED};
use super::program::ProgramError;
use super::push::{Lease, PushError};
use super::remote::{Remote, place};
use super::remote_branches::{RemoteError, pause};
use super::writer::CloneWriter;
use crate::diagnostic::Finding;

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long a server that refused is given to finish what it may be doing for
/// somebody else, before it is asked once more.
const SECOND_THOUGHTS: Duration = Duration::from_millis(500);

/// Where a commit goes.
#[derive(Debug, Clone)]
pub struct PushTarget<'d> {
    /// The remote.
    pub remote: &'d Remote,
    /// Its branch.
    pub branch: &'d Branch,
    /// How long to try again while others move the branch. Two minutes are
    /// enough for a hundred processes that take a second each.
    pub patience: Duration,
}

impl<'d> PushTarget<'d> {
    /// A target with the patience that commands have.
    pub fn new(remote: &'d Remote, branch: &'d Branch) -> Self {
        Self { remote, branch, patience: Duration::from_mins(2) }
    }
}

/// The result of an intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Landed {
    /// The branch has the commit.
    Committed {
        /// The new commit.
        commit: ObjectName,
        /// The tip that it was made for.
        base: ObjectName,
    },
    /// There is nothing to do at that tip.
    Nothing {
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
            Self::TooBusy(times) => {
                let message = format!("`{branch}` moved {times} times while it was being changed");
                Finding::new(&BRANCH_TOO_BUSY, message, place()).help("try again")
            }
        })
    }
}

impl PushError {
    /// As a finding about a push to that branch.
    pub fn finding(&self, remote: &Remote, branch: &Branch) -> Finding {
        match self {
            Self::Remote(error) => error.finding(),
            Self::Outdated | Self::Refused { .. } | Self::Unanswered(_) => {
                let message = format!("`{remote}` did not accept a push to `{branch}`: {self}");
                Finding::new(&PUSH_REFUSED, message, place())
                    .help("allow it on the server, or push a branch and let people merge it")
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
    ) -> Result<Landed, TipError<E>> {
        let deadline = Instant::now() + to.patience;
        let mut at = self.known(to)?;
        let mut moves = 0;
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
            let started = Instant::now();
            match self.attempt(to, &at.tip, &commit)? {
                Attempt::Landed => return Ok(Landed::Committed { commit, base: at.tip }),
                Attempt::Moved(_) if Instant::now() >= deadline => {
                    return Err(TipError::TooBusy(moves));
                }
                Attempt::Moved(newest) => {
                    // An attempt takes longer the busier the server and this
                    // machine are: pauses in proportion spread the attempts
                    // out.
                    pause(LONGEST_PAUSE.min(started.elapsed() * 2_u32.pow(moves.min(2))));
                    moves += 1;
                    at = newest;
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
        let tip = self.fetch_tip(to.remote, to.branch)?.ok_or_else(|| RemoteError::NoBranch {
            remote: to.remote.name().to_owned(),
            branch: to.branch.name().to_owned(),
        })?;
        Ok(Tip { tip, is_newest: true })
    }

    /// Pushes, and once more if that is refused though nothing moved: the
    /// server may have been busy with another push, which it does not always
    /// say.
    fn attempt<E>(
        &self,
        to: &PushTarget<'_>,
        base: &ObjectName,
        commit: &ObjectName,
    ) -> Result<Attempt, TipError<E>> {
        // The commit follows the base, so this overwrites nothing. Without the
        // lease, a branch that was set back, for example to remove a secret,
        // would get everything again: the base descends from where the branch
        // is now.
        let lease = Lease::Exactly(base.clone());
        let mut refusals = 0;
        loop {
            let refusal = match self.push(to.remote, commit, to.branch, &lease) {
                Ok(_) => return Ok(Attempt::Landed),
                // Git itself could not be run, and cannot fetch either.
                Err(PushError::Remote(error)) => return Err(error.into()),
                Err(refusal) => refusal,
            };
            let newest = self.newest(to)?;
            if newest.tip == *commit || self.has_landed(&refusal, commit, &newest.tip)? {
                return Ok(Attempt::Landed);
            }
            if newest.tip != *base {
                return Ok(Attempt::Moved(newest));
            }
            refusals += 1;
            if refusals == 2 {
                return Err(TipError::Refused(refusal));
            }
            thread::sleep(SECOND_THOUGHTS / 2);
            pause(SECOND_THOUGHTS);
        }
    }

    /// Whether a server that gave no answer accepted the commit, and others
    /// have built on it.
    fn has_landed<E>(
        &self,
        refusal: &PushError,
        commit: &ObjectName,
        tip: &ObjectName,
    ) -> Result<bool, TipError<E>> {
        if !matches!(refusal, PushError::Unanswered(_)) {
            return Ok(false);
        }
        let is_ancestor = self.local_clone().is_ancestor(commit, tip);
        is_ancestor.map_err(|error: ProgramError| RemoteError::from(error).into())
    }
}

/// A tip that commits are computed for.
struct Tip {
    tip: ObjectName,
    /// Whether it is what the remote had a moment ago, and not what was last
    /// fetched.
    is_newest: bool,
}

enum Attempt {
    Landed,
    Moved(Tip),
}

fn settled<E>(
    answer: Result<Option<ObjectName>, E>,
    base: ObjectName,
) -> Result<Landed, TipError<E>> {
    match answer {
        Ok(_) => Ok(Landed::Nothing { base }),
        Err(error) => Err(TipError::Intent { error, base }),
    }
}
