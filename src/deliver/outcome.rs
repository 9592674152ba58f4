//! Where a change goes, and what became of it.

use crate::git::{Branch, ObjectName, Revision};
use crate::promote::PlannedChange;
use crate::source::RepoPath;

/// Where a change goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryMode {
    /// Nowhere: the plan is shown.
    Show,
    /// Into the files of the work tree.
    Write,
    /// Onto the base branch.
    Commit,
    /// Onto a branch for people to merge.
    Branch,
}

/// What an intent came to.
#[derive(Debug)]
pub struct Delivered {
    /// The plan, and what kept it from being done.
    pub computed: PlannedChange,
    /// What was done.
    pub done: Done,
    /// What it was computed for; none of the work tree.
    pub base: Option<Revision>,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// Nothing: it was only to be shown, or something stands in its way.
    Shown,
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
    /// A branch with the same plan is there already.
    There {
        /// The branch.
        branch: Branch,
    },
}
