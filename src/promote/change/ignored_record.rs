//! A record of a change that counts for nothing, and why: whoever wrote it expects something
//! of it.

use crate::diagnostic::Finding;
use crate::history::{Action, Record};
use crate::promote::arrival::Arrival;
use crate::promote::code::RECORD_IGNORED;
use crate::promote::gates::words::code;
use crate::sites::State;
use crate::source::Location;

/// The note on a record that does not count.
pub(super) fn note(record: &Record, why: String, at: Location) -> Finding {
    let Record { app, environment, .. } = record;
    let message = format!("the record of {} in `{environment}` counts for nothing", code(app));
    Finding::new(&RECORD_IGNORED, message, at).because(why)
}

/// The first reference of a record that is not what the change does; none if all are.
pub(super) fn mismatch(record: &Record, from: &State, to: &State) -> Option<String> {
    let changed = Record::references_of(from, to);
    let value = |text: &str| if text.is_empty() { "nothing".to_owned() } else { code(text) };
    let wrong = record.references.iter().find_map(|(key, claimed)| {
        match changed.iter().find(|(other, _)| other == key) {
            None => Some(format!("it names {}, which does not change", code(key))),
            Some((_, actual)) if !Record::is_reference(claimed, actual) => Some(format!(
                "it says that {} becomes {}, and it becomes {}",
                code(key),
                value(claimed),
                value(actual)
            )),
            Some(_) => None,
        }
    });
    let is_named = |key: &String| record.references.iter().any(|(named, _)| named == key);
    wrong.or_else(|| {
        let (key, actual) = changed.iter().find(|(key, _)| !is_named(key))?;
        Some(format!("it does not name {}, which becomes {}", code(key), value(actual)))
    })
}

/// Why history does not bear out what a record says of where the state comes from; none if
/// it does.
pub(super) fn unborne(record: &Record, arrival: &Arrival) -> Option<String> {
    let environment = &record.environment;
    match (record.action, arrival) {
        (Action::Rollback, Arrival::Set | Arrival::Promotion(_)) => {
            Some(format!("`{environment}` never had this state, to which it would be a rollback"))
        }
        (Action::Promote, _) => {
            let claimed = &record.source.as_ref()?.environment;
            let found = arrival.source().map(|source| &source.environment);
            (found != Some(claimed))
                .then(|| format!("the state does not come from `{claimed}`, as it says"))
        }
        _ => None,
    }
}
