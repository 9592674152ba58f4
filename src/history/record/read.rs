//! Records from the text of a message.

use super::text::{PREFIX, unescaped};
use super::{Action, MOST_LINES, NAMED_SOURCE, NAMED_STATE, Record, RecordedOverride};
use crate::config::EnvironmentName;
use crate::git::ObjectName;
use crate::history::Source;
use crate::sites::shown_reference;

/// What people and forges put before each line of a message that they quote,
/// list or indent.
const MARKS: &[char] = &[' ', '\t', '*', '>', '-', '+', '|', '#', '•'];

/// The records in a message, wherever they are in it.
///
/// They are claims of whoever wrote the message. A line that is not understood
/// is left out: a later version may write more kinds of them, and anybody can
/// write anything. Of a line that may occur once, the first counts.
pub fn read(message: &str) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    for line in message.split(['\n', '\r']) {
        let line = line.trim_start_matches(MARKS);
        let Some((key, value)) = line.strip_prefix(PREFIX).and_then(|line| line.split_once(':'))
        else {
            continue;
        };
        let value = value.trim();
        if let Some(action) = Action::ALL.into_iter().find(|action| action.key() == key) {
            // A broken record would otherwise give its lines to the one before
            // it.
            records.extend(started(action, value).or_else(|| placeholder(action)));
        } else if let Some(record) = records.last_mut() {
            add(record, key, value);
        }
    }
    records.retain(|record| !record.app.is_empty());
    records
}

/// The commits that a message says it reverts, as `git revert` and forges write it. What
/// follows tells how a merge was reverted.
pub fn reverted(message: &str) -> impl Iterator<Item = ObjectName> {
    let named = message.split("This reverts commit ").skip(1);
    named.filter_map(|rest| {
        let digits = rest.find(|char: char| !char.is_ascii_hexdigit()).unwrap_or(rest.len());
        ObjectName::parse(&rest[..digits])
    })
}

/// `guestbook from stage@1a2b… to prod`, `guestbook in qa`.
fn started(action: Action, value: &str) -> Option<Record> {
    let words: Vec<&str> = value.split_whitespace().collect();
    let (app, source, environment) = match words[..] {
        [app, "from", source, "to" | "in", environment] => (app, Some(source), environment),
        [app, "to" | "in", environment] => (app, None, environment),
        _ => return None,
    };
    let mut record = Record::new(action, &unescaped(app), EnvironmentName::named(environment)?);
    if let Some(source) = source {
        let (name, commit) = source.split_once('@').unwrap_or((source, ""));
        record.source = Some(Source {
            environment: EnvironmentName::named(name)?,
            commit: ObjectName::parse(commit),
        });
    }
    Some(record)
}

/// A record without an app, which takes the lines of a broken one and is left
/// out.
fn placeholder(action: Action) -> Option<Record> {
    Some(Record::new(action, "", EnvironmentName::named("nowhere")?))
}

fn add(record: &mut Record, key: &str, value: &str) {
    let (first, rest) = value.split_once(' ').unwrap_or((value, ""));
    let rest = rest.trim_start();
    match key {
        "Reference" => push(&mut record.references, reference(first, rest)),
        "Sequence" => {
            if let Ok(number) = rest.parse() {
                push(&mut record.sequences, (unescaped(first), number));
            }
        }
        "Source-Commit" if rest.is_empty() => {
            push(&mut record.source_commits, (String::new(), unescaped(first)));
        }
        "Source-Commit" => push(&mut record.source_commits, (unescaped(first), unescaped(rest))),
        "Replaces" if !value.is_empty() => push(&mut record.replaces, unescaped(value)),
        "Override" if is_name(first) => {
            let gate = first.to_owned();
            push(&mut record.overrides, RecordedOverride { gate, reason: unescaped(rest) });
        }
        "Named" if value == NAMED_SOURCE => record.names_source = true,
        "Named" if value == NAMED_STATE => record.names_state = true,
        "Requested-By" => set(&mut record.requested_by, value),
        "Ticket" => set(&mut record.ticket, value),
        "Reason" => set(&mut record.reason, value),
        "Plan" => set(&mut record.plan, value),
        _ => {}
    }
}

/// A reference as [`Record::references_of`] returns it now: an earlier version may have
/// written what looks like a secret.
fn reference(key: &str, text: &str) -> (String, String) {
    (unescaped(key), shown_reference(&unescaped(text)).into_owned())
}

/// Whether a word can be the name of a gate. A later version may have gates
/// that this one does not have.
fn is_name(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

fn push<T>(list: &mut Vec<T>, item: T) {
    if list.len() < MOST_LINES {
        list.push(item);
    }
}

fn set(field: &mut Option<String>, value: &str) {
    if field.is_none() && !value.is_empty() {
        *field = Some(unescaped(value));
    }
}
