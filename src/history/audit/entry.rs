//! What an audit says of one change.

use jiff::Timestamp;
use serde::Serialize;

use crate::config::EnvironmentName;
use crate::git::{ObjectName, Signature};
use crate::history::{Action, RecordedOverride, Source};

/// What happened to one app in one environment by one commit of the branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// When the branch got it.
    pub at: Timestamp,
    /// Who says so.
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
    /// What was said before and is said since, by key.
    pub changes: Vec<Changed>,
    /// Whether the sites could not be read, or disagreed, before or since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<Unreadable>,
    /// What the hold says, where one was set or lifted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldNote>,
    /// Who wrote the change: the author of the commit that has the record, where
    /// a merge brought it.
    pub author: Signature,
    /// Who put it on the branch.
    pub committer: Signature,
    /// What the change says of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<Claim>,
}

/// Whose clock a time is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockSource {
    /// The committer's, who can choose the time.
    Committer,
}

/// What was done, as the record says; where there is none, what can be seen.
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
    /// A state was let in again.
    Lift,
    /// The app's first sites came there.
    Added,
    /// The app's last sites went.
    Removed,
    /// Something else changed what the sites say.
    Change,
}

impl ChangeKind {
    /// Its name.
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
    /// Since the commit.
    After,
}

/// What a hold says besides the state that it holds back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HoldNote {
    /// Why.
    pub reason: String,
    /// Who said so.
    pub by: String,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
}

/// What one key says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Changed {
    /// The key's name.
    pub key: String,
    /// What it said; none where it was not there.
    pub from: Option<String>,
    /// What it says; none where it is there no more.
    pub to: Option<String>,
    /// Both in few characters: `v4 → v5`.
    #[serde(skip)]
    pub brief: String,
}

/// What a change says of itself, and whether that is so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// Whether everything that the repository can show is as the record says:
    /// what the sites say since, and that the source said the same at the
    /// commit that it names. Who asked, why, and with which ticket, nothing in
    /// a repository can show.
    pub verified: bool,
    /// Why it is not verified, in sentences without a final full stop.
    pub doubts: Vec<String>,
    /// Where the state came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Who asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    /// Gates that were overridden, and why.
    pub overrides: Vec<RecordedOverride>,
    /// The ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Why it was done.
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
