//! The status of an app in an environment.

use jiff::Timestamp;
use serde::Serialize;

use crate::config::EnvironmentName;
use crate::git::ObjectName;
use crate::history::Since;
use crate::promote::gates::Gate;

/// The state of every app in every environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The commit that the status is of; none for files without a commit.
    pub commit: Option<ObjectName>,
    /// The environments, from the lowest rung upwards.
    pub environments: Vec<EnvironmentName>,
    /// The apps, by name.
    pub apps: Vec<AppStatus>,
}

/// The status of an app in the environments that have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AppStatus {
    /// The app.
    pub app: String,
    /// Its cells, in the order of the environments.
    pub environments: Vec<Cell>,
}

/// The status of an app in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cell {
    /// The environment.
    pub environment: EnvironmentName,
    /// The values of its sites, in the order of the keys; none if sites disagree or
    /// cannot be read.
    pub references: Option<Vec<Reference>>,
    /// Whether its sites cannot be read, rather than disagree.
    #[serde(skip)]
    pub is_unreadable: bool,
    /// Since when it has had them; none if no history was read.
    pub since: Option<Since>,
    /// The commit that brought them.
    pub commit: Option<ObjectName>,
    /// How far it is behind the environment below; none if it is not.
    pub behind: Option<Behind>,
    /// What a promotion would change; none if nothing.
    pub next: Option<NextPromotion>,
    /// What blocks that promotion.
    pub blocked: Vec<Block>,
}

/// The value of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reference {
    /// The key's name.
    pub key: String,
    /// The whole value.
    pub reference: String,
    /// The value, as short as tells it from those of other environments.
    #[serde(skip)]
    pub brief: String,
    /// Whether another environment has a different value.
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
    /// The environment below.
    pub source: EnvironmentName,
    /// The number of states that it has had since; none if no history was read.
    pub states: Option<usize>,
    /// Whether it is known to have had the state that is here. If not, `states` counts
    /// all that were read.
    pub is_exact: bool,
    /// The time at which the first of them came.
    pub since: Option<Timestamp>,
}

/// What a promotion would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NextPromotion {
    /// The environment that it comes from.
    pub source: EnvironmentName,
    /// The changes: `frontend v4 → v5`.
    pub changes: Vec<String>,
}

/// Something that blocks a promotion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Block {
    /// What blocks it.
    pub by: Blocker,
    /// The reason, a sentence without a final full stop.
    pub reason: String,
    /// The time until which it waits; none if it does not wait, or if no time is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// What can block a promotion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Blocker {
    /// The sites: they disagree, have no partner, or are shared.
    Sites,
    /// The environments below, which differ.
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
