//! Selecting the state that is promoted, and the environment that it comes from.

use std::fmt::Write as _;

use super::base::Base;
use super::code::{DISAGREEING_SOURCES, NEVER_HELD, NOT_BELOW, NOT_PROMOTED_TO, NOTHING_BELOW};
use super::gates::Evidence;
use crate::config::{Before, Environment, EnvironmentName, Repository};
use crate::diagnostic::Finding;
use crate::git::{HistoryError, ObjectName};
use crate::history::{self, Since, Source, Tenure};
use crate::sites::{KnownKeys, SiteValue, State, StateReference};
use crate::source::Location;

/// The state that was selected for an app, and by whom.
#[derive(Debug, Clone)]
pub(super) struct SelectedState {
    pub(super) source: Source,
    /// Whether a person chose the environment.
    pub(super) chosen: bool,
    /// Whether a person named the state.
    pub(super) named: bool,
    /// Whether only a part of it moves.
    pub(super) is_part: bool,
}

/// The environments that an app's state for `target` comes from: those directly
/// before it, and if one of them does not have the app, those before that one.
/// Whether it may be skipped is a question for the gate `order`.
pub(super) fn sources(
    repository: &Repository,
    target: &Environment,
    app: &str,
    evidence: &dyn Evidence,
) -> Result<Vec<EnvironmentName>, Finding> {
    let before = before(repository, target)?;
    let mut sources = Vec::new();
    let mut waiting: Vec<EnvironmentName> = before.environments().iter().rev().cloned().collect();
    let mut seen = Vec::new();
    while let Some(name) = waiting.pop() {
        if seen.contains(&name) {
            continue;
        }
        seen.push(name.clone());
        if evidence.has(&name, app) {
            sources.push(name);
        } else if let Some(finding) = evidence.unreadable(&name, app) {
            return Err(finding);
        } else if let Some(before) = repository.ladder.before(&name) {
            waiting.extend(before.environments().iter().rev().cloned());
        }
    }
    if sources.is_empty() {
        let message = format!("no environment below `{}` has `{app}`", target.name);
        let at = repository.ladder.location(&target.name).cloned();
        return Err(Finding::new(&NOTHING_BELOW, message, place(at, repository))
            .because("nothing to promote")
            .help(format!("set it on a first rung with `rungs set {app} --env …`")));
    }
    Ok(sources)
}

/// The environments before one that is promoted to.
fn before(repository: &Repository, target: &Environment) -> Result<Before, Finding> {
    let at = || place(repository.ladder.location(&target.name).cloned(), repository);
    let name = &target.name;
    match repository.ladder.before(name) {
        None => {
            let message = format!("`{name}` is never promoted to");
            Err(Finding::new(&NOT_PROMOTED_TO, message, Location::of_path(target.location.path()))
                .because("neither `ladder` nor `after` names it")
                .help(format!("add `{name}` to `ladder` in rungs.yaml, or set its `after`")))
        }
        Some(before) if before.environments().is_empty() => {
            let message = format!("nothing comes before `{name}`");
            Err(Finding::new(&NOT_PROMOTED_TO, message, at())
                .because("a first rung")
                .help(format!("use `rungs set APP --env {name} :TAG`")))
        }
        Some(before) => Ok(before),
    }
}

fn place(at: Option<Location>, repository: &Repository) -> Location {
    at.unwrap_or_else(|| repository.location.clone())
}

/// The environment that a person named with `--from`, which has to be below the
/// target.
pub(super) fn named_source(
    repository: &Repository,
    target: &Environment,
    from: &EnvironmentName,
) -> Result<Vec<EnvironmentName>, Finding> {
    before(repository, target)?;
    if repository.ladder.above(from).contains(&target.name) {
        return Ok(vec![from.clone()]);
    }
    let message = format!("`{from}` does not come before `{}`", target.name);
    let at = place(repository.ladder.location(&target.name).cloned(), repository);
    Err(Finding::new(&NOT_BELOW, message, at)
        .because("the ladder goes the other way")
        .help("promotion goes up the ladder; `rungs rollback` goes back"))
}

