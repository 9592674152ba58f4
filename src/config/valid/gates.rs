//! Conditions for entering an environment.

use crate::config::Sourced;
use crate::config::raw::{CheckSubject, DigestGate, Side, Trust};
use crate::config::syntax::{Date, Duration, Glob, OpeningHours, Pattern, ValueRoute};
use crate::yaml::Value;

/// The gates of an environment, or of one app in it. What is none or empty asks
/// for nothing.
#[derive(Debug, Clone, Default)]
pub struct Gates {
    /// How long a state has to stand in the environment before.
    pub soak: Option<Sourced<Soak>>,
    /// When one may enter.
    pub window: Option<Sourced<Window>>,
    /// Who has to approve.
    pub approvals: Option<Sourced<Approvals>>,
    /// Checks that have to pass.
    pub checks: Vec<Sourced<Check>>,
    /// What every tag looks like.
    pub tag: Option<Sourced<Pattern>>,
    /// Patterns of repositories of which each image matches one; none where
    /// every image is allowed.
    pub image: Option<Sourced<Vec<Sourced<Glob>>>>,
    /// Whether each image needs a digest.
    pub digest: Option<Sourced<DigestGate>>,
    /// Values that have to be as stated.
    pub field: Vec<Sourced<Field>>,
    /// What the ticket that a promotion names looks like.
    pub ticket: Option<Sourced<Pattern>>,
}

/// How long a state has to stand in the environment before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Soak {
    /// Without a break.
    pub time: Duration,
    /// Whose clock counts.
    pub trust: Trust,
}

/// When one may enter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// In any of these hours; always where there are none.
    pub allow: Vec<Sourced<OpeningHours>>,
    /// Not on these days, whatever `allow` says.
    pub freeze: Vec<Sourced<Freeze>>,
}

/// Days on which nothing enters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// The first.
    pub from: Date,
    /// The last.
    pub until: Date,
    /// Why.
    pub reason: Option<String>,
}

/// Who has to approve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approvals {
    /// How many people, at least one.
    pub count: u32,
    /// Members of which teams count; of any where there are none.
    pub teams: Vec<String>,
}

/// A check that has to pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Its name on the forge.
    pub name: String,
    /// Which commit it is read from.
    pub of: CheckSubject,
}

/// A value that has to be as stated.
#[derive(Debug, Clone)]
pub struct Field {
    /// In which environment.
    pub side: Side,
    /// The route to it.
    pub path: ValueRoute,
    /// A boolean, number or text.
    pub equals: Value,
}
