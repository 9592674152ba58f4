//! What a person asks for.

use super::Part;
use super::gates::Gate;
use crate::sites::StateReference;

/// A request to promote apps to an environment.
#[derive(Debug, Clone)]
pub struct Request {
    /// The environment that is entered, as the person named it.
    pub environment: String,
    /// The environment that states come from; none for those directly before the
    /// target.
    pub from: Option<String>,
    /// A state that the person named, instead of the one that `select` picks.
    pub reference: Option<StateReference>,
    /// What moves of each app.
    pub part: Part,
    /// What is permitted.
    pub permissions: Permissions,
}

/// What a person allows, and what goes into the record.
#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools)] // Each is a separate option.
pub struct Permissions {
    /// Whether a digest may be removed if there is no new one.
    pub drop_digest: bool,
    /// Whether an app may be created in an environment that does not have it.
    pub create: bool,
    /// Whether an image's repository may be changed.
    pub repository: bool,
    /// Whether a lower sequence number may be set.
    pub force: bool,
    /// The values that may go although no environment below has had them.
    pub replaces: Vec<StateReference>,
    /// The gates that are overridden.
    pub overrides: Vec<Override>,
    /// The ticket.
    pub ticket: Option<String>,
}

/// A gate that is overridden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The gate.
    pub gate: Gate,
    /// The reason.
    pub reason: String,
}
