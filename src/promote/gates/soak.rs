//! The state stood in the environment before for long enough.

use jiff::{SignedDuration, Timestamp};

use super::evaluation::Evaluation;
use super::judgement::Judgement;
use super::prerequisites::Prerequisites;
use super::words::{code, history, utc};
use crate::config::{EnvironmentName, Soak, Trust};
use crate::git::{HistoryError, ObjectName};
use crate::history::{Since, Tenure};

pub(super) fn judge(evaluation: &Evaluation<'_>) -> Option<Judgement> {
    let gate = evaluation.candidate.gates.soak.as_ref()?;
    // Nothing is below where a reference is set, and it stands nowhere yet.
    let judgement = evaluation
        .prerequisites()
        .judge(&|prerequisites| of(evaluation, gate.value, prerequisites))?;
    Some(judgement.asked_at(&gate.location))
}

fn of(evaluation: &Evaluation<'_>, soak: Soak, prerequisites: &Prerequisites) -> Judgement {
    match prerequisites {
        Prerequisites::Has(name) | Prerequisites::Lost(name) => {
            in_environment(evaluation, soak, name)
        }
        Prerequisites::Unknown(name, error) => unknown(name, &history(error)),
        // Asked one by one.
        Prerequisites::All(_) | Prerequisites::Any(_) => {
            Judgement::pass("it has stood in all of them")
        }
    }
}

fn in_environment(evaluation: &Evaluation<'_>, soak: Soak, name: &EnvironmentName) -> Judgement {
    let is_enough = |since: &Since| {
        let end = counted(since, soak.trust).and_then(|at| end(at, soak));
        end.is_some_and(|end| end <= evaluation.candidate.now)
    };
    let tenures = evaluation.candidate.evidence.tenures(name, evaluation.candidate.app);
    match newest_unbroken(tenures, |tenure| is_held(evaluation, tenure), is_enough) {
        Ok(UnbrokenTenure { oldest: None, broken_by: None, .. }) => {
            Judgement::wait(None, format!("it has not stood in `{name}`"))
        }
        Ok(unbroken) => unbroken.judge(soak, name, evaluation.candidate.now),
        Err(error) => unknown(name, &history(&error)),
    }
}

fn is_held(evaluation: &Evaluation<'_>, tenure: &Tenure) -> bool {
    tenure.state.as_ref().is_some_and(|state| evaluation.is_held_by(state))
}

fn unknown(name: &EnvironmentName, why: &str) -> Judgement {
    Judgement::wait(None, format!("since when it stands in `{name}` is not known: {why}"))
}

/// The newest unbroken time during which a state stood.
#[derive(Debug, Default)]
struct UnbrokenTenure {
    /// When it began: of its oldest stay whose time is known at all.
    oldest: Option<Since>,
    /// The oldest time in it that the forge knows.
    verified: Option<Timestamp>,
    /// Why its begin is not known, where it is not; it began no later than
    /// `oldest` says.
    broken_by: Option<String>,
}

/// Of stays, the newest first, those that follow on each other without a break
/// and all hold. No more are read once one is `enough`: it began then or
/// earlier.
///
/// # Errors
///
/// History ended before a stay that holds.
fn newest_unbroken(
    tenures: impl Iterator<Item = Result<Tenure, HistoryError>>,
    holds: impl Fn(&Tenure) -> bool,
    is_enough: impl Fn(&Since) -> bool,
) -> Result<UnbrokenTenure, HistoryError> {
    let mut unbroken = UnbrokenTenure::default();
    let mut begun_by: Option<ObjectName> = None;
    for tenure in tenures {
        let tenure = match tenure {
            Ok(tenure) => tenure,
            Err(error) if begun_by.is_none() => return Err(error),
            Err(error) => {
                unbroken.broken_by = Some(history(&error));
                break;
            }
        };
        let follows = begun_by.is_none() || tenure.left == begun_by;
        match (holds(&tenure), begun_by.is_some()) {
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
        // What this clone does not have, no older stay follows on.
        let Some(entered) = tenure.entered else { break };
        begun_by = Some(entered.id);
    }
    Ok(unbroken)
}

impl UnbrokenTenure {
    fn add(&mut self, since: &Since) {
        match since {
            Since::Unknown { fetch } => {
                let fetch = HistoryError::Shallow { fetch: fetch.clone() };
                self.broken_by = Some(history(&fetch));
            }
            Since::Verified { at } => {
                self.verified = Some(*at);
                self.oldest = Some(since.clone());
            }
            Since::Unverified { .. } | Since::HiddenBefore { .. } => {
                self.oldest = Some(since.clone());
            }
        }
    }

    fn judge(&self, soak: Soak, name: &EnvironmentName, now: Timestamp) -> Judgement {
        let since = match soak.trust {
            Trust::Forge => self.verified,
            Trust::Committer => self.oldest.as_ref().and_then(Since::time),
        };
        let Some((since, end)) = since.and_then(|since| Some((since, end(since, soak)?))) else {
            let why = match (&self.broken_by, soak.trust) {
                (Some(why), _) => why.clone(),
                _ => {
                    "only the commit's own time is, and `trust: forge` does not count it".to_owned()
                }
            };
            return unknown(name, &why);
        };
        let how = self.how_known(soak.trust);
        if since > now {
            let future = utc(since);
            let reason = format!("it came to `{name}` in the future, at {future}{how}");
            return Judgement::wait(Some(end), reason);
        }
        let stood = format!("it has stood in `{name}` for {}", span(now, since));
        if end <= now {
            return Judgement::pass(format!("{stood}{how}"));
        }
        let more = self.broken_by.as_ref().map(|why| format!("; perhaps longer, but {why}"));
        let more = more.unwrap_or_default();
        Judgement::wait(Some(end), format!("{stood} of {}{how}{more}", soak.time))
    }

    /// What is to be said of a time that the forge does not vouch for.
    fn how_known(&self, trust: Trust) -> String {
        match &self.oldest {
            Some(Since::Unverified { .. }) if trust == Trust::Committer => {
                " by the commit's own time, which is unverified".to_owned()
            }
            Some(Since::HiddenBefore { merge, .. }) if trust == Trust::Committer => format!(
                ", counted from the merge {}, which hides what the branch was before",
                code(merge.short())
            ),
            _ => String::new(),
        }
    }
}

/// The time of a stay that counts.
fn counted(since: &Since, trust: Trust) -> Option<Timestamp> {
    match (since, trust) {
        (Since::Verified { at }, _) => Some(*at),
        (_, Trust::Forge) => None,
        (since, Trust::Committer) => since.time(),
    }
}

/// When a soak ends; none behind the end of all calendars.
fn end(since: Timestamp, soak: Soak) -> Option<Timestamp> {
    let seconds = i64::try_from(soak.time.seconds()).ok()?;
    since.checked_add(SignedDuration::from_secs(seconds)).ok()
}

/// The time between two instants by its two largest units: `3d 4h`.
fn span(now: Timestamp, since: Timestamp) -> String {
    let seconds = now.duration_since(since).as_secs();
    let units = [("d", 86400), ("h", 3600), ("m", 60), ("s", 1)];
    let largest = units.iter().position(|(_, unit)| seconds >= *unit).unwrap_or(3);
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (name, unit) in &units[largest..units.len().min(largest + 2)] {
        if rest >= *unit || parts.is_empty() {
            parts.push(format!("{}{name}", rest / unit));
        }
        rest %= unit;
    }
    parts.join(" ")
}
