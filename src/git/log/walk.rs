//! What changed along the way back.

use super::changes::{change, token};
use super::filters::has_changed_paths;
use super::scope::Scope;
use super::stream::{Record, Stream};
use super::way::Way;
use crate::git::{FileChange, HistoryError, ObjectName, Program, Repository, Step};
use crate::source::RepoPath;

/// As many paths as are asked for one by one, where git has filters for one:
/// each costs a pass over the commits, a third of one that compares trees.
const MAX_STREAMS: usize = 3;

/// A branch's steps, newest first.
pub(super) struct Walk<'h> {
    /// None when the walk is over.
    way: Option<Way<'h>>,
    scope: Scope,
    streams: Vec<Stream>,
}

impl<'h> Walk<'h> {
    pub(super) fn new(way: Way<'h>, scope: Scope, tip: &ObjectName) -> Result<Self, HistoryError> {
        let streams = streams(way.repository, &way.program, &scope, tip)?;
        Ok(Self { way: Some(way), scope, streams })
    }

    /// The next step; none at the branch's beginning.
    fn step(&mut self, way: &mut Way<'h>) -> Result<Option<Step>, HistoryError> {
        while let Some(vertebra) = way.next()? {
            if way.is_edge(&vertebra.id) {
                return Err(way.edge());
            }
            let record = self.record(&vertebra.id)?;
            let known = record.as_ref().map(|record| &record.commit);
            // A merge that hides the branch is a step whatever it changed: that
            // the branch went on behind it is only as certain as its message.
            if let Some((commit, parent)) = way.hidden(&vertebra, known)? {
                let changes = changes(&way.program, &self.scope, parent, &vertebra.id)?;
                way.turn(parent)?;
                self.streams = streams(way.repository, &way.program, &self.scope, parent)?;
                return Ok(Some(Step { commit, changes, hides_branch: true }));
            }
            if let Some(Record { commit, changes }) = record
                && !changes.is_empty()
            {
                return Ok(Some(Step { commit, changes, hides_branch: false }));
            }
        }
        for stream in &mut self.streams {
            if !stream.is_at_end(&self.scope)? {
                let reason = "`git log` names commits that `git rev-list` does not";
                return Err(HistoryError::Failed(reason.to_owned()));
            }
        }
        Ok(None)
    }

    /// The commit's record, where it changed something: all streams' together.
    fn record(&mut self, id: &ObjectName) -> Result<Option<Record>, HistoryError> {
        let mut all: Option<Record> = None;
        for stream in &mut self.streams {
            let Some(record) = stream.take(id, &self.scope)? else { continue };
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

fn streams(
    repository: &Repository,
    program: &Program,
    scope: &Scope,
    tip: &ObjectName,
) -> Result<Vec<Stream>, HistoryError> {
    let specs = scope.specs();
    let is_split = (2..=MAX_STREAMS).contains(&specs.len())
        && has_changed_paths(&repository.common_directory());
    if is_split {
        specs.chunks(1).map(|spec| Stream::from(program, tip, spec)).collect()
    } else {
        Ok(vec![Stream::from(program, tip, specs)?])
    }
}

/// What changed between two commits.
fn changes(
    program: &Program,
    scope: &Scope,
    before: &ObjectName,
    after: &ObjectName,
) -> Result<Vec<FileChange>, HistoryError> {
    let options = ["-r", "--raw", "-z", "--no-abbrev", "--no-renames", "--end-of-options"];
    let command = program.command("diff-tree").args(options);
    let command = command.args([before.as_str(), after.as_str(), "--"]);
    let output = command.args(scope.specs().iter().map(RepoPath::as_str)).run()?;
    let mut output = &*output;
    let mut changes = Vec::new();
    let broken = |error: std::io::Error| HistoryError::Failed(error.to_string());
    while let Some(token) = token(&mut output).map_err(broken)? {
        changes.extend(change(&token, &mut output, scope).map_err(broken)?);
    }
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(changes)
}

impl Iterator for Walk<'_> {
    type Item = Result<Step, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        // Nothing follows an error or the end, and no child stays.
        let mut way = self.way.take()?;
        let step = self.step(&mut way).transpose();
        if matches!(step, Some(Ok(_))) {
            self.way = Some(way);
        } else {
            self.streams.clear();
        }
        step
    }
}
