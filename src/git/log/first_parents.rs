//! Every commit along a branch.

use std::io::BufRead;

use jiff::Timestamp;

use crate::git::{GitProgram, HistoryError, ObjectName, Running};

/// The commits from a tip along first parents, newest first.
pub(super) struct FirstParents {
    running: Option<Running>,
}

/// A commit, its time by the committer's own clock, and all of its parents.
pub(super) struct ListedCommit {
    pub(super) id: ObjectName,
    pub(super) at: Timestamp,
    pub(super) parents: Vec<ObjectName>,
}

impl FirstParents {
    pub(super) fn from(program: &GitProgram, tip: &ObjectName) -> Result<Self, HistoryError> {
        let program = program.clone().buffered();
        let options = ["--first-parent", "--timestamp", "--parents", "--end-of-options"];
        let command = program.command("rev-list").args(options).args([tip.as_str(), "--"]);
        Ok(Self { running: Some(command.start()?) })
    }

    /// The next commit; none after the branch's first.
    pub(super) fn next(&mut self) -> Result<Option<ListedCommit>, HistoryError> {
        let Some(running) = &mut self.running else { return Ok(None) };
        let mut line = String::new();
        let read = running.output().read_line(&mut line);
        let (seconds, names) = line.split_once(' ').unwrap_or_default();
        let seconds = seconds.parse().unwrap_or(i64::MAX);
        let at = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
        let mut names = names.split_ascii_whitespace().filter_map(ObjectName::parse);
        match (read, names.next()) {
            (Ok(1..), Some(id)) => Ok(Some(ListedCommit { id, at, parents: names.collect() })),
            (Ok(0), _) => {
                let ended = self.running.take().map_or(Ok(()), Running::finish);
                Ok(ended.map(|()| None)?)
            }
            (Ok(_), None) => Err(HistoryError::Failed("`git rev-list` named no commit".into())),
            (Err(error), _) => Err(HistoryError::Failed(error.to_string())),
        }
    }
}
