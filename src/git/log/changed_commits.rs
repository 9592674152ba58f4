//! Commits with their changes, as `git log` writes them.

use std::io::{self, BufRead};

use super::changes::{change, starts_change, token};
use super::path_filter::PathFilter;
use crate::git::{Commit, FileChange, GitProgram, HistoryError, ObjectName, Running, Signature};
use crate::source::RepoPath;

/// What is printed about each commit, separated by zero bytes. Names and
/// addresses are those of the commit, whatever a mail map says.
const FORMAT: &str = "--format=tformat:%H%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B";

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

const OPTIONS: [&str; 11] = [
    "--first-parent",
    // For a merge, the change against its first parent.
    "-m",
    "--raw",
    "-z",
    "--no-abbrev",
    "--no-renames",
    "--no-color",
    "--no-ext-diff",
    "--encoding=UTF-8",
    FORMAT,
    "--end-of-options",
];

/// The commits from a tip along first parents that changed something, newest
/// first.
pub(super) struct ChangedCommits {
    running: Option<Running>,
    /// The token that ended the previous commit, and starts the next one.
    ahead: Option<Vec<u8>>,
    head: Option<ChangedCommit>,
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
    pub(super) commit: Commit,
    pub(super) changes: Vec<FileChange>,
}

impl ChangedCommits {
    pub(super) fn from(
        program: &GitProgram,
        range: &CommitRange,
        specs: &[RepoPath],
    ) -> Result<Self, HistoryError> {
        let mut program =
            SETTINGS.iter().fold(program.clone(), |program, one| program.setting(one));
        if specs.is_empty() {
            program = program.buffered();
        }
        let CommitRange { newest, before } = range;
        let before = before.as_ref().map(|before| format!("^{before}"));
        let command = program.command("log").args(OPTIONS).arg(newest.as_str());
        let command = command.args(before).arg("--");
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
        Ok(self.head.take_if(|head| head.commit.id == *id))
    }

    /// Whether there are no more commits.
    pub(super) fn is_at_end(&mut self, filter: &PathFilter) -> Result<bool, HistoryError> {
        if self.head.is_none() {
            self.head = self.next(filter)?;
        }
        Ok(self.head.is_none())
    }

    fn next(&mut self, filter: &PathFilter) -> Result<Option<ChangedCommit>, HistoryError> {
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
    let commit = commit(&first, output)?;
    let mut changes = Vec::new();
    *ahead = loop {
        match token(output)? {
            Some(token) if starts_change(&token) => changes.extend(change(&token, output, filter)?),
            other => break other,
        }
    };
    Ok(Some(ChangedCommit { commit, changes }))
}

fn commit(id: &[u8], output: &mut impl BufRead) -> io::Result<Commit> {
    let mut field = || token(output)?.ok_or(io::Error::from(io::ErrorKind::UnexpectedEof));
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let id = text(id.to_vec());
    let id = ObjectName::parse(&id).ok_or(io::ErrorKind::InvalidData)?;
    let parents = text(field()?);
    let parents = parents.split_ascii_whitespace().filter_map(ObjectName::parse).collect();
    let mut signature = || -> io::Result<Signature> {
        let (name, email, seconds) = (field()?, field()?, field()?);
        Ok(Signature::new(&name, &email, &text(seconds)))
    };
    let (author, committer) = (signature()?, signature()?);
    let message = text(field()?);
    Ok(Commit { id, parents, author, committer, message })
}
