//! What a change is computed for.

use jiff::Timestamp;

use crate::config::Repository;
use crate::git::ObjectName;
use crate::history::BranchHistory;
use crate::sites::Model;
use crate::source::Tree;

/// One commit, or the work tree, with what is known of it.
pub struct Base<'a> {
    /// The commit; none for the work tree.
    pub commit: Option<ObjectName>,
    /// Its files.
    pub tree: &'a Tree,
    /// Its configuration.
    pub repository: &'a Repository,
    /// Its sites.
    pub model: &'a Model,
    /// What was before.
    pub history: &'a BranchHistory<'a>,
    /// The clock.
    pub now: Timestamp,
}
