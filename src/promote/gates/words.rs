//! How reasons name things.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::git::HistoryError;
use crate::sites::Said;

/// A text that somebody else wrote, as code: it cannot end the quotes.
pub(super) fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}

/// What a site says, as short as people read it: the tag, or the begin of the
/// digest.
pub(super) fn short(said: &Said) -> String {
    match said {
        Said::Image(image) => match (&image.tag, &image.digest) {
            (Some(tag), Some(digest)) => format!("{tag}@{}", begin(digest)),
            (Some(tag), None) => tag.clone(),
            (None, Some(digest)) => begin(digest).to_owned(),
            (None, None) => "untagged".to_owned(),
        },
        // A tag is short, and a commit's name is read by its begin.
        Said::Revision(text) if text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit()) => {
            text[..7].to_owned()
        }
        Said::Revision(text) | Said::Moving(text) => text.clone(),
        Said::Value(yaml) => {
            let text = yaml.trim_end();
            if text.lines().count() > 1 { "another value".to_owned() } else { text.to_owned() }
        }
    }
}

/// `sha256:` and 12 digits, as registries' pages show a digest.
fn begin(digest: &str) -> &str {
    digest.get(.."sha256:".len() + 12).unwrap_or(digest)
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
pub(super) fn utc(at: Timestamp) -> String {
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
