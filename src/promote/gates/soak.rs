//! The state has been in the environment before for long enough.

use jiff::{SignedDuration, Timestamp};

use super::evaluation::Evaluation;
use super::judgement::Judgement;
use super::order;
use super::prerequisites::{Prerequisite, Presence};
use super::stays::stays;
use super::words::{brought, history, span, utc};
use super::{BroughtReference, BroughtReferences};
use crate::config::{EnvironmentName, Soak, Trust};
use crate::git::{HistoryError, ObjectName};
use crate::history::{Since, Tenure};

pub(super) fn judge(evaluation: &Evaluation<'_>) -> Option<Judgement> {
    let gate = evaluation.candidate.gates.soak.as_ref()?;
    if gate.value.trust == Trust::Forge && evaluation.candidate.evidence.is_rewritten() {
        let reason =
            "the branch's history was rewritten, and says no longer since when it is there";
        return Some(Judgement::wait(None, reason).at(&gate.location));
    }
    // A reference that is set on a first rung has no environment to soak in.
    let of_state =
        || evaluation.prerequisites().judge(&|one| state_in(evaluation, gate.value, one));
    let of_state = evaluation.judges_state().then(of_state).flatten();
    let brought = evaluation.judge_brought(&|known, reference, environment| {
        reference_in(evaluation, gate.value, known, reference, environment)
    });
    let judgement = Judgement::all(of_state.into_iter().chain(brought).collect())?;
    Some(judgement.at(&gate.location))
}

/// Judges how long an environment has had the state.
fn state_in(evaluation: &Evaluation<'_>, soak: Soak, prerequisite: &Prerequisite) -> Judgement {
    let name = &prerequisite.environment;
    match &prerequisite.presence {
        Presence::Unknown(error) => unknown("it", name, &history(error)),
        // Of several, the one that is enough for the order has to be the one that soaked.
        _ if evaluation.prerequisites().offer_choice()
            && !order::is_there(evaluation, prerequisite) =>
        {
            Judgement::wait(None, format!("it is not in `{name}`"))
        }
        Presence::Has | Presence::Unreadable | Presence::Unbound | Presence::Lost => {
            in_environment(evaluation, soak, name)
        }
    }
}

/// Judges how long an environment has deployed what no site says.
fn reference_in(
    evaluation: &Evaluation<'_>,
    soak: Soak,
    known: &dyn BroughtReferences,
    reference: &BroughtReference,
    environment: &EnvironmentName,
) -> Judgement {
    let is_enough = |since: &Since| is_over(since, soak, evaluation.candidate.now);
    let what = brought(reference);
    match known.deployed_since(environment, reference, &is_enough) {
        Ok(None) => Judgement::wait(None, format!("{what} has not been in `{environment}`")),
        Ok(Some(since)) => {
            let mut soaked = SoakedTime::default();
            soaked.add(&since);
            soaked.judge(&what, soak, environment, evaluation.candidate.now)
        }
        Err(why) => unknown(&what, environment, &why),
    }
}

fn in_environment(evaluation: &Evaluation<'_>, soak: Soak, name: &EnvironmentName) -> Judgement {
    let is_enough = |since: &Since| is_over(since, soak, evaluation.candidate.now);
    match newest_unbroken(
        stays(evaluation, name),
        |tenure| has_state(evaluation, tenure),
        is_enough,
    ) {
        Ok(SoakedTime { oldest: None, unknown_because: None, .. }) => {
            Judgement::wait(None, format!("it has not been in `{name}`"))
        }
        Ok(unbroken) => unbroken.judge("it", soak, name, evaluation.candidate.now),
        Err(error) => unknown("it", name, &history(&error)),
    }
}

fn has_state(evaluation: &Evaluation<'_>, tenure: &Tenure) -> bool {
    tenure.state.as_ref().is_some_and(|state| evaluation.is_satisfied_by(state))
}

fn unknown(what: &str, name: &EnvironmentName, why: &str) -> Judgement {
    Judgement::wait(None, format!("it is not known how long {what} has been in `{name}`: {why}"))
}

/// The newest unbroken time during which an environment had a state.
#[derive(Debug, Default)]
struct SoakedTime {
    /// The start of its oldest tenure whose time is known at all.
    oldest: Option<Since>,
    /// The oldest time in it that the forge knows.
    verified: Option<Timestamp>,
    /// The reason for which its start is not known; none if it is known. It started no
    /// later than `oldest` says.
    unknown_because: Option<String>,
}

