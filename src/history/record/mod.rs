//! What a change says about itself in its commit's message.
//!
//! A message has one readable line, an empty one, and the records' lines:
//!
//! ```text
//! Promote guestbook to prod: frontend v4 → v5
//!
//! Rungs-Promote: guestbook from stage@9fceb02d0ae598e95dc970b74767f19372d61af8 to prod
//! Rungs-Reference: frontend gcr.io/google-samples/gb-frontend:v5
//! Rungs-Requested-By: ana
//! Rungs-Plan: 5d41402abc4b2a76
//! ```
//!
//! A line that names an action starts a record, and the lines after it, up to
//! the next such line, belong to it. So records survive a squash, which puts
//! several messages into one, indents them or puts `* ` before them. No line
//! between records is empty, so that git takes all of them for trailers.

mod read;
mod text;
mod write;

use serde::Serialize;

pub use read::{read, reverted};
pub use write::{RecordedChange, message};

use super::Source;
use crate::config::EnvironmentName;
use crate::sites::{AppInstance, Difference, State, differences, in_full};
use crate::source::REDACTED;

/// The most lines of one sort in a record: audit reads what was done from the
/// sites, and a message of ten thousand lines helps nobody.
const MOST_LINES: usize = 500;

/// What a line says if the person named the environment that a state came from.
const NAMED_SOURCE: &str = "source";

/// What a line says if the person named the state.
const NAMED_STATE: &str = "state";

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// References were set, as after a build.
    Set,
    /// A state was promoted.
    Promote,
    /// An earlier state was restored.
    Rollback,
    /// A hold was set.
    Hold,
    /// A hold was lifted.
    Lift,
}

impl Action {
    const ALL: [Self; 5] = [Self::Set, Self::Promote, Self::Rollback, Self::Hold, Self::Lift];

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Promote => "promote",
            Self::Rollback => "rollback",
            Self::Hold => "hold",
            Self::Lift => "lift",
        }
    }

    /// The key of the line that starts its record.
    fn key(self) -> &'static str {
        match self {
            Self::Set => "Set",
            Self::Promote => "Promote",
            Self::Rollback => "Rollback",
            Self::Hold => "Hold",
            Self::Lift => "Lift",
        }
    }
}

/// What a change to one app in one environment says about itself: claims, which
/// audit compares with what the commit did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// What was done.
    pub action: Action,
    /// The app.
    pub app: String,
    /// The environment that was changed.
    pub environment: EnvironmentName,
    /// The environment and commit that the state came from.
    pub source: Option<Source>,
    /// Whether the person named the environment that the state came from. Of several
    /// that come before the target, only that one then has to have the state.
    pub names_source: bool,
    /// Whether the person named the state, instead of leaving it to the configuration,
    /// so that a step back is intended.
    pub names_state: bool,
    /// Each changed key's new reference, as [`Record::references_of`] returns
    /// them.
    pub references: Vec<(String, String)>,
    /// The builds' numbers, by image.
    pub sequences: Vec<(String, u64)>,
    /// The commits that images were built from, by image; an empty name means
    /// all of them.
    pub source_commits: Vec<(String, String)>,
    /// The references that it replaces although no environment below had had them, as the
    /// person named them.
    pub replaces: Vec<String>,
    /// The person who asked for it.
    pub requested_by: Option<String>,
    /// Gates that were overridden, and why.
    pub overrides: Vec<RecordedOverride>,
    /// The ticket.
    pub ticket: Option<String>,
    /// The reason of a rollback or a hold.
    pub reason: Option<String>,
    /// The plan's identity.
    pub plan: Option<String>,
}

/// A gate that was overridden, by the name that the record has: which gates
/// exist is known where changes are judged, not where records are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordedOverride {
    /// The gate's name.
    pub gate: String,
    /// The reason.
    pub reason: String,
}

impl Record {
    /// The references of a change as records have them: each key that differs,
    /// with its new value, which is empty if the key goes. What looks like a
    /// secret is masked, and what is too long is cut.
    pub fn references_of(from: &State, to: &State) -> Vec<(String, String)> {
        let reference = |one: Difference<'_>| {
            let value = one.to.map(|value| text::masked(&in_full(one.key, value)));
            (one.key.name().to_owned(), value.unwrap_or_default())
        };
        differences(from, to).into_iter().map(reference).collect()
    }

    /// Whether a record's reference is what [`Record::references_of`] returns. An earlier
    /// version wrote the start of long values that now are secrets, and a start need not look
    /// like one.
    pub fn is_reference(claimed: &str, actual: &str) -> bool {
        claimed == actual || (actual == REDACTED && text::is_cut(claimed))
    }

    /// Whether the record moves an app in an environment.
    pub fn moves(&self, instance: &AppInstance) -> bool {
        !matches!(self.action, Action::Hold | Action::Lift)
            && self.app == instance.app
            && self.environment == instance.environment
    }

    /// Whether the record is about an app's change from one state to another, and names the
    /// references that it changes, no more and no less. A person who reverts by hand may write
    /// the first line of a record alone.
    pub fn fits(&self, instance: &AppInstance, from: Option<&State>, to: &State) -> bool {
        let nothing = State::default();
        let is_bare = || self.action == Action::Rollback && self.references.is_empty();
        let says = || {
            let changed = Self::references_of(from.unwrap_or(&nothing), to);
            let is_same = |(own, other): (&(String, String), &(String, String))| {
                own.0 == other.0 && Self::is_reference(&own.1, &other.1)
            };
            self.references.len() == changed.len()
                && self.references.iter().zip(&changed).all(is_same)
        };
        self.moves(instance) && (is_bare() || says())
    }

    /// Whether it says what no reader finds in the files, and what counts later: for gates,
    /// for the order of builds, or in an audit.
    pub fn tells_more(&self) -> bool {
        let is_named = self.names_source || self.names_state;
        let is_let_through = !self.replaces.is_empty() || !self.overrides.is_empty();
        let is_of_build = !self.sequences.is_empty() || !self.source_commits.is_empty();
        let is_rollback = self.action == Action::Rollback;
        is_named || is_let_through || is_of_build || is_rollback || self.ticket.is_some()
    }

    /// A record that says nothing but what was done where.
    pub fn new(action: Action, app: &str, environment: EnvironmentName) -> Self {
        Self {
            action,
            app: app.to_owned(),
            environment,
            source: None,
            names_source: false,
            names_state: false,
            references: Vec::new(),
            sequences: Vec::new(),
            source_commits: Vec::new(),
            replaces: Vec::new(),
            requested_by: None,
            overrides: Vec::new(),
            ticket: None,
            reason: None,
            plan: None,
        }
    }
}

#[cfg(test)]
mod tests;
