//! The way back along a branch.

use std::collections::HashSet;
use std::sync::Arc;

use super::pull;
use super::spine::{Spine, Vertebra};
use crate::git::{Commit, HistoryError, ObjectName, Program, Repository};

/// Every commit of a branch, newest first, along what it was behind merges
/// that hide it.
pub(super) struct Way<'h> {
    pub(super) repository: &'h Arc<Repository>,
    pub(super) program: Program,
    branch: Option<&'h str>,
    /// Commits whose parents the clone does not have.
    shallow: HashSet<ObjectName>,
    spine: Spine,
}

impl<'h> Way<'h> {
    pub(super) fn new(
        repository: &'h Arc<Repository>,
        branch: Option<&'h str>,
        tip: &ObjectName,
    ) -> Result<Self, HistoryError> {
        let (program, shallow) = (repository.program(), repository.shallow());
        let spine = Spine::from(&program, tip)?;
        Ok(Self { repository, program, branch, shallow, spine })
    }

    /// The next commit; none after the branch's first.
    pub(super) fn next(&mut self) -> Result<Option<Vertebra>, HistoryError> {
        self.spine.next()
    }

    /// Whether the clone ends with that commit, so that what it changed is not
    /// known.
    pub(super) fn is_edge(&self, id: &ObjectName) -> bool {
        self.shallow.contains(id)
    }

    /// What to say at the edge.
    pub(super) fn edge(&self) -> HistoryError {
        HistoryError::Shallow { fetch: self.repository.unshallow() }
    }

    /// The parent that hides the branch, of a merge that does, and the merge.
    /// `known` saves reading it where it was read already.
    pub(super) fn hidden<'v>(
        &self,
        vertebra: &'v Vertebra,
        known: Option<&Commit>,
    ) -> Result<Option<(Commit, &'v ObjectName)>, HistoryError> {
        let parents = &vertebra.parents;
        if parents.len() < 2 {
            return Ok(None);
        }
        let commit = match known {
            Some(commit) => commit.clone(),
            None => self.repository.objects().commit(&vertebra.id)?.0,
        };
        let parent = pull::branch_parent(commit.subject(), parents.len(), self.branch);
        Ok(parent.map(|parent| (commit, &parents[parent])))
    }

    /// Goes on from there.
    pub(super) fn turn(&mut self, to: &ObjectName) -> Result<(), HistoryError> {
        self.spine = Spine::from(&self.program, to)?;
        Ok(())
    }
}

/// The names of a branch's commits.
pub(super) struct Branch<'h> {
    way: Way<'h>,
    next: Next,
}

/// What comes next.
enum Next {
    Commit,
    Edge,
    Nothing,
}

impl<'h> Branch<'h> {
    pub(super) fn new(way: Way<'h>) -> Self {
        Self { way, next: Next::Commit }
    }

    fn name(&mut self) -> Result<Option<ObjectName>, HistoryError> {
        match std::mem::replace(&mut self.next, Next::Nothing) {
            Next::Nothing => return Ok(None),
            Next::Edge => return Err(self.way.edge()),
            Next::Commit => {}
        }
        let Some(vertebra) = self.way.next()? else { return Ok(None) };
        self.next = Next::Commit;
        if self.way.is_edge(&vertebra.id) {
            self.next = Next::Edge;
        } else if let Some((_, parent)) = self.way.hidden(&vertebra, None)? {
            self.way.turn(parent)?;
        }
        Ok(Some(vertebra.id))
    }
}

impl Iterator for Branch<'_> {
    type Item = Result<ObjectName, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        let name = self.name();
        if name.is_err() {
            self.next = Next::Nothing;
        }
        name.transpose()
    }
}
