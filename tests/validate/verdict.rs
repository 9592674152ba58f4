//! What the API server says about an object, in a line that can be compared and read.

use std::fmt::{self, Write as _};

use serde_json::Value as Json;

use super::field::Field;
use crate::support::kubernetes::Answer;

/// What a message is cut off at.
const LONGEST_MESSAGE: usize = 60;
/// What more causes are not kept of one refusal.
const MOST_CAUSES: usize = 6;

/// The server's verdict about one object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Accepted,
    /// The status is 0 where the server ended the connection: it panics over some objects.
    Refused {
        status: u16,
        causes: Vec<Cause>,
    },
}

/// Why an object is refused, once per field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cause {
    /// The path of the field as the server names it; empty if it names none.
    pub(crate) field: String,
    /// The server's reason without `FieldValue`: `Invalid`, `Required`, `NotSupported`;
    /// and two of ours for objects that it cannot decode, `Unknown` and `Type`.
    pub(crate) reason: String,
    /// The message without the value.
    pub(crate) message: String,
}

impl Verdict {
    /// The verdict in an answer about an object with that field spoilt.
    pub(crate) fn of(answer: &Answer, spoilt: &Field) -> Self {
        if answer.is_accepted() {
            return Self::Accepted;
        }
        let causes = answer.body["details"]["causes"].as_array();
        let mut causes: Vec<_> = match causes {
            Some(causes) if !causes.is_empty() => causes.iter().map(Cause::of).collect(),
            _ => undecoded(&answer.body, spoilt),
        };
        // The server asks some questions in the order of a Go map.
        causes.sort();
        causes.dedup();
        causes.truncate(MOST_CAUSES);
        Self::Refused { status: answer.status, causes }
    }

    /// Reads what [`Verdict::written`] returns for the same field.
    pub(crate) fn read(text: &str, spoilt: &Field) -> Option<Self> {
        if text == "accepted" {
            return Some(Self::Accepted);
        }
        let (status, causes) = text.split_once(' ')?;
        let causes = causes.split(" | ").map(|cause| Cause::read(cause, spoilt));
        Some(Self::Refused { status: status.parse().ok()?, causes: causes.collect::<Option<_>>()? })
    }

    /// One line, in which `@` is the path of the spoilt field.
    pub(crate) fn written(&self, spoilt: &Field) -> String {
        let Self::Refused { status, causes } = self else { return "accepted".to_owned() };
        let mut text = status.to_string();
        for (index, cause) in causes.iter().enumerate() {
            let separator = if index == 0 { " " } else { " | " };
            let _ = write!(text, "{separator}{}", cause.written(spoilt));
        }
        text
    }
}

impl Cause {
    fn of(cause: &Json) -> Self {
        let string = |key: &str| cause[key].as_str().unwrap_or_default();
        let reason = string("reason");
        let field = string("field");
        let message = without_value(string("message"));
        Self {
            field: field.to_owned(),
            reason: reason.strip_prefix("FieldValue").unwrap_or(reason).to_owned(),
            message: short(message.replace(&format!("{field} in body "), "").trim()),
        }
    }

    fn read(text: &str, spoilt: &Field) -> Option<Self> {
        let mut parts = text.splitn(3, ' ');
        let (reason, field) = (parts.next()?, parts.next()?);
        let field = match field.strip_prefix('@') {
            Some(below) => format!("{spoilt}{}", below.replace("%20", " ")),
            None if field == "-" => String::new(),
            None => field.replace("%20", " "),
        };
        let message = parts.next().unwrap_or_default().to_owned();
        Some(Self { field, reason: reason.to_owned(), message })
    }

    fn written(&self, spoilt: &Field) -> String {
        let Self { field, reason, message } = self;
        let field = match field.strip_prefix(&spoilt.to_string()) {
            Some(below) if below.is_empty() || below.starts_with(['.', '[']) => format!("@{below}"),
            _ if field.is_empty() => "-".to_owned(),
            _ => field.clone(),
        };
        format!("{reason} {} {message}", field.replace(' ', "%20")).trim_end().to_owned()
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.field, self.reason, self.message)
    }
}

/// The causes of a refusal in which the server lists none.
fn undecoded(status: &Json, spoilt: &Field) -> Vec<Cause> {
    let message = status["message"].as_str().unwrap_or_default();
    let cause = |field: String, reason: &str, message: &str| Cause {
        field,
        reason: reason.to_owned(),
        message: short(message),
    };
    let unknown = message.split("unknown field \"").skip(1);
    let unknown: Vec<_> = unknown
        .filter_map(|rest| Some(cause(rest.split_once('"')?.0.to_owned(), "Unknown", "")))
        .collect();
    if !unknown.is_empty() {
        return unknown;
    }
    if message.contains("cannot unmarshal") || message.contains("unable to decode") {
        return vec![cause(spoilt.to_string(), "Type", "")];
    }
    let message = message
        .rsplit_once(" cannot be handled as a ")
        .map_or(message, |(_, why)| why.split_once(": ").map_or(why, |(_, why)| why));
    vec![cause(String::new(), status["reason"].as_str().unwrap_or("-"), message)]
}

/// The message without the phrase that repeats the reason, and without the value, which
/// repeats the mutation.
fn without_value(message: &str) -> &str {
    const PHRASES: &[&str] = &[
        "Invalid value: ",
        "Unsupported value: ",
        "Duplicate value: ",
        "Too many: ",
        "Not found: ",
    ];
    for phrase in ["Required value", "Forbidden", "Too long"] {
        if let Some(rest) = message.strip_prefix(phrase) {
            return rest.trim_start_matches(": ");
        }
    }
    let Some(rest) = PHRASES.iter().find_map(|phrase| message.strip_prefix(phrase)) else {
        return message;
    };
    let value = rest.strip_prefix('"').map_or(0, |text| end_of_quoted(text) + 1);
    rest[value..].split_once(": ").map_or("", |(_, message)| message)
}

/// Where a quoted text ends, counted from after its first quotation mark.
fn end_of_quoted(text: &str) -> usize {
    let mut escaped = false;
    let end = text.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 1)
}

/// A text of one line, without the mark between causes and without the texts that it
/// quotes, save those that an enumeration allows, cut off where it is long.
fn short(message: &str) -> String {
    let allowed = message.find("supported values").unwrap_or(message.len());
    let (message, allowed) = message.split_at(allowed);
    let mut text = String::new();
    for (index, part) in message.split('"').enumerate() {
        match index % 2 {
            0 => text.push_str(part),
            _ => text.push_str("\"…\""),
        }
    }
    let line = (text + allowed).replace(['\n', '|'], " ");
    let words: Vec<_> = line.split_whitespace().collect();
    words.join(" ").chars().take(LONGEST_MESSAGE).collect::<String>().trim_end().to_owned()
}
