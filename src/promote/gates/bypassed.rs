//! A value that no environment below has had, and that a change would replace: the fix of an
//! urgent problem is lost by the next promotion, unless somebody says so.

use super::Candidate;
use super::evaluation::Evaluation;
use super::judgement::Judgement;
use super::words::{code, history, list, short};
use crate::config::EnvironmentName;
use crate::git::{HistoryError, ObjectName};
use crate::history::{Tenure, find_tenure};
use crate::sites::{EnteringValue, Key, SiteValue, State, WantedValues};

/// The failure that a change replaces a value that no environment below has had, although one
/// of them had its key when it entered. None if there is no such value, or if the change
/// says that it replaces it.
pub(super) fn bypassed(evaluation: &Evaluation<'_>, current: &State) -> Option<Judgement> {
    let candidate = evaluation.candidate;
    let below = candidate.repository.ladder.below(&candidate.target.name);
    let goes = |(key, value): (&Key, &SiteValue)| {
        let mirrors = &candidate.repository.mirrors;
        let proposed = candidate.proposed.get(key)?;
        let is_image = matches!(key, Key::Image(_)) && !value.is_repository();
        (is_image && !value.deploys_same(proposed, mirrors)).then(|| (key.clone(), value.clone()))
    };
    for (key, value) in current.iter().filter_map(goes) {
        if candidate.replaces.iter().any(|named| named.is_exactly(&key, &value)) {
            continue;
        }
        match is_bypassed(candidate, &below, &key, &value) {
            Ok(false) => {}
            Ok(true) => {
                let environments: Vec<_> = below.iter().map(|name| code(name.as_str())).collect();
                let (name, shown) = (code(key.name()), short(&key, &value, None));
                let target = &candidate.target.name;
                let tag = value.to_string();
                let tag = tag.rsplit_once('/').map_or(&*tag, |(_, rest)| rest);
                let tag = tag.find([':', '@']).map_or(tag, |at| &tag[at..]);
                return Some(Judgement::fail(format!(
                    "{name} is {shown} in `{target}`, which {} never had, and it would be lost; \
                     bring it there first, or say that it goes with `--replaces {key}={tag}`",
                    list(&environments)
                )));
            }
            Err(error) => {
                let unknown = format!("it is not known whether {} was below", code(key.name()));
                return Some(Judgement::wait(None, format!("{unknown}: {}", history(&error))));
            }
        }
    }
    None
}

fn is_bypassed(
    candidate: &Candidate<'_>,
    below: &[EnvironmentName],
    key: &Key,
    value: &SiteValue,
) -> Result<bool, HistoryError> {
    let (key, own, current) = (key.clone(), value.clone(), Some(value.clone()));
    let wanted = EnteringValue { key: key.clone(), value: own, current };
    let wanted = WantedValues::new([wanted], &candidate.repository.mirrors);
    let mut since: Option<Option<ObjectName>> = None;
    let mut had_key = false;
    for environment in below {
        let has_it =
            |tenure: &Tenure| tenure.state.as_ref().is_some_and(|state| wanted.are_in(state));
        let tenures = candidate.evidence.tenures(environment, candidate.app);
        if find_tenure(tenures, has_it)?.is_some() {
            return Ok(false);
        }
        if since.is_none() {
            since = Some(entered(candidate, &wanted)?);
        }
        if let Some(Some(commit)) = &since {
            had_key = had_key || had_key_before(candidate, environment, &key, commit)?;
        }
    }
    Ok(had_key)
}

/// The commit that first brought a value to the target; none if that is not known. What is
/// restored entered then, and not when it was restored.
fn entered(
    candidate: &Candidate<'_>,
    wanted: &WantedValues<'_>,
) -> Result<Option<ObjectName>, HistoryError> {
    let mut entered = None;
    for tenure in candidate.evidence.tenures(&candidate.target.name, candidate.app) {
        let tenure = tenure?;
        if let Some(error) = tenure.edge() {
            return Err(error);
        }
        if tenure.state.as_ref().is_some_and(|state| wanted.are_in(state)) {
            entered = tenure.entered;
        }
    }
    Ok(entered)
}

/// Whether an environment had a key before a commit.
fn had_key_before(
    candidate: &Candidate<'_>,
    environment: &EnvironmentName,
    key: &Key,
    commit: &ObjectName,
) -> Result<bool, HistoryError> {
    for tenure in candidate.evidence.tenures(environment, candidate.app) {
        let tenure = tenure?;
        if let Some(error) = tenure.edge() {
            return Err(error);
        }
        let Some(entered) = &tenure.entered else { continue };
        // What both got at once was imported, and has no order.
        if candidate.evidence.dates().is_before(entered, commit)? {
            return Ok(tenure
                .state
                .is_some_and(|state| state.get(key).is_some_and(|value| !value.is_repository())));
        }
    }
    Ok(false)
}
