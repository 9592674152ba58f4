//! No rung is skipped, and no step goes back.
//!
//! The cheap answers come first, because history is dear: versions are compared
//! (nothing is read), then what stands below is looked at (the base's files),
//! then the histories of environments below that do not have the app or no
//! longer hold the state, and last the target's own.

use std::cmp::Ordering::{Greater, Less};

use super::evaluation::Evaluation;
use super::judgement::{Answer, Judgement};
use super::prerequisites::Prerequisites;
use super::words::{code, history, short};
use super::{Transition, version};
use crate::config::{Before, EnvironmentName, Selection};
use crate::git::HistoryError;
use crate::sites::{Key, SiteValue, State};

pub(super) fn judge(evaluation: &Evaluation<'_>) -> Option<Judgement> {
    let candidate = evaluation.candidate;
    let ladder = &candidate.repository.ladder;
    let judgement = match (candidate.transition, ladder.before(&candidate.target.name)) {
        (Transition::Set | Transition::Rollback, None) => return None,
        (Transition::Set | Transition::Rollback, Some(before)) if is_none(&before) => return None,
        (_, None) => Judgement::fail(format!(
            "`{}` is neither on the ladder nor `after` anything, so that nothing is promoted to it",
            candidate.target.name
        )),
        (_, Some(before)) if is_none(&before) => Judgement::fail(format!(
            "`{}` is a first rung, which is entered by `rungs set` and not by promotion",
            candidate.target.name
        )),
        _ => climb(evaluation)?,
    };
    let asked = ladder.location(&candidate.target.name);
    Some(match asked {
        Some(asked) => judgement.asked_at(asked),
        None => judgement,
    })
}

fn is_none(before: &Before) -> bool {
    before.environments().is_empty()
}

/// Where there are rungs below; none where this is the lowest that ever had the
/// app, and so its first.
fn climb(evaluation: &Evaluation<'_>) -> Option<Judgement> {
    let named = matches!(evaluation.candidate.transition, Transition::Promote { named: true, .. });
    let current = evaluation.candidate.current.filter(|current| !evaluation.is_held_by(current));
    if let Some(current) = current.filter(|_| !named)
        && let Some(judgement) = lower_version(evaluation, current)
    {
        return Some(judgement);
    }
    let Some(prerequisites) =
        evaluation.prerequisites().judge(&|prerequisites| holds(evaluation, prerequisites))
    else {
        let first = format!(
            "no environment before `{}` has ever had `{}`",
            evaluation.candidate.target.name, evaluation.candidate.app
        );
        let is_set = matches!(evaluation.candidate.transition, Transition::Set);
        return (!is_set).then(|| Judgement::fail(first));
    };
    match current.filter(|_| !named && prerequisites.answer == Answer::Pass) {
        Some(current) => Some(left_before(evaluation, current).unwrap_or(prerequisites)),
        None => Some(prerequisites),
    }
}

/// Whether an environment below holds what is wanted, or has held it where that
/// is enough.
fn holds(evaluation: &Evaluation<'_>, prerequisites: &Prerequisites) -> Judgement {
    let app = evaluation.candidate.app;
    match prerequisites {
        Prerequisites::Has(name) => {
            let current = evaluation.candidate.evidence.current(name, app).unwrap_or_default();
            let Some(difference) = evaluation.first_difference(&current) else {
                return Judgement::pass(format!("it stands in `{name}`"));
            };
            let differs = format!("in `{name}`, {}", differs(difference));
            if may_have_left(evaluation) {
                held(evaluation, name, &differs)
            } else {
                Judgement::fail(differs)
            }
        }
        Prerequisites::Lost(name) => Judgement::fail(format!(
            "`{name}` had `{app}` and has it no more; its environment would have to say \
             `skip: [{app}]`"
        )),
        Prerequisites::Unknown(name, error) => Judgement::wait(
            None,
            format!("whether `{name}` ever had `{app}` is not known: {}", history(error)),
        ),
        // Asked one by one.
        Prerequisites::All(_) | Prerequisites::Any(_) => {
            Judgement::pass("it stands in all of them")
        }
    }
}

/// "`web` is `v1` and not `v2`"
fn differs((key, wanted, there): (&Key, &SiteValue, Option<&SiteValue>)) -> String {
    let name = code(key.name());
    match (there, wanted) {
        (None, _) => format!("{name} is not there"),
        (Some(there), wanted) if there.is_same(wanted) => {
            format!("{name} comes from {} and not from {}", repository(there), repository(wanted))
        }
        (Some(there), wanted) => {
            let (is, not) = (short(key, there, Some(wanted)), short(key, wanted, Some(there)));
            format!("{name} is {is} and not {not}")
        }
    }
}

