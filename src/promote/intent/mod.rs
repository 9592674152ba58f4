//! The changes that commands ask for, whatever the base turns out to be.

mod plan_builder;
mod hold;
mod promotion;
mod rollback;
mod set;

pub use hold::{HoldBack, LiftHolds};
pub use promotion::Promotion;
pub use rollback::Rollback;
pub use set::{SetApp, SetReferences};

use super::Plan;
use super::base::Base;
use super::gates::Binds;
use crate::diagnostic::Findings;
use crate::git::OwnBranch;
use crate::history::record::{self, Record};
use crate::source::FileChanges;
use crate::worker::Renderer;

/// A change that a command asks for. It is planned for the newest base, and again
/// if that has moved.
pub trait Intent {
    /// Plans the change at a base.
    ///
    /// # Errors
    ///
    /// The change cannot be planned, so that there is no plan to show.
    fn at(&self, base: &Base<'_>, submission: &Submission<'_>) -> Result<PlannedChange, Findings>;

    /// The apps that have to be read for it.
    fn apps(&self) -> AppSelection;

    /// The last part of its branch's name, after the prefix and the environment.
    fn branch(&self) -> String;

    /// What its branch is for, which says how the branch's name starts.
    fn own_branch(&self) -> OwnBranch {
        OwnBranch::Change
    }

    /// Whether it is for every app, whatever the base turns out to be, rather than for
    /// the references that it was first planned with.
    fn takes_all(&self) -> bool {
        false
    }
}

/// A selection of apps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppSelection {
    /// Apps by name.
    Named(Vec<String>),
    /// The apps of a train, which the configuration lists.
    Train(String),
    /// Every app. Of a promotion to an environment, every app that it has; those that
    /// gates block are left out.
    All,
}

impl AppSelection {
    /// The apps that are named.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let named = match self {
            Self::Named(names) => &names[..],
            Self::Train(_) | Self::All => &[],
        };
        named.iter().map(String::as_str)
    }
}

/// How a change is made, and who requested it.
pub struct Submission<'r> {
    /// Whether it goes straight onto the base branch, so that every gate binds and
    /// nobody can approve it.
    pub direct: bool,
    /// The person who requested it, for the record.
    pub requested_by: Option<String>,
    /// What renders.
    pub renderer: &'r dyn Renderer,
}

impl Submission<'_> {
    /// The gates that have to pass now, by when they bind.
    fn binding(&self) -> &'static [Binds] {
        if self.direct { &[Binds::Open, Binds::Merge] } else { &[Binds::Open] }
    }
}

/// A change that was planned at one base, with everything needed to carry it out.
#[derive(Debug)]
pub struct PlannedChange {
    /// The plan, which is shown.
    pub plan: Plan,
    /// The plan's identity.
    pub identity: String,
    /// The files that change; empty if there is nothing to do.
    pub files: FileChanges,
    /// The commit's message.
    pub message: String,
    /// The findings that block it.
    pub obstacles: Findings,
    /// Findings that do not block it.
    pub warnings: Findings,
}

impl PlannedChange {
    /// Whether obstacles stop it. An intent for every app goes on with the apps that
    /// are not blocked.
    pub fn is_stopped(&self, intent: &dyn Intent) -> bool {
        !self.obstacles.is_empty() && (!intent.takes_all() || self.is_nothing())
    }

    /// The commit's message, for whoever commits the files: none if nothing is lost without
    /// it.
    pub fn message_to_keep(&self) -> Option<&str> {
        let tells_more = record::read(&self.message).iter().any(Record::tells_more);
        tells_more.then_some(&self.message)
    }

    /// Whether no file changes.
    pub fn is_nothing(&self) -> bool {
        self.files.is_empty()
    }
}
