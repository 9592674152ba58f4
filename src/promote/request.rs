//! What is asked for.

use super::gates::Gate;
use crate::sites::StateReference;

/// Apps that are to enter an environment.
#[derive(Debug, Clone)]
pub struct Request {
    /// The environment that is entered, as a person named it.
    pub environment: String,
    /// The environment that states come from; none for those directly before.
    pub from: Option<String>,
    /// A state that a person names, instead of what `select` picks.
    pub reference: Option<StateReference>,
    /// How far one may go.
    pub permissions: Permissions,
}

/// What a person allows, and names for the record.
#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools)] // Each is an option of its own.
pub struct Permissions {
    /// Whether a digest may go where no new one comes along.
    pub drop_digest: bool,
    /// Whether an app may be made where it is not.
    pub create: bool,
    /// Whether another repository may be written than the site's.
    pub repository: bool,
    /// Whether a lower sequence number may be set.
    pub force: bool,
    /// Gates that are overridden.
    pub overrides: Vec<Override>,
    /// The ticket.
    pub ticket: Option<String>,
}

/// A gate that is put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// Which.
    pub gate: Gate,
    /// Why.
    pub reason: String,
}
