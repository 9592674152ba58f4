//! The wording that reasons share.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::BroughtReference;
use crate::git::HistoryError;
use crate::sites::{Key, SiteValue, brief};

/// A text from elsewhere as code. Its own backticks cannot end the quotes.
pub(in crate::promote) fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}

/// A site's value, short and without secrets; `beside` is the value that it is compared
/// with.
pub(super) fn short(key: &Key, value: &SiteValue, beside: Option<&SiteValue>) -> String {
    code(&brief(key, value, beside))
}

/// What a template or a setting brings: an image as a whole, or what it is of.
pub(super) fn brought(reference: &BroughtReference) -> String {
    match &reference.value {
        SiteValue::Image(image) if image.repository.is_some() => code(&image.to_string()),
        value => {
            format!("{} of {}", short(&reference.key, value, None), code(reference.key.name()))
        }
    }
}

/// Names as a list in a sentence: "a, b and c".
pub(super) fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// An instant to the minute, followed by its time zone.
pub(super) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    let local = at.to_zoned(zone.clone());
    let zone = zone.iana_name().unwrap_or("UTC");
    format!("{} {zone}", local.strftime("%a %Y-%m-%d %H:%M"))
}

/// An instant to the minute, in UTC.
pub(in crate::promote) fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Why history is not known, and how to get it.
pub(in crate::promote) fn history(error: &HistoryError) -> String {
    match error {
        HistoryError::Shallow { fetch } => {
            format!("its history is not in this clone; fetch it with {}", code(fetch))
        }
        HistoryError::NoCommit | HistoryError::Failed(_) => error.to_string(),
    }
}

/// A time in its two largest units: `3d 4h`.
pub(super) fn span(seconds: u64) -> String {
    let units = [("d", 86400), ("h", 3600), ("m", 60), ("s", 1)];
    let largest = units.iter().position(|(_, unit)| seconds >= *unit).unwrap_or(3);
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (name, unit) in &units[largest..units.len().min(largest + 2)] {
        if rest >= *unit || parts.is_empty() {
            parts.push(format!("{}{name}", rest / unit));
        }
        rest %= unit;
    }
    parts.join(" ")
}
