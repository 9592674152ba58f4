//! No rung is skipped, and no step goes back.
//!
//! The cheap answers come first, because history is dear: versions are compared
//! (nothing is read), then what stands below is looked at (the base's files),
//! then the histories of environments below that do not have the app or no
//! longer hold the state, and last the target's own.

use std::cmp::Ordering::{Greater, Less};

use super::below::Below;
use super::case::Case;
use super::verdict::{Answer, Judgement};
use super::words::{code, history, short};
use super::{Way, version};
use crate::config::{Before, EnvironmentName, Selection};
use crate::git::HistoryError;
use crate::sites::{Key, Said, State};

pub(super) fn judge(case: &Case<'_>) -> Option<Judgement> {
    let candidate = case.candidate;
    let ladder = &candidate.repository.ladder;
    let judgement = match (candidate.way, ladder.before(&candidate.target.name)) {
        (Way::Set | Way::Rollback, None) => return None,
        (Way::Set | Way::Rollback, Some(before)) if is_none(&before) => return None,
        (_, None) => Judgement::fail(format!(
            "`{}` is neither on the ladder nor `after` anything, so that nothing is promoted to it",
            candidate.target.name
        )),
        (_, Some(before)) if is_none(&before) => Judgement::fail(format!(
            "`{}` is a first rung, which is entered by `rungs set` and not by promotion",
            candidate.target.name
        )),
        _ => climb(case)?,
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
fn climb(case: &Case<'_>) -> Option<Judgement> {
    let named = matches!(case.candidate.way, Way::Promote { named: true, .. });
    let current = case.candidate.current.filter(|current| !case.is_held_by(current));
    if let Some(current) = current.filter(|_| !named)
        && let Some(judgement) = lower_version(case, current)
    {
        return Some(judgement);
    }
    let Some(below) = case.below().judge(&|below| holds(case, below)) else {
        let first = format!(
            "no environment before `{}` has ever had `{}`",
            case.candidate.target.name, case.candidate.app
        );
        let is_set = matches!(case.candidate.way, Way::Set);
        return (!is_set).then(|| Judgement::fail(first));
    };
    match current.filter(|_| !named && below.answer == Answer::Pass) {
        Some(current) => Some(left_before(case, current).unwrap_or(below)),
        None => Some(below),
    }
}

/// Whether an environment below holds what is wanted, or has held it where that
/// is enough.
fn holds(case: &Case<'_>, below: &Below) -> Judgement {
    let app = case.candidate.app;
    match below {
        Below::Has(name) => {
            let standing = case.candidate.past.standing(name, app).unwrap_or_default();
            let Some(difference) = case.first_difference(&standing) else {
                return Judgement::pass(format!("it stands in `{name}`"));
            };
            let differs = format!("in `{name}`, {}", differs(difference));
            if may_have_left(case) { held(case, name, &differs) } else { Judgement::fail(differs) }
        }
        Below::Lost(name) => Judgement::fail(format!(
            "`{name}` had `{app}` and has it no more; its environment would have to say \
             `skip: [{app}]`"
        )),
        Below::Unknown(name, error) => Judgement::wait(
            None,
            format!("whether `{name}` ever had `{app}` is not known: {}", history(error)),
        ),
        // Asked one by one.
        Below::All(_) | Below::Any(_) => Judgement::pass("it stands in all of them"),
    }
}

/// "`web` is `v1` and not `v2`"
fn differs((key, wanted, there): (&Key, &Said, Option<&Said>)) -> String {
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

fn repository(said: &Said) -> String {
    match said {
        Said::Image(image) => code(image.repository.as_deref().unwrap_or_default()),
        Said::Revision(_) | Said::Moving(_) | Said::Value(_) => String::new(),
    }
}

/// Whether a state counts that the environment below has held and holds no
/// more.
fn may_have_left(case: &Case<'_>) -> bool {
    match case.candidate.way {
        Way::Promote { named: true, .. } => true,
        _ => case.candidate.target.select == Selection::NewestEligible,
    }
}

/// Whether an environment has ever held what is wanted; `differs` says what it
/// holds instead.
fn held(case: &Case<'_>, name: &EnvironmentName, differs: &str) -> Judgement {
    let unknown = |error: &HistoryError| {
        let unknown = format!("whether `{name}` has held it is not known");
        Judgement::wait(None, format!("{unknown}: {}", history(error)))
    };
    for stay in case.candidate.past.stays(name, case.candidate.app) {
        let stay = match stay {
            Ok(stay) => stay,
            Err(error) => return unknown(&error),
        };
        if stay.state.as_ref().is_some_and(|state| case.is_held_by(state)) {
            return Judgement::pass(format!("`{name}` has held it"));
        }
        if let Some(error) = stay.edge() {
            return unknown(&error);
        }
    }
    Judgement::fail(format!("{differs}, and it never was"))
}

/// Whether a version goes down.
fn lower_version(case: &Case<'_>, current: &State) -> Option<Judgement> {
    let mut changes = changes(case, current);
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
    case: &'s Case<'_>,
    state: &'s State,
) -> impl Iterator<Item = (&'s Key, &'s Said, &'s Said)> {
    let wanted = case.wanted.iter();
    let pairs = wanted.filter_map(|(key, said)| Some((key, state.get(key)?, said)));
    pairs.filter(|(_, from, to)| !from.is_same(to))
}

/// Whether the target has held what is wanted, and left it.
///
/// Where versions go up, the target's history is followed only as far as it was
/// at no lower version than it is now: that finds whatever was left by going
/// back, and mostly ends after a step or two. Else all of it is.
fn left_before(case: &Case<'_>, current: &State) -> Option<Judgement> {
    let target = &case.candidate.target.name;
    let goes_up = goes_up(case, current);
    let unknown = |error: &HistoryError| {
        let unknown = format!("whether `{target}` has held it before is not known");
        Some(Judgement::wait(None, format!("{unknown}: {}", history(error))))
    };
    for stay in case.candidate.past.stays(target, case.candidate.app) {
        let stay = match stay {
            Ok(stay) => stay,
            Err(error) => return unknown(&error),
        };
        let holds = stay.state.as_ref().is_some_and(|state| case.is_held_by(state));
        if let Some(left) = stay.left.as_ref().filter(|_| holds) {
            let left = format!("`{target}` has held it before and left it with `{}`", left.short());
            return Some(Judgement::fail(format!("{left}; {MEANT}")));
        }
        if goes_up && stay.state.as_ref().is_some_and(|state| is_lower(state, current)) {
            return None;
        }
        if let Some(error) = stay.edge() {
            return unknown(&error);
        }
    }
    None
}

/// Whether every reference that changes goes to a higher version.
fn goes_up(case: &Case<'_>, current: &State) -> bool {
    let references = changes(case, current).filter(|(_, from, _)| !matches!(from, Said::Value(_)));
    let orders: Vec<_> = references.map(|(_, from, to)| version::order(from, to)).collect();
    !orders.is_empty() && orders.iter().all(|order| *order == Some(Less))
}

/// Whether a state has a lower version of something than another.
fn is_lower(state: &State, than: &State) -> bool {
    state.iter().any(|(key, said)| {
        than.get(key).is_some_and(|other| version::order(said, other) == Some(Less))
    })
}
