//! Applying an intent to the newest tip of a branch that others push to as
//! well.

use std::thread;
use std::time::{Duration, Instant};

use super::ObjectName;
use super::branch::Branch;
use super::code::{BRANCH_TOO_BUSY, PUSH_REFUSED};
use super::program::ProgramError;
use super::push::{Lease, PushError};
use super::remote::{Remote, RemoteError, pause, place};
use super::writer::CloneWriter;
use crate::diagnostic::Finding;

/// The longest that is waited between two tries.
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
    /// For how long a branch that others move is tried again. Two minutes let
    /// a hundred processes through that take a second each.
    pub patience: Duration,
}

impl<'d> PushTarget<'d> {
    /// With the patience that commands have.
    pub fn new(remote: &'d Remote, branch: &'d Branch) -> Self {
        Self { remote, branch, patience: Duration::from_mins(2) }
    }
}

/// What became of an intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Landed {
    /// The branch has the commit.
    Committed {
        /// The new commit.
        commit: ObjectName,
        /// The tip that it was made for.
        base: ObjectName,
    },
    /// At that tip there is nothing to do.
    Nothing {
        /// That tip.
        base: ObjectName,
    },
}

/// Why an intent was not carried out. The branch is as it was, or as others
/// made it.
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
    /// As a finding, or what the intent itself says.
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
    /// As a finding, of a push to that branch.
    pub fn finding(&self, remote: &Remote, branch: &Branch) -> Finding {
        match self {
            Self::Remote(error) => error.finding(),
            Self::Outdated | Self::Refused { .. } | Self::Unanswered(_) => {
                let message = format!("`{remote}` did not take a push to `{branch}`: {self}");
                Finding::new(&PUSH_REFUSED, message, place())
                    .help("allow it on the server, or push a branch and let people merge it")
            }
        }
    }
}

impl CloneWriter {
    /// Carries out an intent at the newest tip of a branch: `compute` makes of
    /// a tip the commit that follows it; none where there is nothing to do.
    ///
    /// It is computed for the tip that this clone knows, and pushed: the server
    /// takes it only where the branch is still at that tip. If it is not, it is
    /// computed again for the tip that is there, and so on. What says that
    /// nothing is to be done, or that it cannot be, is asked again for the tip
    /// that the remote has now before it counts.
    ///
    /// The remote has the whole commit or nothing of it at any moment, and
    /// running it again after any interruption does what is left to do.
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
            let began = Instant::now();
            match self.attempt(to, &at.tip, &commit)? {
                Attempt::Landed => return Ok(Landed::Committed { commit, base: at.tip }),
                Attempt::Moved(_) if Instant::now() >= deadline => {
                    return Err(TipError::TooBusy(moves));
                }
                Attempt::Moved(newest) => {
                    // A try takes what the server and this machine make it take, with
                    // all that others do: pauses in its measure spread them out.
                    pause(LONGEST_PAUSE.min(began.elapsed() * 2_u32.pow(moves.min(2))));
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

    /// Pushes, and once more where it is refused though nothing moved: the
    /// server may have been busy with another push, which it does not always
    /// say.
    fn attempt<E>(
        &self,
        to: &PushTarget<'_>,
        base: &ObjectName,
        commit: &ObjectName,
    ) -> Result<Attempt, TipError<E>> {
        // The commit follows the base, so that this overwrites nothing. Without
        // it a branch that was set back, as to take out a secret, would get all
        // of it again: the base is an ancestor's descendant as well.
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

    /// Whether a server that gave no answer took the commit, and others went on
    /// from there.
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

/// A tip that is planned on.
struct Tip {
    tip: ObjectName,
    /// Whether the remote had it a moment ago, or when it was last fetched.
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
