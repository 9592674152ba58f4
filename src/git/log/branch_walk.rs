//! Walking back along a branch.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::first_parents::{FirstParents, ListedCommit};
use crate::git::{BranchPositions, GitProgram, HistoryError, LocalClone, ObjectName};

/// Every commit of a branch, newest first.
pub(super) struct BranchWalk<'h> {
    pub(super) clone: &'h Arc<LocalClone>,
    pub(super) program: GitProgram,
    /// Commits whose parents the clone does not have.
    shallow: HashSet<ObjectName>,
    first_parents: FirstParents,
}

impl<'h> BranchWalk<'h> {
    pub(super) fn new(clone: &'h Arc<LocalClone>, tip: &ObjectName) -> Result<Self, HistoryError> {
        let (program, shallow) = (clone.program(), clone.shallow());
        let first_parents = FirstParents::from(&program, tip)?;
        Ok(Self { clone, program, shallow, first_parents })
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
}

/// The positions of a branch's commits, found by walking back.
pub(super) struct WalkedPositions<'h> {
    /// None when the walk is over.
    walk: Option<BranchWalk<'h>>,
    known: HashMap<ObjectName, usize>,
}

impl<'h> WalkedPositions<'h> {
    pub(super) fn new(walk: BranchWalk<'h>) -> Self {
        Self { walk: Some(walk), known: HashMap::new() }
    }

    /// Goes one commit back; false after the last one.
    fn advance(&mut self) -> Result<bool, HistoryError> {
        let Some(mut walk) = self.walk.take() else { return Ok(false) };
        let Some(listed) = walk.next()? else { return Ok(false) };
        if !walk.is_edge(&listed.id) {
            self.walk = Some(walk);
        }
        self.known.insert(listed.id, self.known.len());
        Ok(true)
    }
}

impl BranchPositions for WalkedPositions<'_> {
    fn position(&mut self, id: &ObjectName, end: usize) -> Result<Option<usize>, HistoryError> {
        loop {
            if let Some(at) = self.known.get(id) {
                return Ok((*at < end).then_some(*at));
            }
            if self.known.len() >= end || !self.advance()? {
                return Ok(None);
            }
        }
    }
}
