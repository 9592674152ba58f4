//! Files of holds: `.rungs/holds/<environment>/<app>.yaml`.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::decode::{Decode, List, Map, Syntax, record};
use super::reader::ConfigReader;
use super::sourced::Sourced;
use super::syntax::{Moment, Name, Text};
use crate::diagnostic::{Finding, Findings};
use crate::source::{Location, RepoPath, SourceFile, Tree};

record! {
    /// An entry of `.rungs/holds/<environment>/<app>.yaml`, which is a list: a
    /// state that must not enter this environment, or those above it, until the
    /// hold is lifted. A `/` in an environment's name is a `.` in the path.
    struct HoldEntryFile("a hold") {
        /// The state that is held back, by the app's keys: for an image its tag
        /// and digest as they are written after the repository (`v4@sha256:…`),
        /// or one of the two. A state is held back if all listed values match.
        required state: Map<Name, Text> = "state",
        /// The reason, for whoever is stopped by it.
        required reason: Text = "reason",
        /// The person who holds it back.
        required by: Name = "by",
        /// The start of the hold: a day, or a time with its zone.
        optional since: Moment = "since",
        /// The last day of the hold (in UTC), or the time at which it ends.
        /// Default: it ends when it is lifted.
        optional until: Moment = "until",
    }
}

/// An entry of a file of holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldEntry {
    /// The state that is held back, by the names of keys.
    pub state: Sourced<BTreeMap<String, String>>,
    /// The reason.
    pub reason: String,
    /// The person who holds it back.
    pub by: String,
    /// The start of the hold.
    pub since: Option<Timestamp>,
    /// The end of the hold.
    pub until: Option<Timestamp>,
    /// The place of the entry.
    pub location: Location,
}

/// A file of holds.
#[derive(Debug, Clone)]
pub struct HoldFile {
    /// The file.
    pub file: Arc<SourceFile>,
    /// Its entries.
    pub entries: Vec<HoldEntry>,
}

/// Reads a file of holds; none if there is no such file.
///
/// # Errors
///
/// Every problem of the file.
pub fn hold_file(tree: &Tree, path: &RepoPath) -> Result<Option<HoldFile>, Findings> {
    let read = tree.read_if_present(path);
    let Some(file) = read.map_err(|error| Finding::of_read_error(&error, None))? else {
        return Ok(None);
    };
    let mut reader = ConfigReader::new(tree);
    let value = reader.parse(&file);
    let ConfigReader { mut findings, .. } = reader;
    let raw = match &value {
        Some(value) if !value.root().is_null() => List::decode(value.root(), &mut findings),
        _ => None,
    };
    let entries = raw.iter().flatten().map(entry).collect();
    match value {
        Some(_) if !findings.has_errors() => Ok(Some(HoldFile { file, entries })),
        _ => Err(findings),
    }
}

fn entry(raw: &Sourced<HoldEntryFile>) -> HoldEntry {
    let HoldEntryFile { state, reason, by, since, until } = &raw.value;
    let texts = state.value.0.iter();
    HoldEntry {
        state: Sourced {
            value: texts.map(|(key, text)| (key.value.0.clone(), text.value.0.clone())).collect(),
            location: state.location.clone(),
        },
        reason: reason.value.0.clone(),
        by: by.value.0.clone(),
        since: since.as_ref().map(|since| since.value.begin()),
        until: until.as_ref().map(|until| until.value.end()),
        location: raw.location.clone(),
    }
}

/// The end of a hold, as people write it: a day in UTC, which ends at midnight, or
/// a time with its zone.
///
/// # Errors
///
/// The text is not a day or a time.
pub fn parse_until(text: &str) -> Result<Timestamp, String> {
    Moment::parse(text).map(Moment::end).map_err(|flaw| {
        let help = flaw.help.map(|help| format!("; {help}")).unwrap_or_default();
        format!("{}{help}", flaw.because)
    })
}