fn repository(value: &SiteValue) -> String {
    match value {
        SiteValue::Image(image) => code(image.repository.as_deref().unwrap_or_default()),
        SiteValue::Revision(_) | SiteValue::Moving(_) | SiteValue::Value(_) => String::new(),
    }
}

/// Whether a state counts that the environment below has held and holds no
/// more.
fn may_have_left(evaluation: &Evaluation<'_>) -> bool {
    match evaluation.candidate.transition {
        Transition::Promote { named: true, .. } => true,
        _ => evaluation.candidate.target.select == Selection::NewestEligible,
    }
}

/// Whether an environment has ever held what is wanted; `differs` says what it
/// holds instead.
fn held(evaluation: &Evaluation<'_>, name: &EnvironmentName, differs: &str) -> Judgement {
    let unknown = |error: &HistoryError| {
        let unknown = format!("whether `{name}` has held it is not known");
        Judgement::wait(None, format!("{unknown}: {}", history(error)))
    };
    for tenure in evaluation.candidate.evidence.tenures(name, evaluation.candidate.app) {
        let tenure = match tenure {
            Ok(tenure) => tenure,
            Err(error) => return unknown(&error),
        };
        if tenure.state.as_ref().is_some_and(|state| evaluation.is_held_by(state)) {
            return Judgement::pass(format!("`{name}` has held it"));
        }
        if let Some(error) = tenure.edge() {
            return unknown(&error);
        }
    }
    Judgement::fail(format!("{differs}, and it never was"))
}

/// Whether a version goes down.
fn lower_version(evaluation: &Evaluation<'_>, current: &State) -> Option<Judgement> {
    let mut changes = changes(evaluation, current);
    let (key, from, to) =
        changes.find(|(_, from, to)| version::order(from, to) == Some(Greater))?;
    let (old, new) = (short(key, from, Some(to)), short(key, to, Some(from)));
    let key = code(key.name());
    Some(Judgement::fail(format!("{key} would go back from {old} to {new}; {MEANT}")))
}

const MEANT: &str = "a state that is meant to go back is named with `rungs promote --ref`";

/// What is wanted otherwise than a state says it: the key, what is said and
/// what is wanted.
fn changes<'s>(
    evaluation: &'s Evaluation<'_>,
    state: &'s State,
) -> impl Iterator<Item = (&'s Key, &'s SiteValue, &'s SiteValue)> {
    let wanted = evaluation.wanted.iter();
    let pairs = wanted.filter_map(|(key, value)| Some((key, state.get(key)?, value)));
    pairs.filter(|(_, from, to)| !from.is_same(to))
}

/// Whether the target has held what is wanted, and left it.
///
/// Where versions go up, the target's history is followed only as far as it was
/// at no lower version than it is now: that finds whatever was left by going
/// back, and mostly ends after a step or two. Else all of it is.
fn left_before(evaluation: &Evaluation<'_>, current: &State) -> Option<Judgement> {
    let target = &evaluation.candidate.target.name;
    let goes_up = goes_up(evaluation, current);
    let unknown = |error: &HistoryError| {
        let unknown = format!("whether `{target}` has held it before is not known");
        Some(Judgement::wait(None, format!("{unknown}: {}", history(error))))
    };
    for tenure in evaluation.candidate.evidence.tenures(target, evaluation.candidate.app) {
        let tenure = match tenure {
            Ok(tenure) => tenure,
            Err(error) => return unknown(&error),
        };
        let holds = tenure.state.as_ref().is_some_and(|state| evaluation.is_held_by(state));
        if let Some(left) = tenure.left.as_ref().filter(|_| holds) {
            let left = format!("`{target}` has held it before and left it with `{}`", left.short());
            return Some(Judgement::fail(format!("{left}; {MEANT}")));
        }
        if goes_up && tenure.state.as_ref().is_some_and(|state| is_lower(state, current)) {
            return None;
        }
        if let Some(error) = tenure.edge() {
            return unknown(&error);
        }
    }
    None
}

/// Whether every reference that changes goes to a higher version.
fn goes_up(evaluation: &Evaluation<'_>, current: &State) -> bool {
    let references =
        changes(evaluation, current).filter(|(_, from, _)| !matches!(from, SiteValue::Value(_)));
    let orders: Vec<_> = references.map(|(_, from, to)| version::order(from, to)).collect();
    !orders.is_empty() && orders.iter().all(|order| *order == Some(Less))
}

/// Whether a state has a lower version of something than another.
fn is_lower(state: &State, than: &State) -> bool {
    state.iter().any(|(key, value)| {
        than.get(key).is_some_and(|other| version::order(value, other) == Some(Less))
    })
}