/// Joins the newest tenures that have the state and follow each other without a break.
/// `tenures` has the newest first, and is read only until `is_enough`.
///
/// # Errors
///
/// History ended before a tenure that has the state.
fn newest_unbroken(
    tenures: impl Iterator<Item = Result<Tenure, HistoryError>>,
    has_state: impl Fn(&Tenure) -> bool,
    is_enough: impl Fn(&Since) -> bool,
) -> Result<SoakedTime, HistoryError> {
    let mut unbroken = SoakedTime::default();
    let mut entered_by: Option<ObjectName> = None;
    for tenure in tenures {
        let tenure = match tenure {
            Ok(tenure) => tenure,
            Err(error) if entered_by.is_none() => return Err(error),
            Err(error) => {
                unbroken.unknown_because = Some(history(&error));
                break;
            }
        };
        let follows = entered_by.is_none() || tenure.left == entered_by;
        match (has_state(&tenure), entered_by.is_some()) {
            (true, _) if follows => {}
            (_, true) => break,
            _ => match tenure.edge() {
                Some(error) => return Err(error),
                None => continue,
            },
        }
        unbroken.add(&tenure.since);
        if is_enough(&tenure.since) {
            break;
        }
        // No older tenure can be joined to one whose first commit is not in this clone.
        let Some(entered) = tenure.entered else { break };
        entered_by = Some(entered);
    }
    Ok(unbroken)
}

impl SoakedTime {
    fn add(&mut self, since: &Since) {
        match since {
            Since::Unknown { fetch } => {
                let fetch = HistoryError::Shallow { fetch: fetch.clone() };
                self.unknown_because = Some(history(&fetch));
            }
            Since::Impossible { .. } => {
                let why = "the commit that brought it is dated before one that it follows";
                self.unknown_because = Some(why.to_owned());
            }
            Since::Verified { at } => {
                self.verified = Some(*at);
                self.oldest = Some(since.clone());
            }
            Since::Unverified { .. } => self.oldest = Some(since.clone()),
        }
    }

    /// Judges the time for which `what` has been in an environment.
    fn judge(&self, what: &str, soak: Soak, name: &EnvironmentName, now: Timestamp) -> Judgement {
        let since = match soak.trust {
            Trust::Forge => self.verified,
            Trust::Committer => self.oldest.as_ref().and_then(Since::time),
        };
        let Some((since, end)) = since.and_then(|since| Some((since, end(since, soak)?))) else {
            let why = match (&self.unknown_because, soak.trust) {
                (Some(why), _) => why.clone(),
                _ => "only the commit's own time is known, and `trust: forge` does not count it"
                    .to_owned(),
            };
            return unknown(what, name, &why);
        };
        let certainty = self.certainty(soak.trust);
        if since > now {
            let future = utc(since);
            let reason = format!("{what} came to `{name}` in the future, at {future}{certainty}");
            return Judgement::wait(Some(end), reason);
        }
        let so_far = format!("{what} has been in `{name}` for {}", span(between(now, since)));
        if end <= now {
            return Judgement::pass(format!("{so_far}{certainty}"));
        }
        let longer =
            self.unknown_because.as_ref().map(|why| format!("; perhaps longer, but {why}"));
        let longer = longer.unwrap_or_default();
        Judgement::wait(Some(end), format!("{so_far} of {}{certainty}{longer}", soak.time))
    }

    /// What a reason adds for a time that the forge does not vouch for.
    fn certainty(&self, trust: Trust) -> &'static str {
        match &self.oldest {
            Some(Since::Unverified { .. }) if trust == Trust::Committer => {
                " by the commit's own time, which is unverified"
            }
            _ => "",
        }
    }
}

/// Whether a soak that began then is over.
fn is_over(since: &Since, soak: Soak, now: Timestamp) -> bool {
    let end = counted(since, soak.trust).and_then(|at| end(at, soak));
    end.is_some_and(|end| end <= now)
}

/// The start of a tenure, if it counts.
fn counted(since: &Since, trust: Trust) -> Option<Timestamp> {
    match (since, trust) {
        (Since::Verified { at }, _) => Some(*at),
        (_, Trust::Forge) => None,
        (since, Trust::Committer) => since.time(),
    }
}

/// The time at which a soak ends; none if it is too late to be represented.
fn end(since: Timestamp, soak: Soak) -> Option<Timestamp> {
    let seconds = i64::try_from(soak.time.seconds()).ok()?;
    since.checked_add(SignedDuration::from_secs(seconds)).ok()
}

/// The seconds between two instants.
fn between(now: Timestamp, since: Timestamp) -> u64 {
    u64::try_from(now.duration_since(since).as_secs()).unwrap_or_default()
}
