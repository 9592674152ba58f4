//! Commits with their changes, as `git log` writes them.

use std::io::{self, BufRead};

use super::UNHURRIED;
use super::changes::{begins_change, change, token};
use super::scope::Scope;
use crate::git::{Commit, FileChange, HistoryError, ObjectName, Program, Running, Signature};
use crate::source::RepoPath;

/// What is told of each commit, with a zero byte between. Addresses and names
/// are as the commit has them, whatever a mail map says.
const FORMAT: &str = "--format=tformat:%H%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B";

/// What a user's configuration could change of the output.
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
    // Of a merge, the change against its first parent.
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
pub(super) struct Stream {
    running: Option<Running>,
    /// The token that ended the commit before.
    ahead: Option<Vec<u8>>,
    head: Option<Record>,
}

/// Commits of a branch that follow each other.
pub(super) struct Stretch {
    /// The newest of them.
    pub(super) newest: ObjectName,
    /// The commit behind the oldest; none where they go back to the beginning.
    pub(super) behind: Option<ObjectName>,
}

/// A commit and what it changed of what is asked for.
pub(super) struct Record {
    pub(super) commit: Commit,
    pub(super) changes: Vec<FileChange>,
}

impl Stream {
    pub(super) fn from(
        program: &Program,
        stretch: &Stretch,
        specs: &[RepoPath],
    ) -> Result<Self, HistoryError> {
        let mut program =
            SETTINGS.iter().fold(program.clone(), |program, one| program.setting(one));
        if specs.is_empty() {
            program = program.variable(UNHURRIED.0, UNHURRIED.1);
        }
        let Stretch { newest, behind } = stretch;
        let behind = behind.as_ref().map(|behind| format!("^{behind}"));
        let command = program.command("log").args(OPTIONS).arg(newest.as_str());
        let command = command.args(behind).arg("--");
        let command = command.args(specs.iter().map(RepoPath::as_str));
        Ok(Self { running: Some(command.start()?), ahead: None, head: None })
    }

    /// The record of that commit, where it is the next; what comes later stays.
    pub(super) fn take(
        &mut self,
        id: &ObjectName,
        scope: &Scope,
    ) -> Result<Option<Record>, HistoryError> {
        if self.head.is_none() {
            self.head = self.next(scope)?;
        }
        Ok(self.head.take_if(|head| head.commit.id == *id))
    }

    /// Whether nothing comes any more.
    pub(super) fn is_at_end(&mut self, scope: &Scope) -> Result<bool, HistoryError> {
        if self.head.is_none() {
            self.head = self.next(scope)?;
        }
        Ok(self.head.is_none())
    }

    fn next(&mut self, scope: &Scope) -> Result<Option<Record>, HistoryError> {
        let Some(running) = &mut self.running else { return Ok(None) };
        match record(running.output(), &mut self.ahead, scope) {
            Ok(Some(record)) => Ok(Some(record)),
            Ok(None) => {
                let ended = self.running.take().map_or(Ok(()), Running::finish);
                Ok(ended.map(|()| None)?)
            }
            Err(error) => {
                let ended = self.running.take().map_or(Ok(()), Running::finish);
                ended?;
                Err(HistoryError::Failed(format!("`git log` was not understood: {error}")))
            }
        }
    }
}

fn record(
    output: &mut impl BufRead,
    ahead: &mut Option<Vec<u8>>,
    scope: &Scope,
) -> io::Result<Option<Record>> {
    let first = match ahead.take() {
        Some(token) => Some(token),
        None => token(output)?,
    };
    let Some(first) = first else { return Ok(None) };
    let commit = commit(&first, output)?;
    let mut changes = Vec::new();
    *ahead = loop {
        match token(output)? {
            Some(token) if begins_change(&token) => changes.extend(change(&token, output, scope)?),
            other => break other,
        }
    };
    Ok(Some(Record { commit, changes }))
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
