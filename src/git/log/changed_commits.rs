//! Commits with their changes, as `git log` writes them.

use std::io::{self, BufRead};

use jiff::Timestamp;

use super::changes::{change, starts_change, token};
use super::path_filter::PathFilter;
use crate::git::{FileChange, GitProgram, HistoryError, ObjectName, Running, Signature};
use crate::source::RepoPath;

/// What is printed about each commit, separated by zero bytes.
const FORMAT: &str = "--format=tformat:%H%x00%P%x00%ct";

/// Fixed values for the settings by which a user's configuration could change
/// the output.
const SETTINGS: [&str; 5] = [
    "log.showRoot=true",
    "log.follow=false",
    "log.showSignature=false",
    "log.diffMerges=separate",
    // Room for the trees of a large repository, each of which is compared twice.
    "core.deltaBaseCacheLimit=256m",
];

const OPTIONS: [&str; 10] = [
    "--first-parent",
    // For a merge, the change against its first parent.
    "-m",
    "--raw",
    "-z",
    "--no-abbrev",
    "--no-renames",
    "--no-color",
    "--no-ext-diff",
    // Another encoding would be that of every byte.
    "--encoding=UTF-8",
    FORMAT,
];

/// The commits from a tip along first parents that changed something, newest
/// first.
pub(super) struct ChangedCommits {
    running: Option<Running>,
    /// The token that ended the previous commit, and starts the next one.
    ahead: Option<Vec<u8>>,
    head: Option<ChangedCommit>,
}

/// When git writes: as soon as it has found a commit, or when its buffer is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pace {
    Each,
    Full,
}

/// Consecutive commits of a branch.
pub(super) struct CommitRange {
    /// The newest commit.
    pub(super) newest: ObjectName,
    /// The commit before the oldest; none if the range reaches back to the
    /// first commit.
    pub(super) before: Option<ObjectName>,
}

/// A commit and its changes to the wanted files.
pub(super) struct ChangedCommit {
    pub(super) id: ObjectName,
    pub(super) parents: Vec<ObjectName>,
    /// The committer's time.
    pub(super) at: Timestamp,
    pub(super) changes: Vec<FileChange>,
}

impl ChangedCommits {
    /// Those of a range that changed a file at or below one of the paths, or that
    /// changed anything if there are none.
    pub(super) fn from(
        program: &GitProgram,
        range: &CommitRange,
        specs: &[RepoPath],
    ) -> Result<Self, HistoryError> {
        let pace = if specs.is_empty() { Pace::Full } else { Pace::Each };
        Self::start(program, range, specs, &[], pace)
    }

    /// All commits of a range, with what they changed at or below these paths.
    pub(super) fn all(
        program: &GitProgram,
        range: &CommitRange,
        specs: &[RepoPath],
    ) -> Result<Self, HistoryError> {
        Self::start(program, range, specs, &["--sparse"], Pace::Full)
    }

    fn start(
        program: &GitProgram,
        range: &CommitRange,
        specs: &[RepoPath],
        options: &[&str],
        pace: Pace,
    ) -> Result<Self, HistoryError> {
        let mut program =
            SETTINGS.iter().fold(program.clone(), |program, one| program.setting(one));
        if pace == Pace::Full {
            program = program.buffered();
        }
        let CommitRange { newest, before } = range;
        let before = before.as_ref().map(|before| format!("^{before}"));
        let command = program.command("log").args(OPTIONS).args(options);
        let command = command.args(["--end-of-options", newest.as_str()]).args(before).arg("--");
        let command = command.args(specs.iter().map(RepoPath::as_str));
        Ok(Self { running: Some(command.start()?), ahead: None, head: None })
    }

    /// Returns that commit if it is the next one; a later one is kept.
    pub(super) fn take(
        &mut self,
        id: &ObjectName,
        filter: &PathFilter,
    ) -> Result<Option<ChangedCommit>, HistoryError> {
        if self.head.is_none() {
            self.head = self.next(filter)?;
        }
        Ok(self.head.take_if(|head| head.id == *id))
    }

    /// Whether there are no more commits.
    pub(super) fn is_at_end(&mut self, filter: &PathFilter) -> Result<bool, HistoryError> {
        if self.head.is_none() {
            self.head = self.next(filter)?;
        }
        Ok(self.head.is_none())
    }

    /// The next commit; none after the last one.
    pub(super) fn next(
        &mut self,
        filter: &PathFilter,
    ) -> Result<Option<ChangedCommit>, HistoryError> {
        let Some(running) = &mut self.running else { return Ok(None) };
        match changed_commit(running.output(), &mut self.ahead, filter) {
            Ok(Some(changed_commit)) => Ok(Some(changed_commit)),
            Ok(None) => {
                let ended = self.running.take().map_or(Ok(()), Running::finish);
                Ok(ended.map(|()| None)?)
            }
            Err(error) => {
                let ended = self.running.take().map_or(Ok(()), Running::finish);
                ended?;
                Err(HistoryError::Failed(format!(
                    "the output of `git log` was not understood: {error}"
                )))
            }
        }
    }
}

fn changed_commit(
    output: &mut impl BufRead,
    ahead: &mut Option<Vec<u8>>,
    filter: &PathFilter,
) -> io::Result<Option<ChangedCommit>> {
    let first = match ahead.take() {
        Some(token) => Some(token),
        None => token(output)?,
    };
    let Some(first) = first else { return Ok(None) };
    let invalid = || io::Error::from(io::ErrorKind::InvalidData);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let id = ObjectName::parse(&text(&first)).ok_or_else(invalid)?;
    let parents = text(&token(output)?.ok_or(io::ErrorKind::UnexpectedEof)?);
    let parents = parents.split_ascii_whitespace().filter_map(ObjectName::parse).collect();
    let seconds = token(output)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let at = Signature::new(b"", b"", &text(&seconds)).time;
    let mut changes = Vec::new();
    *ahead = loop {
        match token(output)? {
            Some(token) if starts_change(&token) => changes.extend(change(&token, output, filter)?),
            other => break other,
        }
    };
    Ok(Some(ChangedCommit { id, parents, at, changes }))
}