/// Selects the current state of the sources. If the sources differ, it is that of the
/// first one that differs from `current`, the target's state, and the finding says
/// that they differ.
pub(super) fn current(
    sources: &[EnvironmentName],
    app: &str,
    base: Option<&ObjectName>,
    evidence: &dyn Evidence,
    target: &Environment,
    current: &State,
) -> (Source, Option<Finding>) {
    let states = sources.iter().filter_map(|name| Some((name, evidence.current(name, app)?)));
    let states: Vec<_> = states.collect();
    let (first, state) = states.first().expect("a source is an environment that has the app");
    let other = states[1..].iter().find(|(_, other)| !other.agrees_with(state));
    let disagreement = other.map(|(other, different)| {
        let message = format!("`{first}` and `{other}` have different states of `{app}`");
        let at = Location::of_path(target.location.path());
        Finding::new(&DISAGREEING_SOURCES, message, at)
            .because(differences(state, different))
            .help(format!("make them the same, or choose: `--from {first}` or `--from {other}`"))
    });
    let ahead = states.iter().find(|(_, state)| other.is_some() && !current.is_copy_of(state));
    let environment = (*ahead.map_or(first, |(name, _)| name)).clone();
    (Source { environment, commit: base.cloned() }, disagreement)
}

fn differences(one: &State, two: &State) -> String {
    let mut text = String::new();
    for (key, value) in one.iter() {
        let other = two.get(key);
        if !other.is_some_and(|other| other.agrees_with(value)) {
            let other = other.map_or_else(|| "nothing".to_owned(), SiteValue::to_string);
            let separator = if text.is_empty() { "" } else { ", " };
            let _ = write!(text, "{separator}{key}: `{value}` and `{other}`");
        }
    }
    if text.is_empty() { "one has more sites than the other".to_owned() } else { text }
}

/// Selects the newest state that a person's reference names, of the first source that
/// has had one.
///
/// # Errors
///
/// No source ever had such a state, or that is not known.
pub(super) fn named(
    sources: &[EnvironmentName],
    app: &str,
    named: &StateReference,
    base: &Base<'_>,
    target: &Environment,
) -> Result<Source, Finding> {
    let unknown = |error: HistoryError| history::finding(&error, &target.location);
    let mut earlier = Vec::new();
    for environment in sources {
        let sites = base.app(environment, app);
        let known = KnownKeys::of(sites.as_deref());
        for tenure in base.tenures(environment, app) {
            let tenure = tenure.map_err(unknown)?;
            let is_named = |state| named.names_state(state, &known, &target.location);
            if !tenure.state.as_ref().map_or(Ok(false), is_named)? {
                remember(&mut earlier, &tenure);
                // It may have had the state before the known history starts.
                if let Some(error) = tenure.edge() {
                    return Err(unknown(error));
                }
                continue;
            }
            let commit = commit_of(&tenure, base.commit.as_ref()).map_err(unknown)?;
            return Ok(Source { environment: environment.clone(), commit });
        }
    }
    let sources: Vec<_> = sources.iter().map(|name| format!("`{name}`")).collect();
    let message = format!("{} never had `{app}` at `{named}`", sources.join(" and "));
    let finding = Finding::new(&NEVER_HELD, message, Location::of_path(target.location.path()))
        .because("only states that were tested below are promoted");
    let known = (!earlier.is_empty()).then(|| format!("it has had {}", earlier.join(", ")));
    Err(finding.maybe_help(known))
}

/// A commit at which an environment had a tenure's state: the base if the tenure has
/// not ended, otherwise the commit that it started with, which a shallow clone may
/// not have.
pub(super) fn commit_of(
    tenure: &Tenure,
    base: Option<&ObjectName>,
) -> Result<Option<ObjectName>, HistoryError> {
    match (&tenure.left, &tenure.entered, &tenure.since) {
        (None, _, _) => Ok(base.cloned()),
        (Some(_), Some(entered), _) => Ok(Some(entered.clone())),
        (Some(_), None, Since::Unknown { fetch }) => {
            Err(HistoryError::Shallow { fetch: fetch.clone() })
        }
        (Some(_), None, _) => Err(HistoryError::Failed("a tenure has no start".to_owned())),
    }
}

/// The number of earlier references that a message lists.
const MOST_LISTED: usize = 5;

/// Adds the references of a tenure, as messages list them.
fn remember(earlier: &mut Vec<String>, tenure: &Tenure) {
    let Some(state) = &tenure.state else { return };
    for (_, value) in state.iter() {
        if let SiteValue::Image(image) = value
            && let Some(identity) = image.tag.as_deref().or(image.digest.as_deref())
        {
            let text = format!("`{identity}`");
            if earlier.len() < MOST_LISTED && !earlier.contains(&text) {
                earlier.push(text);
            }
        }
    }
}
