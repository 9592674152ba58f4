//! Going back along a branch.

use std::collections::HashSet;
use std::sync::Arc;

use super::changes::{change, token};
use super::filters::has_changed_paths;
use super::pull;
use super::scope::Scope;
use super::spine::{Spine, Vertebra};
use super::stream::{Record, Stream};
use crate::git::{FileChange, HistoryError, ObjectName, Program, Repository, Step};

/// As many paths as are asked for one by one, where git has filters for one:
/// each costs a pass over the commits, a third of one that compares trees.
const MAX_STREAMS: usize = 3;

/// A branch's steps, newest first.
pub(super) struct Walk<'h> {
    repository: &'h Arc<Repository>,
    branch: Option<&'h str>,
    program: Program,
    scope: Scope,
    shallow: HashSet<ObjectName>,
    /// None when the walk is over.
    at: Option<Place>,
}

/// Where the walk is.
struct Place {
    spine: Spine,
    streams: Vec<Stream>,
}

impl<'h> Walk<'h> {
    pub(super) fn new(
        repository: &'h Arc<Repository>,
        branch: Option<&'h str>,
        scope: Scope,
        tip: &ObjectName,
    ) -> Result<Self, HistoryError> {
        let (program, shallow) = (repository.program(), repository.shallow());
        let mut walk = Self { repository, branch, program, scope, shallow, at: None };
        walk.at = Some(walk.place(tip)?);
        Ok(walk)
    }

    fn place(&self, tip: &ObjectName) -> Result<Place, HistoryError> {
        let specs = self.scope.specs();
        let is_split = (2..=MAX_STREAMS).contains(&specs.len())
            && has_changed_paths(&self.repository.common_directory());
        let each = if is_split { 1 } else { specs.len().max(1) };
        let mut streams = Vec::new();
        for specs in specs.chunks(each) {
            streams.push(Stream::from(&self.program, tip, specs)?);
        }
        if specs.is_empty() {
            streams.push(Stream::from(&self.program, tip, &[])?);
        }
        Ok(Place { spine: Spine::from(&self.program, tip)?, streams })
    }

    /// The next step; none at the branch's beginning.
    fn step(&mut self) -> Result<Option<Step>, HistoryError> {
        while let Some(at) = &mut self.at {
            let Some(vertebra) = at.spine.next()? else { return Ok(None) };
            if self.shallow.contains(&vertebra.id) {
                let fetch = self.repository.unshallow();
                return Err(HistoryError::Shallow { fetch });
            }
            let record = at.record(&vertebra.id, &self.scope)?;
            if let Some(step) = self.hiding(&vertebra, record.as_ref())? {
                return Ok(Some(step));
            }
            if let Some(Record { commit, changes }) = record
                && !changes.is_empty()
            {
                return Ok(Some(Step { commit, changes, hides_branch: false }));
            }
        }
        Ok(None)
    }

    /// A merge that hides the branch behind another parent, along which the
    /// walk goes on. It is a step whatever it changed: what was there before
    /// it is only as certain as that it was a pull.
    fn hiding(
        &mut self,
        vertebra: &Vertebra,
        record: Option<&Record>,
    ) -> Result<Option<Step>, HistoryError> {
        if vertebra.parents.len() < 2 {
            return Ok(None);
        }
        let commit = match record {
            Some(record) => record.commit.clone(),
            None => self.repository.objects().commit(&vertebra.id)?.0,
        };
        let parents = vertebra.parents.len();
        let Some(parent) = pull::branch_parent(commit.subject(), parents, self.branch) else {
            return Ok(None);
        };
        let parent = &vertebra.parents[parent];
        let changes = self.changes(parent, &vertebra.id)?;
        self.at = Some(self.place(parent)?);
        Ok(Some(Step { commit, changes, hides_branch: true }))
    }

    fn changes(
        &self,
        before: &ObjectName,
        after: &ObjectName,
    ) -> Result<Vec<FileChange>, HistoryError> {
        let options = ["-r", "--raw", "-z", "--no-abbrev", "--no-renames", "--end-of-options"];
        let command = self.program.command("diff-tree").args(options);
        let command = command.args([before.as_str(), after.as_str(), "--"]);
        let output = command.args(self.scope.specs().iter().map(|path| path.as_str())).run()?;
        let mut output = &*output;
        let mut changes = Vec::new();
        let broken = |error: std::io::Error| HistoryError::Failed(error.to_string());
        while let Some(token) = token(&mut output).map_err(broken)? {
            changes.extend(change(&token, &mut output, &self.scope).map_err(broken)?);
        }
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(changes)
    }
}

impl Place {
    /// The commit's record, where it changed something: all streams' together.
    fn record(&mut self, id: &ObjectName, scope: &Scope) -> Result<Option<Record>, HistoryError> {
        let mut all: Option<Record> = None;
        for stream in &mut self.streams {
            let Some(record) = stream.take(id, scope)? else { continue };
            match &mut all {
                Some(all) => all.changes.extend(record.changes),
                None => all = Some(record),
            }
        }
        if let Some(all) = &mut all {
            all.changes.sort_by(|a, b| a.path.cmp(&b.path));
        }
        Ok(all)
    }
}

impl Iterator for Walk<'_> {
    type Item = Result<Step, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step().transpose();
        if !matches!(step, Some(Ok(_))) {
            // Nothing follows an error or the end, and no child stays.
            self.at = None;
        }
        step
    }
}
