//! Walking back along a branch, past merges that hide it.

use std::collections::HashSet;
use std::sync::Arc;

use super::first_parents::{FirstParents, ListedCommit};
use super::pull;
use crate::git::{Commit, GitProgram, HistoryError, LocalClone, ObjectName};

/// Every commit of a branch, newest first. At a merge that hides the branch, it
/// continues along what the branch was before.
pub(super) struct BranchWalk<'h> {
    pub(super) clone: &'h Arc<LocalClone>,
    pub(super) program: GitProgram,
    branch: Option<&'h str>,
    /// Commits whose parents the clone does not have.
    shallow: HashSet<ObjectName>,
    first_parents: FirstParents,
}

impl<'h> BranchWalk<'h> {
    pub(super) fn new(
        clone: &'h Arc<LocalClone>,
        branch: Option<&'h str>,
        tip: &ObjectName,
    ) -> Result<Self, HistoryError> {
        let (program, shallow) = (clone.program(), clone.shallow());
        let first_parents = FirstParents::from(&program, tip)?;
        Ok(Self { clone, program, branch, shallow, first_parents })
    }

    /// The next commit; none after the branch's first.
    pub(super) fn next(&mut self) -> Result<Option<ListedCommit>, HistoryError> {
        self.first_parents.next()
    }

    /// Whether the clone ends with that commit, so that what it changed is not
    /// known.
    pub(super) fn is_edge(&self, id: &ObjectName) -> bool {
        self.shallow.contains(id)
    }

    /// The error at the edge of the clone.
    pub(super) fn edge(&self) -> HistoryError {
        HistoryError::Shallow { fetch: self.clone.unshallow() }
    }

    /// The commit, if it is a merge that hides the branch, and its parent that
    /// the branch was before. `known` saves reading the commit if it was read
    /// already.
    pub(super) fn hidden<'v>(
        &self,
        listed: &'v ListedCommit,
        known: Option<&Commit>,
    ) -> Result<Option<(Commit, &'v ObjectName)>, HistoryError> {
        let parents = &listed.parents;
        if parents.len() < 2 {
            return Ok(None);
        }
        let commit = match known {
            Some(commit) => commit.clone(),
            None => self.clone.objects().commit(&listed.id)?.0,
        };
        let parent = pull::branch_parent(commit.subject(), parents.len(), self.branch);
        Ok(parent.map(|parent| (commit, &parents[parent])))
    }

    /// Continues from a commit.
    pub(super) fn turn(&mut self, to: &ObjectName) -> Result<(), HistoryError> {
        self.first_parents = FirstParents::from(&self.program, to)?;
        Ok(())
    }
}

/// The names of a branch's commits.
pub(super) struct BranchCommits<'h> {
    walk: BranchWalk<'h>,
    next: BranchPosition,
}

/// What the iterator returns next.
enum BranchPosition {
    Commit,
    Edge,
    Nothing,
}

impl<'h> BranchCommits<'h> {
    pub(super) fn new(walk: BranchWalk<'h>) -> Self {
        Self { walk, next: BranchPosition::Commit }
    }

    fn name(&mut self) -> Result<Option<ObjectName>, HistoryError> {
        match std::mem::replace(&mut self.next, BranchPosition::Nothing) {
            BranchPosition::Nothing => return Ok(None),
            BranchPosition::Edge => return Err(self.walk.edge()),
            BranchPosition::Commit => {}
        }
        let Some(listed) = self.walk.next()? else { return Ok(None) };
        self.next = BranchPosition::Commit;
        if self.walk.is_edge(&listed.id) {
            self.next = BranchPosition::Edge;
        } else if let Some((_, parent)) = self.walk.hidden(&listed, None)? {
            self.walk.turn(parent)?;
        }
        Ok(Some(listed.id))
    }
}

impl Iterator for BranchCommits<'_> {
    type Item = Result<ObjectName, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        let name = self.name();
        if name.is_err() {
            self.next = BranchPosition::Nothing;
        }
        name.transpose()
    }
}
