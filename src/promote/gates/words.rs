//! How reasons name things.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::git::HistoryError;
use crate::sites::{Key, SiteValue, brief, in_full};
use crate::source::REDACTED;

/// A text that somebody else wrote, as code: it cannot end the quotes.
pub(super) fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}

/// What a site says, as short as people read it and without secrets, where
/// `beside` is what it is compared with.
pub(super) fn short(key: &Key, value: &SiteValue, beside: Option<&SiteValue>) -> String {
    match in_full(key, value) {
        masked if masked == REDACTED => code(&masked),
        _ => code(&brief(value, beside)),
    }
}

/// Several names as a sentence lists them: "a, b and c".
pub(super) fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// An instant to the minute, in a zone that is named behind it.
pub(super) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    let local = at.to_zoned(zone.clone());
    let zone = zone.iana_name().unwrap_or("UTC");
    format!("{} {zone}", local.strftime("%a %Y-%m-%d %H:%M"))
}

/// An instant to the minute, in UTC.
pub(in crate::promote) fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Why history is not known, and how to have it.
pub(super) fn history(error: &HistoryError) -> String {
    match error {
        HistoryError::Shallow { fetch } => {
            format!("its history is not in this clone; fetch it with {}", code(fetch))
        }
        HistoryError::Failed(_) => error.to_string(),
    }
}
