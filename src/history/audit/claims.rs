//! Whether what a record says is true.

use super::entry::{Claim, Sequence, SourceCommit};
use crate::config::Mirrors;
use crate::history::{Action, Record, Source, StateChange};
use crate::sites::{EnteringValue, MissingValue, State, WantedValues, brief, differences, in_full};

/// The record among these that is about a change: the last one of its app and
/// environment whose references are what the sites say after it. A squash of a
/// branch that was changed once more has records of states that the base branch
/// never got. If none fits, the last one is what the change says about itself.
pub(super) fn record_of<'r>(records: &'r [Record], one: &StateChange) -> Option<&'r Record> {
    let mut of_pair = records.iter().rev().filter(|record| {
        let changes = !matches!(record.action, Action::Hold | Action::Lift);
        changes && record.app == one.instance.app && record.environment == one.instance.environment
    });
    let last = of_pair.clone().next();
    of_pair.find(|record| doubts_of_references(record, one).is_empty()).or(last)
}

/// Why the sites are not what the record says.
pub(super) fn doubts_of_references(record: &Record, one: &StateChange) -> Vec<String> {
    let Some(after) = &one.after else {
        return vec!["the sites cannot be read after the change".to_owned()];
    };
    let nothing = State::default();
    let changed = Record::references_of(one.before.as_ref().unwrap_or(&nothing), after);
    let all = Record::references_of(&nothing, after);
    let mut doubts: Vec<String> =
        record.references.iter().filter_map(|claimed| doubt(claimed, &all)).collect();
    let is_named = |key: &String| record.references.iter().any(|(named, _)| named == key);
    let others = changed.iter().filter(|(key, _)| !is_named(key));
    doubts.extend(others.map(|(key, _)| format!("it does not name `{key}`, which changed")));
    doubts
}

/// Why one reference is not what the record claims.
fn doubt(claimed: &(String, String), all: &[(String, String)]) -> Option<String> {
    let (key, reference) = claimed;
    let is_claimed =
        |(other, value): &(String, String)| other == key && Record::is_reference(reference, value);
    if all.iter().any(is_claimed) {
        return None;
    }
    match all.iter().find(|(other, _)| other == key) {
        Some((_, value)) if reference.is_empty() => Some(format!("`{key}` still says `{value}`")),
        Some((_, value)) => Some(format!("`{key}` says `{value}`, not `{reference}`")),
        None if reference.is_empty() => None,
        None => Some(format!("there is no `{key}`")),
    }
}

/// What a source has to have said.
pub(super) fn expected(one: &StateChange) -> Vec<EnteringValue> {
    let nothing = State::default();
    let (before, after) =
        (one.before.as_ref().unwrap_or(&nothing), one.after.as_ref().unwrap_or(&nothing));
    let changes = differences(before, after).into_iter();
    let entering = changes.filter_map(|one| {
        let (key, value, current) = (one.key.clone(), one.to?.clone(), one.from.cloned());
        Some(EnteringValue { key, value, current })
    });
    entering.collect()
}

/// Why a source did not have what came from it.
pub(super) fn doubts_of_source(
    source: &Source,
    state: Option<&State>,
    expected: &[EnteringValue],
    mirrors: &Mirrors,
) -> Vec<String> {
    let place = match &source.commit {
        Some(commit) => format!("`{}` at {}", source.environment, commit.short()),
        None => format!("`{}`", source.environment),
    };
    let Some(state) = state else {
        return vec![format!("what {place} said cannot be read")];
    };
    let doubt = |entry: &EnteringValue| {
        let wanted = WantedValues::new([entry.clone()], mirrors);
        let MissingValue { key, wanted, actual, is_other_repository } = wanted.missing_in(state)?;
        Some(match actual {
            Some(value) if is_other_repository => {
                let (value, wanted) = (in_full(key, value), in_full(key, wanted));
                format!(
                    "{place} said `{value}` for `{key}`, from another repository than `{wanted}`"
                )
            }
            Some(value) => {
                let (value, wanted) =
                    (brief(key, value, Some(wanted)), brief(key, wanted, Some(value)));
                format!("{place} said `{value}` for `{key}`, not `{wanted}`")
            }
            None => format!("{place} said nothing about `{key}`"),
        })
    };
    expected.iter().filter_map(doubt).collect()
}

/// A record as an audit shows it.
pub(super) fn claim(record: &Record, doubts: Vec<String>) -> Claim {
    let Record { references: _, requested_by, overrides, replaces, ticket, reason, plan, .. } =
        record.clone();
    let sequences = record.sequences.iter();
    let commits = record.source_commits.iter();
    Claim {
        verified: doubts.is_empty(),
        doubts,
        source: record.source.clone(),
        requested_by,
        overrides,
        replaces,
        ticket,
        reason,
        sequences: sequences
            .map(|(key, number)| Sequence { key: key.clone(), number: *number })
            .collect(),
        source_commits: commits
            .map(|(key, commit)| SourceCommit { key: key.clone(), commit: commit.clone() })
            .collect(),
        plan,
    }
}
