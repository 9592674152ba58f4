//! Records as the text of a message.

use std::fmt::Write;

use super::text::{PREFIX, escaped, word};
use super::{Action, MOST_LINES, NAMED_SOURCE, NAMED_STATE, Record};
use crate::history::Source;
use crate::sites::{State, brief, differences, shortened};

/// A record with what it changes, for the message's first line.
#[derive(Debug, Clone, Copy)]
pub struct RecordedChange<'a> {
    /// The record.
    pub record: &'a Record,
    /// What the sites said before; what is held back or allowed in again if no
    /// site changes.
    pub from: &'a State,
    /// What they say after.
    pub to: &'a State,
}

/// The most characters of a first line: a longer one has a number instead.
const SUBJECT: usize = 100;

/// The most apps that a first line names.
const MOST_APPS: usize = 3;

/// The message of a commit that makes these changes: what they are in one line,
/// and a record of each. `train` is the name of the train that was requested.
///
/// What strangers wrote can start neither a line nor another record, and what
/// is too long is cut. Apart from that, [`super::read`] returns the records as
/// they are.
pub fn message(recorded: &[RecordedChange<'_>], train: Option<&str>) -> String {
    let mut out = subject(recorded, train).replace(PREFIX, r"Rungs\u{2d}");
    out.push_str("\n\n");
    for recorded in recorded {
        push_record(&mut out, recorded.record);
    }
    out
}

fn push_record(out: &mut String, record: &Record) {
    let Record { action, environment, source, references, sequences, source_commits, .. } = record;
    let mut line = |key: &str, value: &str| {
        writeln!(out, "{PREFIX}{key}: {value}").expect("a string takes all text");
    };
    let from = source.as_ref().map(|Source { environment, commit }| match commit {
        Some(commit) => format!("from {environment}@{commit} "),
        None => format!("from {environment} "),
    });
    let app = word(&record.app);
    let preposition = if *action == Action::Promote { "to" } else { "in" };
    let from = from.unwrap_or_default();
    line(action.key(), &format!("{app} {from}{preposition} {environment}"));
    let named = [(record.names_source, NAMED_SOURCE), (record.names_state, NAMED_STATE)];
    for (_, what) in named.into_iter().filter(|(is_named, _)| *is_named) {
        line("Named", what);
    }
    for (key, reference) in references.iter().take(MOST_LINES) {
        line("Reference", &format!("{} {}", word(key), escaped(reference)));
    }
    for (key, number) in sequences.iter().take(MOST_LINES) {
        line("Sequence", &format!("{} {number}", word(key)));
    }
    for (key, commit) in source_commits.iter().take(MOST_LINES) {
        line("Source-Commit", format!("{} {}", word(key), word(commit)).trim_start());
    }
    for reference in record.replaces.iter().take(MOST_LINES) {
        line("Replaces", &escaped(reference));
    }
    for one in record.overrides.iter().take(MOST_LINES) {
        line("Override", format!("{} {}", one.gate, escaped(&one.reason)).trim_end());
    }
    let Record { requested_by, ticket, reason, plan, .. } = record;
    let single =
        [("Requested-By", requested_by), ("Ticket", ticket), ("Reason", reason), ("Plan", plan)];
    for (key, value) in single {
        if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
            line(key, &escaped(value));
        }
    }
}

fn subject(recorded: &[RecordedChange<'_>], train: Option<&str>) -> String {
    // A rollback sets a hold, and a promotion may lift one: the line names what
    // moves the app.
    let moves_app = |recorded: &&RecordedChange<'_>| {
        !matches!(recorded.record.action, Action::Hold | Action::Lift)
    };
    let mut moves: Vec<&RecordedChange<'_>> = recorded.iter().filter(moves_app).collect();
    if moves.is_empty() {
        moves = recorded.iter().collect();
    }
    match (&moves[..], train) {
        ([], _) => "Change nothing".to_owned(),
        ([one], None) => of_one(one),
        (several, train) => of_several(several, train),
    }
}

/// `Promote guestbook to prod: frontend v4 → v5`
fn of_one(recorded: &RecordedChange<'_>) -> String {
    let what = named(&recorded.record.app);
    let start = first_words(recorded.record.action, &what, recorded.record.environment.as_str());
    let differences = differences(recorded.from, recorded.to);
    let changes: Vec<String> = if differences.is_empty() {
        recorded
            .to
            .iter()
            .map(|(key, value)| key_and(key.name(), &what, &brief(key, value, None)))
            .collect()
    } else {
        differences.iter().map(|one| key_and(one.key.name(), &what, &one.brief())).collect()
    };
    if changes.is_empty() {
        return start;
    }
    let whole = format!("{start}: {}", changes.join(", "));
    match (whole.chars().count() <= SUBJECT, changes.len()) {
        (true, _) => whole,
        (false, 1) => shortened(&whole, SUBJECT),
        (false, count) => format!("{start}: {count} references"),
    }
}

/// An app with one image often has the image's name.
fn key_and(key: &str, app: &str, change: &str) -> String {
    if key == app { change.to_owned() } else { format!("{} {change}", named(key)) }
}

/// `Promote train shop to prod: cart, guestbook and 3 more`
fn of_several(recorded: &[&RecordedChange<'_>], train: Option<&str>) -> String {
    let record = recorded[0].record;
    let environments = recorded.iter().map(|recorded| recorded.record.environment.as_str());
    let mut environments: Vec<&str> = environments.collect();
    environments.dedup();
    let place = if environments.len() == 1 { environments[0] } else { "several environments" };
    let names: Vec<String> = recorded.iter().map(|recorded| named(&recorded.record.app)).collect();
    let apps = listed(&names);
    match train {
        Some(train) => {
            let start = first_words(record.action, &format!("train {}", named(train)), place);
            format!("{start}: {apps}")
        }
        None => first_words(record.action, &apps, place),
    }
}

fn listed(names: &[String]) -> String {
    match names {
        [one] => one.clone(),
        [first @ .., last] if names.len() <= MOST_APPS => {
            format!("{} and {last}", first.join(", "))
        }
        names => {
            let (shown, more) = names.split_at(MOST_APPS - 1);
            format!("{} and {} more", shown.join(", "), more.len())
        }
    }
}

fn first_words(action: Action, what: &str, environment: &str) -> String {
    match action {
        Action::Set => format!("Set {what} in {environment}"),
        Action::Promote => format!("Promote {what} to {environment}"),
        Action::Rollback => format!("Roll back {what} in {environment}"),
        Action::Hold => format!("Hold {what} back from {environment}"),
        Action::Lift => format!("Let {what} into {environment} again"),
    }
}

fn named(name: &str) -> String {
    shortened(name, 40)
}
