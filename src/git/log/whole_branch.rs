//! A whole branch, commit by commit.

use std::sync::Arc;

use super::changed_commits::{ChangedCommit, ChangedCommits, CommitRange};
use super::path_filter::PathFilter;
use crate::git::{BranchStep, HistoryError, LocalClone, ObjectName};

/// Every commit of a branch with all that it changed below the directory that holds
/// `rungs.yaml`, newest first, along the same way as [`super::Steps`]. The clone must
/// not be shallow.
pub(in crate::git) struct WholeBranch {
    filter: PathFilter,
    commits: ChangedCommits,
}

impl WholeBranch {
    /// The commits from `newest` on; none of those that `known` follows, at which it may
    /// end even if they are of another branch.
    pub(in crate::git) fn new(
        clone: &Arc<LocalClone>,
        newest: &ObjectName,
        known: Option<&ObjectName>,
    ) -> Result<Self, HistoryError> {
        let (program, filter) = (clone.program(), PathFilter::new(clone.prefix(), &[]));
        let range = CommitRange { newest: newest.clone(), before: known.cloned() };
        let commits = ChangedCommits::all(&program, &range, filter.specs())?;
        Ok(Self { filter, commits })
    }

    /// The next commit; none after the last one.
    pub(in crate::git) fn next(&mut self) -> Result<Option<BranchStep>, HistoryError> {
        let Some(found) = self.commits.next(&self.filter)? else { return Ok(None) };
        let ChangedCommit { id, parents, at, mut changes } = found;
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        let before = parents.into_iter().next();
        Ok(Some(BranchStep { id, at, before, changes }))
    }
}
