//! No rung is skipped, and the change is not a step back.
//!
//! The cheap questions come first, because history is expensive: versions are compared
//! (nothing is read), then the states below are looked at (the base's files), then the
//! histories of environments below that do not have the app or no longer have the
//! state, and last the target's own.

use std::cmp::Ordering::{Greater, Less};

use super::bypassed::bypassed;
use super::evaluation::Evaluation;
use super::judgement::{Answer, Judgement};
use super::prerequisites::{Prerequisite, Presence};
use super::stays::stays;
use super::words::{brought, code, history, short, span};
use super::{BroughtReference, BroughtReferences, Candidate, Transition, version_order};
use crate::config::{Before, EnvironmentName, Selection};
use crate::git::HistoryError;
use crate::history::{Tenure, find_tenure};
use crate::sites::{ImageParts, Key, MissingValue, SiteValue, State};

pub(super) fn judge(evaluation: &Evaluation<'_>) -> Option<Judgement> {
    let of_state = evaluation.judges_state().then(|| judge_state(evaluation)).flatten();
    let is_native = evaluation.candidate.repository.is_native();
    let brought = evaluation.judge_brought(&|known, reference, environment| {
        is_deployed(known, reference, environment, is_native)
    });
    Judgement::all(of_state.into_iter().chain(brought).collect())
}

/// Judges what sites say.
fn judge_state(evaluation: &Evaluation<'_>) -> Option<Judgement> {
    let candidate = evaluation.candidate;
    let ladder = &candidate.repository.ladder;
    let judgement = match (candidate.transition, ladder.before(&candidate.target.name)) {
        (Transition::Set | Transition::Rollback, None) => return None,
        (Transition::Set | Transition::Rollback, Some(before)) if is_none(&before) => return None,
        (_, None) => Judgement::fail(format!(
            "`{}` is neither on the ladder nor `after` anything, so nothing is promoted to it",
            candidate.target.name
        )),
        (_, Some(before)) if is_none(&before) => Judgement::fail(format!(
            "`{}` is a first rung, which is entered with `rungs set` and not by promotion",
            candidate.target.name
        )),
        _ => judge_step(evaluation),
    };
    let location = ladder.location(&candidate.target.name);
    Some(match location.filter(|_| judgement.place.is_none()) {
        Some(location) => judgement.at(location),
        None => judgement,
    })
}

fn is_none(before: &Before) -> bool {
    before.environments().is_empty()
}

/// Judges an environment with rungs below it.
fn judge_step(evaluation: &Evaluation<'_>) -> Judgement {
    if let Some(retag) = &evaluation.candidate.target.retag {
        let (target, pattern) = (&evaluation.candidate.target.name, &retag.value);
        let reason = format!(
            "`{target}` has the tags `{pattern}`, which have to be one image with those below, and no \
             registry is asked yet"
        );
        return Judgement::wait(None, reason).at(&retag.location);
    }
    let named = matches!(evaluation.candidate.transition, Transition::Promote { named: true, .. });
    let current =
        evaluation.candidate.current.filter(|current| !evaluation.is_satisfied_by(current));
    if let Some(current) = current.filter(|_| !named)
        && let Some(judgement) = lower_version(evaluation, current)
    {
        return judgement;
    }
    let Some(prerequisites) = evaluation.prerequisites().judge(&|one| is_met(evaluation, one))
    else {
        return judge_first(evaluation.candidate);
    };
    let Some(current) = current.filter(|_| prerequisites.answer == Answer::Pass) else {
        return prerequisites;
    };
    let left = if named { None } else { left_before(evaluation, current) };
    left.or_else(|| bypassed(evaluation, current)).unwrap_or(prerequisites)
}

/// Judges an app that no environment before has ever had. What is there already has nothing
/// to be ordered by; what is new has to be named before.
fn judge_first(candidate: &Candidate<'_>) -> Judgement {
    let Candidate { target, app, current, transition, .. } = candidate;
    let name = &target.name;
    let first = format!("no environment before `{name}` has ever had `{app}`");
    if !matches!(transition, Transition::Set) {
        Judgement::fail(first)
    } else if target.enters.iter().any(|one| one.value == *app) {
        Judgement::pass(format!("`{app}` enters `{name}` first"))
    } else if current.is_some() {
        Judgement::pass(format!("{first}, and it is there already"))
    } else {
        Judgement::fail(format!(
            "{first}; if it is to start there, set `enters: [{app}]` there first"
        ))
    }
}

