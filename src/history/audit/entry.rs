//! What an audit says about one change.

use jiff::Timestamp;
use serde::Serialize;

use crate::config::EnvironmentName;
use crate::git::{ObjectName, Signature};
use crate::history::{Action, RecordedOverride, Source};
use crate::sites::{State, differences, in_full};

/// What one commit of the branch did to one app in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// When the branch got it.
    pub at: Timestamp,
    /// Whose clock that is.
    pub clock: ClockSource,
    /// The branch's commit.
    pub commit: ObjectName,
    /// The first line of its message.
    pub subject: String,
    /// The environment.
    pub environment: EnvironmentName,
    /// The app.
    pub app: String,
    /// What was done.
    pub action: ChangeKind,
    /// What the sites said before and say after, by key.
    pub changes: Vec<Changed>,
    /// When the sites could not be read, or disagreed; none if they could.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<Unreadable>,
    /// What the hold says, if one was set or lifted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldNote>,
    /// The author of the change: of the commit that has the record, if a merge
    /// brought it.
    pub author: Signature,
    /// The person who put it on the branch.
    pub committer: Signature,
    /// What the change says about itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<Claim>,
}

/// Whose clock a time is by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockSource {
    /// The committer's, who can choose the time.
    Committer,
}

/// What was done, according to the record; without a record, what can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// References were set, as after a build.
    Set,
    /// A state was promoted.
    Promote,
    /// An earlier state was restored.
    Rollback,
    /// A state was held back.
    Hold,
    /// A state was allowed in again.
    Lift,
    /// The app got its first sites there.
    Added,
    /// The app lost its last sites there.
    Removed,
    /// Something else changed what the sites say.
    Change,
}

impl ChangeKind {
    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Promote => "promote",
            Self::Rollback => "rollback",
            Self::Hold => "hold",
            Self::Lift => "lift",
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Change => "change",
        }
    }
}

impl From<Action> for ChangeKind {
    fn from(action: Action) -> Self {
        match action {
            Action::Set => Self::Set,
            Action::Promote => Self::Promote,
            Action::Rollback => Self::Rollback,
            Action::Hold => Self::Hold,
            Action::Lift => Self::Lift,
        }
    }
}

/// When sites could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unreadable {
    /// Before the commit, which mended them.
    Before,
    /// After the commit.
    After,
}

/// What a hold says besides the state that it holds back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HoldNote {
    /// The reason.
    pub reason: String,
    /// The person who set it.
    pub by: String,
    /// The time at which it ends by itself.
    pub until: Option<Timestamp>,
}

/// What one key said before and says after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Changed {
    /// The key's name.
    pub key: String,
    /// The old value; none if the key was not there.
    pub from: Option<String>,
    /// The new value; none if the key is gone.
    pub to: Option<String>,
    /// Both values in few characters: `v4 → v5`.
    #[serde(skip)]
    pub brief: String,
}

impl Changed {
    /// Each key that differs between two states.
    pub fn between(before: &State, after: &State) -> Vec<Self> {
        let changed = differences(before, after).into_iter().map(|one| Self {
            key: one.key.name().to_owned(),
            from: one.from.map(|value| in_full(one.key, value)),
            to: one.to.map(|value| in_full(one.key, value)),
            brief: one.brief(),
        });
        changed.collect()
    }
}

/// What a change says about itself, and whether that is true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// Whether everything that the repository can show is as the record says:
    /// what the sites say after the change, and that the source said the same
    /// at the commit that the record names. Nothing in a repository can show
    /// who asked, why, and with which ticket.
    pub verified: bool,
    /// Why it is not verified, in sentences without a final full stop.
    pub doubts: Vec<String>,
    /// Where the state came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The person who asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    /// Gates that were overridden, and why.
    pub overrides: Vec<RecordedOverride>,
    /// The references that it replaced although no environment below had had them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<String>,
    /// The ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// The reason for the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The builds' numbers.
    pub sequences: Vec<Sequence>,
    /// The commits that images were built from.
    pub source_commits: Vec<SourceCommit>,
    /// The plan's identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
}

/// A build's number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sequence {
    /// The image's key.
    pub key: String,
    /// The number.
    pub number: u64,
}

/// The commit that an image was built from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceCommit {
    /// The image's key; empty for all of them.
    pub key: String,
    /// The commit, as it was given.
    pub commit: String,
}
