//! What a command means to do, whatever the base turns out to be.

mod plan_builder;
mod hold;
mod promotion;
mod rollback;
mod set;

pub use hold::{HoldBack, LiftHolds};
pub use promotion::{AppSelection, Promotion};
pub use rollback::Rollback;
pub use set::{SetApp, SetReferences};

use std::collections::BTreeSet;

use super::Plan;
use super::base::Base;
use super::gates::Binds;
use crate::config::Repository;
use crate::diagnostic::Findings;
use crate::source::FileChanges;

/// A change as it was meant. It is computed for the newest base, and again
/// where that has moved.
pub trait Intent {
    /// What it comes to at that base.
    ///
    /// # Errors
    ///
    /// It cannot be computed: there is no plan to show.
    fn at(&self, base: &Base<'_>, how: &How) -> Result<Computed, Findings>;

    /// The apps that have to be read for it, where that is known without the
    /// configuration.
    fn apps(&self) -> Option<BTreeSet<String>>;

    /// The apps that have to be read for it, by the configuration; none for
    /// every app.
    fn apps_of(&self, _: &Repository) -> Result<Option<BTreeSet<String>>, Findings> {
        Ok(None)
    }

    /// The name behind `<prefix>/<environment>/` of a branch for it.
    fn branch(&self) -> String;

    /// What the names of its branches begin with.
    fn prefix(&self) -> &'static str {
        "rungs"
    }

    /// Whether it is whatever the base comes to, rather than the references
    /// that it first came to.
    fn takes_all(&self) -> bool {
        false
    }
}

/// How a change will reach the base branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct How {
    /// Whether it goes straight there, so that every gate binds and nobody can
    /// approve it any more.
    pub direct: bool,
    /// Who asked for it, for the record.
    pub requested_by: Option<String>,
}

impl How {
    /// The gates that have to let it through.
    fn bind(&self) -> &'static [Binds] {
        if self.direct { &[Binds::Open, Binds::Merge] } else { &[Binds::Open] }
    }
}

/// What an intent comes to at one base.
#[derive(Debug)]
pub struct Computed {
    /// The plan, to be shown.
    pub plan: Plan,
    /// The identity of what it changes.
    pub identity: String,
    /// The files that change; empty where there is nothing to do.
    pub files: FileChanges,
    /// The commit's message.
    pub message: String,
    /// What keeps it from being done.
    pub obstacles: Findings,
    /// What was noticed and stops nobody.
    pub warnings: Findings,
}

impl Computed {
    /// Whether something stands in its way. Of every app, those that nothing
    /// keeps out go on without the others.
    pub fn is_stopped(&self, intent: &dyn Intent) -> bool {
        !self.obstacles.is_empty() && (!intent.takes_all() || self.is_nothing())
    }

    /// Whether nothing changes.
    pub fn is_nothing(&self) -> bool {
        self.files.is_empty()
    }
}
