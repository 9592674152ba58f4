//! A whole branch, commit by commit.

use std::sync::Arc;

use super::changed_commits::{ChangedCommit, ChangedCommits, CommitRange};
use super::changes::changes_between;
use super::path_filter::PathFilter;
use super::pull;
use crate::git::{BranchStep, GitProgram, HistoryError, LocalClone, ObjectName};

/// Every commit of a branch with all that it changed below the directory that holds
/// `rungs.yaml`, newest first, along the same way as [`super::Steps`]. The clone must
/// not be shallow.
pub(in crate::git) struct WholeBranch {
    clone: Arc<LocalClone>,
    branch: Option<String>,
    program: GitProgram,
    filter: PathFilter,
    /// The commit at which it may end.
    known: Option<ObjectName>,
    commits: ChangedCommits,
}

impl WholeBranch {
    /// The commits from `newest` on; none of those that `known` follows, at which it may
    /// end even if they are of another branch.
    pub(in crate::git) fn new(
        clone: &Arc<LocalClone>,
        branch: Option<&str>,
        newest: &ObjectName,
        known: Option<&ObjectName>,
    ) -> Result<Self, HistoryError> {
        let (program, filter) = (clone.program(), PathFilter::new(clone.prefix(), &[]));
        let known = known.cloned();
        let range = CommitRange { newest: newest.clone(), before: known.clone() };
        let commits = ChangedCommits::all(&program, &range, filter.specs())?;
        let branch = branch.map(str::to_owned);
        Ok(Self { clone: Arc::clone(clone), branch, program, filter, known, commits })
    }

    /// The next commit; none after the last one.
    pub(in crate::git) fn next(&mut self) -> Result<Option<BranchStep>, HistoryError> {
        let Some(found) = self.commits.next(&self.filter)? else { return Ok(None) };
        let ChangedCommit { id, parents, at, mut changes } = found;
        let branch = self.branch.as_deref();
        if let Some((_, before)) = pull::hidden_parent(&self.clone, branch, &id, &parents)? {
            let before = before.clone();
            let changes = changes_between(&self.program, &self.filter, &before, &id)?;
            let range = CommitRange { newest: before.clone(), before: self.known.clone() };
            self.commits = ChangedCommits::all(&self.program, &range, self.filter.specs())?;
            let before = Some(before);
            return Ok(Some(BranchStep { id, at, before, changes, hides_branch: true }));
        }
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        let before = parents.into_iter().next();
        Ok(Some(BranchStep { id, at, before, changes, hides_branch: false }))
    }
}
