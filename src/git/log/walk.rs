//! What changed along the way back.

use std::collections::VecDeque;

use super::changes::{change, token};
use super::filters::has_changed_paths;
use super::scope::Scope;
use super::spine::Vertebra;
use super::stream::{Record, Stream, Stretch};
use super::way::Way;
use crate::git::{FileChange, HistoryError, ObjectName, Program, Step};
use crate::source::RepoPath;

/// As many paths as are asked for one by one, where git has filters for one:
/// each costs a pass over the commits, a fifth of one that compares trees.
const MAX_STREAMS: usize = 12;

/// As many commits as are asked for at first where paths are asked for one by
/// one, and how many times as many each time after: a path that was seldom
/// touched keeps the others waiting no longer than to the end of a stretch.
const FIRST_STRETCH: usize = 1024;
const GROWTH: usize = 4;

/// A branch's steps, newest first.
pub(super) struct Walk<'h> {
    /// None when the walk is over.
    way: Option<Way<'h>>,
    scope: Scope,
    streams: Vec<Stream>,
    /// Whether each path has a stream of its own.
    is_split: bool,
    /// Of the stretch that is read, the commits that are yet to be passed.
    ahead: VecDeque<Vertebra>,
    /// Whether the last of these begins the next stretch.
    goes_on: bool,
    /// How many commits the next stretch has.
    length: usize,
}

impl<'h> Walk<'h> {
    pub(super) fn new(way: Way<'h>, scope: Scope, tip: &ObjectName) -> Result<Self, HistoryError> {
        let is_split = (2..=MAX_STREAMS).contains(&scope.specs().len())
            && has_changed_paths(&way.repository.common_directory());
        let mut walk = Self {
            way: None,
            scope,
            streams: Vec::new(),
            is_split,
            ahead: VecDeque::new(),
            goes_on: false,
            length: FIRST_STRETCH,
        };
        walk.begin(&way, tip)?;
        walk.way = Some(way);
        Ok(walk)
    }

    /// Reads from a tip on.
    fn begin(&mut self, way: &Way<'h>, tip: &ObjectName) -> Result<(), HistoryError> {
        self.ahead.clear();
        self.goes_on = false;
        self.streams.clear();
        if !self.is_split {
            let all = Stretch { newest: tip.clone(), behind: None };
            self.streams.push(Stream::from(&way.program, &all, self.scope.specs())?);
        }
        Ok(())
    }

    /// The next commit, with streams that reach it.
    fn next_commit(&mut self, way: &mut Way<'h>) -> Result<Option<Vertebra>, HistoryError> {
        if !self.is_split {
            return way.next();
        }
        if self.ahead.len() == usize::from(self.goes_on) {
            self.check_ends()?;
            while self.ahead.len() <= self.length {
                let Some(vertebra) = way.next()? else { break };
                self.ahead.push_back(vertebra);
            }
            let behind = self.ahead.get(self.length).map(|vertebra| vertebra.id.clone());
            self.goes_on = behind.is_some();
            self.length *= GROWTH;
            self.streams.clear();
            if let Some(first) = self.ahead.front() {
                let stretch = Stretch { newest: first.id.clone(), behind };
                for spec in self.scope.specs().chunks(1) {
                    self.streams.push(Stream::from(&way.program, &stretch, spec)?);
                }
            }
        }
        Ok(self.ahead.pop_front())
    }

    /// Whether every stream has told all that it had to tell.
    fn check_ends(&mut self) -> Result<(), HistoryError> {
        for stream in &mut self.streams {
            if !stream.is_at_end(&self.scope)? {
                let reason = "`git log` names commits that `git rev-list` does not";
                return Err(HistoryError::Failed(reason.to_owned()));
            }
        }
        Ok(())
    }

    /// The next step; none at the branch's beginning.
    fn step(&mut self, way: &mut Way<'h>) -> Result<Option<Step>, HistoryError> {
        while let Some(vertebra) = self.next_commit(way)? {
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
                self.begin(way, parent)?;
                return Ok(Some(Step { commit, changes, hides_branch: true }));
            }
            if let Some(Record { commit, changes }) = record
                && !changes.is_empty()
            {
                return Ok(Some(Step { commit, changes, hides_branch: false }));
            }
        }
        self.check_ends()?;
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
