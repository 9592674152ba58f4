//! The times of the commits along a branch.

use std::io::BufRead;

use jiff::Timestamp;

use crate::git::{GitProgram, HistoryError, ObjectName, Running};

/// The commits from a tip along first parents with their committers' times, newest first.
pub(super) struct ListedTimes {
    running: Option<Running>,
}

impl ListedTimes {
    pub(super) fn from(program: &GitProgram, tip: &ObjectName) -> Result<Self, HistoryError> {
        let program = program.clone().buffered();
        let options = ["--first-parent", "--timestamp", "--end-of-options"];
        let command = program.command("rev-list").args(options).args([tip.as_str(), "--"]);
        Ok(Self { running: Some(command.start()?) })
    }

    fn read(&mut self) -> Result<Option<(ObjectName, Timestamp)>, HistoryError> {
        let Some(running) = &mut self.running else { return Ok(None) };
        let mut line = String::new();
        match running.output().read_line(&mut line) {
            Ok(0) => {
                let ended = self.running.take().map_or(Ok(()), Running::finish);
                Ok(ended.map(|()| None)?)
            }
            Ok(_) => {
                let (seconds, id) = line.trim().split_once(' ').unwrap_or_default();
                let id = ObjectName::parse(id);
                let seconds = seconds.parse().unwrap_or(i64::MAX);
                let at = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
                let unnamed = || HistoryError::Failed("`git rev-list` named no commit".into());
                Ok(Some((id.ok_or_else(unnamed)?, at)))
            }
            Err(error) => Err(HistoryError::Failed(error.to_string())),
        }
    }
}

impl Iterator for ListedTimes {
    type Item = Result<(ObjectName, Timestamp), HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.read().transpose();
        if matches!(read, Some(Err(_))) {
            self.running = None;
        }
        read
    }
}