/// Whether an environment below has the wanted values, or has had them if that is
/// enough.
fn is_met(evaluation: &Evaluation<'_>, prerequisite: &Prerequisite) -> Judgement {
    let app = evaluation.candidate.app;
    let name = &prerequisite.environment;
    match &prerequisite.presence {
        Presence::Has => {
            let current = evaluation.candidate.evidence.current(name, app).unwrap_or_default();
            let Some(missing) = evaluation.wanted.missing_in(&current) else {
                return Judgement::pass(format!("it is in `{name}`"));
            };
            let differs = format!("in `{name}`, {}", differs(missing));
            if may_have_left(evaluation) {
                has_had(evaluation, name, &differs)
            } else {
                Judgement::fail(differs)
            }
        }
        Presence::Unreadable => {
            Judgement::fail(format!("what `{name}` has of `{app}` cannot be read"))
        }
        Presence::Unbound => Judgement::fail(format!(
            "no file belongs to `{name}`, which comes before; check its spelling in `ladder`"
        )),
        Presence::Lost => Judgement::fail(format!(
            "`{name}` had `{app}` and no longer has it; to skip `{name}`, set `skip: [{app}]` \
             there"
        )),
        Presence::Unknown(error) => Judgement::wait(
            None,
            format!("it is not known whether `{name}` ever had `{app}`: {}", history(error)),
        ),
    }
}

/// Whether an environment deploys what no site says.
fn is_deployed(
    known: &dyn BroughtReferences,
    reference: &BroughtReference,
    environment: &EnvironmentName,
    is_native: bool,
) -> Judgement {
    let name = brought(reference);
    if known.is_deployed(environment, reference) {
        return Judgement::pass(format!("`{environment}` deploys {name}"));
    }
    let help = match &reference.value {
        SiteValue::Image(_) => ", or name the image in `image: { unordered }`",
        _ => "",
    };
    let first = if is_native {
        "pin the template, so that it is promoted".to_owned()
    } else {
        format!("change it in `{environment}` first")
    };
    let reason = format!(
        "{name} is deployed then, which no site says and `{environment}` does not deploy; \
         {first}{help}"
    );
    Judgement::fail(reason).blaming(&reference.location)
}

/// "`web` is `v1` and not `v2`"
fn differs(MissingValue { key, wanted, actual, is_other_repository }: MissingValue<'_>) -> String {
    let name = code(key.name());
    match actual {
        None => format!("{name} is not there"),
        Some(actual) if is_other_repository => {
            let (is, not) = (repository(actual), repository(wanted));
            format!(
                "{name} comes from {is} and not from {not}; `mirrors` does not say that both \
                 hold the same images"
            )
        }
        Some(actual) => {
            let (is, not) = (short(key, actual, Some(wanted)), short(key, wanted, Some(actual)));
            format!("{name} is {is} and not {not}")
        }
    }
}

fn repository(value: &SiteValue) -> String {
    let other = || "what another file names".to_owned();
    match value {
        SiteValue::Image(ImageParts { repository: Some(repository), .. })
        | SiteValue::Repository(repository) => code(repository),
        SiteValue::Revision(parts) => parts.place().map_or_else(other, |place| code(&place)),
        _ => other(),
    }
}

/// Whether a state counts that the environment below has had and no longer has.
fn may_have_left(evaluation: &Evaluation<'_>) -> bool {
    match evaluation.candidate.transition {
        Transition::Promote { named: true, .. } => true,
        _ => evaluation.candidate.target.select == Selection::NewestEligible,
    }
}

/// Whether an environment has the wanted values, if it has to have them now.
pub(super) fn is_there(evaluation: &Evaluation<'_>, prerequisite: &Prerequisite) -> bool {
    let Candidate { evidence, app, .. } = evaluation.candidate;
    let current = || evidence.current(&prerequisite.environment, app);
    may_have_left(evaluation) || current().is_some_and(|state| evaluation.is_satisfied_by(&state))
}

/// Whether an environment has ever had the wanted values; `differs` says what it has
/// instead.
fn has_had(evaluation: &Evaluation<'_>, name: &EnvironmentName, differs: &str) -> Judgement {
    let unknown = |error: &HistoryError| {
        let unknown = format!("it is not known whether `{name}` has had it");
        Judgement::wait(None, format!("{unknown}: {}", history(error)))
    };
    let has_it = |tenure: &Tenure| {
        tenure.state.as_ref().is_some_and(|state| evaluation.is_satisfied_by(state))
    };
    match find_tenure(stays(evaluation, name), has_it) {
        Ok(Some(_)) => Judgement::pass(format!("`{name}` has had it")),
        Ok(None) => {
            let tenures = evaluation.candidate.evidence.tenures(name, evaluation.candidate.app);
            let never = match find_tenure(tenures, has_it) {
                Ok(Some(_)) => format!("it was there for less than {}", span(evaluation.stood())),
                _ => "it never was".to_owned(),
            };
            Judgement::fail(format!("{differs}, and {never}"))
        }
        Err(error) => unknown(&error),
    }
}

