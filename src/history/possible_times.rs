//! Times that commits can have.
//!
//! A committer chooses the time of a commit, but not that of the commits before it: one that
//! is dated before an earlier commit of its branch has an impossible date. It was there no
//! later than the next commit with a possible one.

use jiff::Timestamp;

use crate::git::{CommitTimes, HistoryError, ObjectName};

/// The commits before one whose times it is compared with.
const COMPARED: usize = 1000;

/// The times of a branch's commits, as far as they were read.
pub(super) struct PossibleTimes<'h> {
    times: CommitTimes<'h>,
    /// The newest first.
    read: Vec<(ObjectName, Timestamp)>,
    is_over: bool,
}

impl<'h> PossibleTimes<'h> {
    pub(super) fn new(times: CommitTimes<'h>) -> Self {
        Self { times, read: Vec::new(), is_over: false }
    }

    /// The time from which a commit was on the branch for certain, as far as dates tell: its
    /// own if that is possible, or else that of the first commit after it with a possible
    /// one; none if there is none. Dates after `now` make no other date impossible.
    pub(super) fn of(
        &mut self,
        commit: &ObjectName,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, HistoryError> {
        let Some(at) = self.position(commit)? else { return Ok(None) };
        self.read_to(at + 1 + COMPARED)?;
        Ok(possible_time(&self.read, at, now))
    }

    /// The position of a commit on the branch, whose tip is at zero; none if it is not on it.
    pub(super) fn position(&mut self, commit: &ObjectName) -> Result<Option<usize>, HistoryError> {
        let mut at = 0;
        loop {
            self.read_to(at + 1)?;
            match self.read.get(at) {
                Some((id, _)) if id == commit => return Ok(Some(at)),
                Some(_) => at += 1,
                None => return Ok(None),
            }
        }
    }

    /// Reads until that many are known, or there are no more.
    fn read_to(&mut self, count: usize) -> Result<(), HistoryError> {
        while self.read.len() < count && !self.is_over {
            match self.times.next() {
                Some(Ok(next)) => self.read.push(next),
                // What is beyond the clone is not compared.
                None | Some(Err(HistoryError::Shallow { .. })) => self.is_over = true,
                Some(Err(error)) => return Err(error),
            }
        }
        Ok(())
    }
}

/// [`PossibleTimes::of`] of the commit at a position, among those of a branch up to its tip.
pub(super) fn possible_time(
    branch: &[(ObjectName, Timestamp)],
    at: usize,
    now: Timestamp,
) -> Option<Timestamp> {
    let before = branch.iter().skip(at + 1).take(COMPARED);
    let mut latest = before.map(|(_, time)| *time).filter(|time| *time <= now).max();
    for (_, time) in branch[..=at].iter().rev() {
        if latest.is_none_or(|latest| *time >= latest) {
            return Some(*time);
        }
        if *time <= now {
            latest = latest.max(Some(*time));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The time of the commit at `at`, counted from the newest, in seconds; the branch's
    /// commits are given from the oldest.
    fn of(times: &[i64], at: usize) -> Option<i64> {
        let name = |at: usize| ObjectName::parse(&format!("{at:040x}")).unwrap();
        let time = |seconds: &i64| Timestamp::from_second(*seconds).unwrap();
        let all: Vec<_> =
            times.iter().rev().enumerate().map(|(at, one)| Ok((name(at), time(one)))).collect();
        let mut possible = PossibleTimes::new(Box::new(all.into_iter()));
        let now = Timestamp::from_second(100).unwrap();
        possible.of(&name(at), now).unwrap().map(Timestamp::as_second)
    }

    #[test]
    fn an_impossible_date_counts_from_the_next_possible_one() {
        assert_eq!(of(&[1, 2, 3], 1), Some(2), "possible");
        assert_eq!(of(&[50, 1, 60], 1), Some(60));
        assert_eq!(of(&[50, 1, 2, 60, 70], 3), Some(60), "the next is impossible too");
        assert_eq!(of(&[50, 1], 0), None, "nothing follows");
        assert_eq!(of(&[50, 50], 0), Some(50));
        assert_eq!(of(&[900, 20, 30], 1), Some(20), "a date in the future is nobody's fault");
        assert_eq!(of(&[50, 1, 900], 1), Some(900), "which has not come");
        assert_eq!(of(&[1], 0), Some(1));
    }
}
