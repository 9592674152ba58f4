//! Where a change goes, and what became of it.

use crate::git::{Branch, ObjectName, Revision};
use crate::promote::PlannedChange;
use crate::source::RepoPath;

/// Where a change goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryMode {
    /// Nowhere: the plan is shown.
    Show,
    /// Nowhere: what `Commit` would do is shown.
    ShowCommit,
    /// Nowhere: what `Write` would do is shown.
    ShowWrite,
    /// Into the files of the work tree.
    Write,
    /// Onto the base branch.
    Commit,
    /// Onto a branch for people to merge.
    Branch,
}

impl DeliveryMode {
    /// Whether nothing is changed in any case.
    pub fn only_shows(self) -> bool {
        matches!(self, Self::Show | Self::ShowCommit | Self::ShowWrite)
    }
}

/// The result of carrying an intent out.
#[derive(Debug)]
pub struct Delivered {
    /// The plan, and what is in its way.
    pub planned: PlannedChange,
    /// What was done.
    pub done: Done,
    /// The base that it was planned for; none for the work tree.
    pub base: Option<Revision>,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// Nothing: the plan was only to be shown.
    Shown,
    /// Nothing: obstacles stop the plan, wherever it was to go.
    Stopped,
    /// Nothing: everything is as it should be.
    Nothing,
    /// These files were changed in the work tree.
    Written(Vec<RepoPath>),
    /// The base branch has a new commit.
    Committed {
        /// The commit.
        commit: ObjectName,
        /// The branch.
        branch: Branch,
    },
    /// A branch for it was pushed.
    Pushed {
        /// Its tip.
        commit: ObjectName,
        /// The branch.
        branch: Branch,
    },
    /// Nothing: the branch has the same plan already.
    UpToDate {
        /// The branch.
        branch: Branch,
    },
}