/// A failure if a version goes down.
fn lower_version(evaluation: &Evaluation<'_>, current: &State) -> Option<Judgement> {
    // Whoever says that a value goes knows that an older one comes.
    let is_named = |key: &Key, from: &SiteValue| {
        evaluation.candidate.replaces.iter().any(|named| named.is_exactly(key, from))
    };
    let mut changes = changes(evaluation, current).filter(|(key, from, _)| !is_named(key, from));
    let (key, from, to) =
        changes.find(|(_, from, to)| version_order::order(from, to) == Some(Greater))?;
    let (old, new) = (short(key, from, Some(to)), short(key, to, Some(from)));
    let key = code(key.name());
    Some(Judgement::fail(format!("{key} would go back from {old} to {new}; {NAME_IT}")))
}

const NAME_IT: &str = "if that is intended, name the state with `rungs promote --ref`";

/// The wanted values that differ from those of a state: the key, the state's value and
/// the wanted one.
fn changes<'s>(
    evaluation: &'s Evaluation<'_>,
    state: &'s State,
) -> impl Iterator<Item = (&'s Key, &'s SiteValue, &'s SiteValue)> {
    let wanted = evaluation.wanted.iter();
    let mirrors = &evaluation.candidate.repository.mirrors;
    let pairs = wanted.filter_map(|(key, value)| Some((key, state.get(key)?, value)));
    pairs.filter(|(_, from, to)| !from.deploys_same(to, mirrors))
}

/// A failure if the target has had the wanted values, or one of the wanted references, before
/// and left it, unless a hold on it was lifted since. What is held back with others does not
/// come back because one of these is newer.
///
/// If versions go up, the target's history is followed only until everything that changes was
/// lower than it is. That finds a state that was left by going back, and usually ends
/// after a step or two. Otherwise all of it is read.
fn left_before(evaluation: &Evaluation<'_>, current: &State) -> Option<Judgement> {
    let Candidate { target, app, evidence, .. } = evaluation.candidate;
    let (target, mirrors) = (&target.name, &evaluation.candidate.repository.mirrors);
    let goes_up = goes_up(evaluation, current);
    let unknown = |error: &HistoryError| {
        let unknown = format!("it is not known whether `{target}` has had it before");
        Some(Judgement::wait(None, format!("{unknown}: {}", history(error))))
    };
    let changing: Vec<_> = changes(evaluation, current).collect();
    let had = |state: &State| -> Option<Option<&Key>> {
        if evaluation.is_satisfied_by(state) {
            return Some(None);
        }
        let references = changing.iter().filter(|(_, from, _)| from.yaml().is_none());
        let mut had = references.filter(|(key, _, to)| {
            state.get(key).is_some_and(|value| value.deploys_same(to, mirrors))
        });
        had.next().map(|(key, ..)| Some(*key))
    };
    let is_left = |tenure: &Tenure| {
        tenure.left.is_some() && tenure.state.as_ref().is_some_and(|state| had(state).is_some())
    };
    let ends_search = |tenure: &Tenure| {
        goes_up && tenure.state.as_ref().is_some_and(|state| are_lower(state, &changing))
    };
    let tenures = evidence.tenures(target, app);
    match find_tenure(tenures, |tenure| is_left(tenure) || ends_search(tenure)) {
        Ok(found) => {
            let found = found.filter(is_left)?;
            let (state, left) = (found.state?, found.left?);
            let key = had(&state)?;
            // Whoever lifted the hold on it has said that it may come back.
            let was_lifted = |state| evidence.was_lifted(target, app, state, &left);
            let proposed = evaluation.candidate.proposed;
            match was_lifted(proposed).and_then(|lifted| Ok(lifted || was_lifted(&state)?)) {
                Ok(true) => None,
                Ok(false) => {
                    let what =
                        key.map_or("it".to_owned(), |key| format!("this {}", code(key.name())));
                    let left = left.short();
                    let left = format!("`{target}` has had {what} before and left it in `{left}`");
                    Some(Judgement::fail(format!("{left}; {NAME_IT}")))
                }
                Err(error) => unknown(&error),
            }
        }
        Err(error) => unknown(&error),
    }
}

/// Whether every reference that changes goes to a higher version.
fn goes_up(evaluation: &Evaluation<'_>, current: &State) -> bool {
    let references = changes(evaluation, current).filter(|(_, from, _)| from.yaml().is_none());
    let orders: Vec<_> = references.map(|(_, from, to)| version_order::order(from, to)).collect();
    !orders.is_empty() && orders.iter().all(|order| *order == Some(Less))
}

/// Whether a state has a lower version of everything that changes than is there now.
fn are_lower(state: &State, changing: &[(&Key, &SiteValue, &SiteValue)]) -> bool {
    let mut references = changing.iter().filter(|(_, from, _)| from.yaml().is_none());
    references.all(|(key, from, _)| {
        state.get(key).is_none_or(|value| version_order::order(value, from) == Some(Less))
    })
}
