//! What changed along a branch, commit by commit.

use std::collections::VecDeque;

use super::branch_walk::BranchWalk;
use super::changed_commits::{ChangedCommit, ChangedCommits, CommitRange};
use super::changed_path_filters::has_changed_paths;
use super::first_parents::ListedCommit;
use super::path_filter::PathFilter;
use crate::git::{BranchStep, HistoryError, ObjectName};

/// The most paths that are read one by one, if git has filters for single
/// paths: each costs a pass over the commits, a fifth of one that compares
/// trees.
const MAX_STREAMS: usize = 12;

/// The length of the first range of commits if paths are read one by one, and
/// the factor by which each next range is longer: a path that seldom changed
/// keeps the others waiting only until the end of a range.
const FIRST_RANGE: usize = 1024;
const GROWTH: usize = 4;

/// A branch's steps, newest first.
pub(in crate::git) struct Steps<'h> {
    /// None when the walk is over.
    walk: Option<BranchWalk<'h>>,
    filter: PathFilter,
    streams: Vec<ChangedCommits>,
    /// Whether each path has a stream of its own.
    is_split: bool,
    /// The commits of the current range that are still to come.
    ahead: VecDeque<ListedCommit>,
    /// Whether the last of these starts the next range.
    has_next_range: bool,
    /// The number of commits in the next range.
    length: usize,
    /// The number of commits that were looked at.
    looked_at: usize,
}

impl<'h> Steps<'h> {
    pub(super) fn new(
        walk: BranchWalk<'h>,
        filter: PathFilter,
        tip: &ObjectName,
    ) -> Result<Self, HistoryError> {
        let is_split = (2..=MAX_STREAMS).contains(&filter.specs().len())
            && has_changed_paths(&walk.clone.common_directory());
        let mut streams = Vec::new();
        if !is_split {
            let all = CommitRange { newest: tip.clone(), before: None };
            streams.push(ChangedCommits::from(&walk.program, &all, filter.specs())?);
        }
        Ok(Self {
            walk: Some(walk),
            filter,
            streams,
            is_split,
            ahead: VecDeque::new(),
            has_next_range: false,
            length: FIRST_RANGE,
            looked_at: 0,
        })
    }

    /// The number of commits that were looked at so far.
    pub(in crate::git) fn looked_at(&self) -> usize {
        self.looked_at
    }

    /// The next commit, with streams that reach it.
    fn next_commit(
        &mut self,
        walk: &mut BranchWalk<'h>,
    ) -> Result<Option<ListedCommit>, HistoryError> {
        if !self.is_split {
            return walk.next();
        }
        if self.ahead.len() == usize::from(self.has_next_range) {
            self.check_ends()?;
            while self.ahead.len() <= self.length {
                let Some(listed) = walk.next()? else { break };
                self.ahead.push_back(listed);
            }
            let before = self.ahead.get(self.length).map(|listed| listed.id.clone());
            self.has_next_range = before.is_some();
            self.length *= GROWTH;
            self.streams.clear();
            if let Some(first) = self.ahead.front() {
                let range = CommitRange { newest: first.id.clone(), before };
                for spec in self.filter.specs().chunks(1) {
                    self.streams.push(ChangedCommits::from(&walk.program, &range, spec)?);
                }
            }
        }
        Ok(self.ahead.pop_front())
    }

    /// Checks that every stream is at its end.
    fn check_ends(&mut self) -> Result<(), HistoryError> {
        for stream in &mut self.streams {
            if !stream.is_at_end(&self.filter)? {
                let reason = "`git log` names commits that `git rev-list` does not";
                return Err(HistoryError::Failed(reason.to_owned()));
            }
        }
        Ok(())
    }

    /// The next step; none after the branch's first commit.
    fn step(&mut self, walk: &mut BranchWalk<'h>) -> Result<Option<BranchStep>, HistoryError> {
        while let Some(listed) = self.next_commit(walk)? {
            self.looked_at += 1;
            if walk.is_edge(&listed.id) {
                return Err(walk.edge());
            }
            let found = self.changed(&listed.id)?;
            if let Some(ChangedCommit { id, at, changes, .. }) = found
                && !changes.is_empty()
            {
                let before = listed.parents.into_iter().next();
                return Ok(Some(BranchStep { id, at, before, changes }));
            }
        }
        self.check_ends()?;
        Ok(None)
    }

    /// What the commit changed, from all streams together; none if it changed
    /// nothing.
    fn changed(&mut self, id: &ObjectName) -> Result<Option<ChangedCommit>, HistoryError> {
        let mut all: Option<ChangedCommit> = None;
        for stream in &mut self.streams {
            let Some(changed) = stream.take(id, &self.filter)? else { continue };
            match &mut all {
                Some(all) => all.changes.extend(changed.changes),
                None => all = Some(changed),
            }
        }
        if let Some(all) = &mut all {
            all.changes.sort_by(|a, b| a.path.cmp(&b.path));
        }
        Ok(all)
    }
}

impl Iterator for Steps<'_> {
    type Item = Result<BranchStep, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        // Nothing follows an error or the end, and no child process is left.
        let mut walk = self.walk.take()?;
        let step = self.step(&mut walk).transpose();
        if matches!(step, Some(Ok(_))) {
            self.walk = Some(walk);
        } else {
            self.streams.clear();
        }
        step
    }
}
