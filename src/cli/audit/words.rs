//! The texts that the formats for people share.

use jiff::Timestamp;

use crate::diagnostic::in_one_line;
use crate::history::audit::{Claim, HoldNote, Unreadable};

/// `2026-11-21 14:03`, in UTC.
pub(super) fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

pub(super) fn unreadable(when: Unreadable) -> &'static str {
    match when {
        Unreadable::Before => "the sites could not be read before, or disagreed",
        Unreadable::After => "the sites can no longer be read, or disagree",
    }
}

/// Who set a hold, until when and why.
pub(super) fn hold(note: &HoldNote) -> String {
    let until = note.until.map(|until| format!(" until {}", minute(until))).unwrap_or_default();
    format!("held by {}{until}: {}", note.by, in_one_line(&note.reason))
}

/// What a record says besides its references, a phrase for each fact.
pub(super) fn facts(claim: &Claim) -> Vec<String> {
    let source = claim.source.as_ref().map(|source| match &source.commit {
        Some(commit) => format!("from {} at {}", source.environment, commit.short()),
        None => format!("from {}", source.environment),
    });
    let labelled = |label: &str, text: &Option<String>| {
        text.as_ref().map(|text| format!("{label} {}", in_one_line(text)))
    };
    let overrides = claim.overrides.iter();
    let overrides =
        overrides.map(|one| format!("overrode {}: {}", one.gate, in_one_line(&one.reason)));
    let sequences = claim.sequences.iter();
    let sequences = sequences.map(|one| format!("sequence {} of {}", one.number, one.key));
    let commits = claim.source_commits.iter().map(|one| match one.key.as_str() {
        "" => format!("built from {}", one.commit),
        key => format!("{key} built from {}", one.commit),
    });
    let singles = [
        source,
        labelled("requested by", &claim.requested_by),
        labelled("ticket", &claim.ticket),
        labelled("because:", &claim.reason),
    ];
    let replaces = claim.replaces.iter().map(|one| format!("replaced {one}"));
    singles
        .into_iter()
        .flatten()
        .chain(overrides)
        .chain(replaces)
        .chain(sequences)
        .chain(commits)
        .collect()
}
