//! What a status says of an app in an environment.

use jiff::Timestamp;
use serde::Serialize;

use crate::config::EnvironmentName;
use crate::git::ObjectName;
use crate::history::Since;
use crate::promote::gates::Gate;

/// What every app says where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The commit that was looked at; none where files without a commit were.
    pub commit: Option<ObjectName>,
    /// The environments, from the lowest rung upwards.
    pub environments: Vec<EnvironmentName>,
    /// By name.
    pub apps: Vec<AppStatus>,
}

/// What an app says in the environments that have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AppStatus {
    /// The app.
    pub app: String,
    /// In the order of environments.
    pub environments: Vec<Cell>,
}

/// What an app says in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cell {
    /// The environment.
    pub environment: EnvironmentName,
    /// What the sites say, in the keys' order; none where they disagree or
    /// cannot be read.
    pub references: Option<Vec<Reference>>,
    /// Since when; none where no history was looked at.
    pub since: Option<Since>,
    /// The commit that brought it there.
    pub commit: Option<ObjectName>,
    /// How far it is behind the environment below; none where it is not.
    pub behind: Option<Behind>,
    /// What a promotion would change; none where it would change nothing.
    pub next: Option<NextPromotion>,
    /// What stands in the way of that.
    pub blocked: Vec<Block>,
}

/// What a key says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reference {
    /// The key's name.
    pub key: String,
    /// All of it.
    pub reference: String,
    /// In as few characters as tell it from what other environments say.
    #[serde(skip)]
    pub brief: String,
    /// Whether another environment says something else.
    #[serde(skip)]
    pub differs: bool,
    /// Whether it is a promoted value.
    #[serde(skip)]
    pub is_value: bool,
}

/// How far an environment is behind the one below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Behind {
    /// The one below.
    pub source: EnvironmentName,
    /// How many states that one has had since; none where no history was
    /// looked at.
    pub states: Option<usize>,
    /// Whether it has been seen to have had what stands here: where not,
    /// `states` are all that were looked at.
    pub is_exact: bool,
    /// When the first of them came.
    pub since: Option<Timestamp>,
}

/// What a promotion would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NextPromotion {
    /// Where it comes from.
    pub source: EnvironmentName,
    /// What changes: `frontend v4 → v5`.
    pub changes: Vec<String>,
}

/// What stands in the way of a promotion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Block {
    /// What it is.
    pub by: Blocker,
    /// Why, in a sentence without a final full stop.
    pub reason: String,
    /// Until when it waits; none where it does not, or no time is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// What can stand in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Blocker {
    /// What the sites are: they disagree, have no partner, or are shared.
    Sites,
    /// The environments below do not say the same.
    Sources,
    /// A gate that fails.
    Fails(Gate),
    /// A gate that waits.
    Waits(Gate),
}

impl Cell {
    /// Whether a promotion would change something.
    pub fn is_behind(&self) -> bool {
        self.next.is_some()
    }
}
