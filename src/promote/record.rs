//! What a change says of itself in its commit's message.

use serde::Serialize;

use super::gates::Gate;
use crate::config::EnvironmentName;
use crate::git::ObjectName;

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

/// What a change to one app in one environment says of itself: claims, which
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
    pub source: Option<(EnvironmentName, Option<ObjectName>)>,
    /// Each key's new reference, as people write it.
    pub references: Vec<(String, String)>,
    /// The builds' numbers, by image.
    pub sequences: Vec<(String, u64)>,
    /// The commits that images were built from, by image; none names all.
    pub source_commits: Vec<(String, String)>,
    /// Who asked for it.
    pub requested_by: Option<String>,
    /// Gates that were overridden, and why.
    pub overrides: Vec<Override>,
    /// The ticket.
    pub ticket: Option<String>,
    /// Why, where one has to say so: of a rollback or a hold.
    pub reason: Option<String>,
    /// The plan's identity.
    pub plan: Option<String>,
}

/// A gate that was overridden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Override {
    /// Which.
    pub gate: Gate,
    /// Why.
    pub reason: String,
}
