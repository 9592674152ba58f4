//! Times that commits can have.
//!
//! A committer chooses the time of a commit, but not that of the commits before it: one that
//! is dated before an earlier commit of its branch has an impossible date. It was there no
//! later than the next commit with a possible one.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::Since;
use crate::git::{CommitTimes, HistoryError, ObjectName};

/// The commits before one whose times it is compared with.
const COMPARED: usize = 1000;

/// The fewest of them that a clone has to have whose history ends early.
const FEWEST: usize = 20;

/// What dates tell of a branch's commits.
pub trait BranchDates {
    /// The time from which a commit was on the branch for certain, as far as dates tell: its
    /// own, unless it is dated before a commit that it follows; then that of the next one
    /// with a possible date, or none.
    fn possible_time(
        &self,
        commit: &ObjectName,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, HistoryError>;

    /// The time since which something was on the branch that a commit of that time brought.
    fn since(
        &self,
        commit: &ObjectName,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Since, HistoryError> {
        let possible = self.possible_time(commit, now)?;
        Ok(possible.map_or(Since::Impossible { at }, |at| Since::Unverified { at }))
    }

    /// The time by which a commit had come, as far as dates tell: the earliest date, from
    /// `since` on, of it and of the commits after it, and no later than `now`.
    fn come_by(
        &self,
        commit: &ObjectName,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Timestamp, HistoryError>;

    /// Whether a commit of the branch comes before another one.
    fn is_before(&self, one: &ObjectName, other: &ObjectName) -> Result<bool, HistoryError>;
}

/// The times of a branch's commits, as far as they were read.
pub(super) struct PossibleTimes<'h> {
    times: CommitTimes<'h>,
    /// The newest first.
    read: Vec<(ObjectName, Timestamp)>,
    is_over: bool,
    /// Why there are no more, if the clone ends before the branch begins.
    edge: Option<HistoryError>,
}

impl<'h> PossibleTimes<'h> {
    pub(super) fn new(times: CommitTimes<'h>) -> Self {
        Self { times, read: Vec::new(), is_over: false, edge: None }
    }

    /// [`BranchDates::possible_time`]. Dates after `now` make no other date impossible.
    pub(super) fn of(
        &mut self,
        commit: &ObjectName,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, HistoryError> {
        let Some(at) = self.position(commit)? else { return Ok(None) };
        self.read_to(at + 1 + COMPARED)?;
        // So few commits before it say little of its date.
        match &self.edge {
            Some(edge) if self.read.len() < at + 1 + FEWEST => Err(edge.clone()),
            _ => Ok(possible_time(&self.read, at, now)),
        }
    }

    /// [`BranchDates::come_by`].
    pub(super) fn come_by(
        &mut self,
        commit: &ObjectName,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Timestamp, HistoryError> {
        let at = self.position(commit)?;
        Ok(at.map_or(now, |at| come_by(&self.read, at, since, now)))
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
                None => self.is_over = true,
                Some(Err(error @ HistoryError::Shallow { .. })) => {
                    self.is_over = true;
                    self.edge = Some(error);
                }
                Some(Err(error)) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The latest time of the commits that each of a branch is compared with; none if there is
/// none before it.
pub(super) fn latest_before(branch: &[(ObjectName, Timestamp)]) -> Vec<Option<Timestamp>> {
    let mut latest = vec![None; branch.len()];
    // Positions with ever earlier times, from the latest one that still counts.
    let mut candidates: VecDeque<usize> = VecDeque::new();
    for at in (0..branch.len()).rev() {
        while candidates.front().is_some_and(|one| *one > at + COMPARED) {
            candidates.pop_front();
        }
        latest[at] = candidates.front().map(|one| branch[*one].1);
        while candidates.back().is_some_and(|one| branch[*one].1 <= branch[at].1) {
            candidates.pop_back();
        }
        candidates.push_back(at);
    }
    latest
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

/// [`PossibleTimes::come_by`] of the commit at a position, in the same way. What is dated
/// before `since` has a wrong date itself.
pub(super) fn come_by(
    branch: &[(ObjectName, Timestamp)],
    at: usize,
    since: Timestamp,
    now: Timestamp,
) -> Timestamp {
    let dates = branch[..=at].iter().map(|(_, time)| *time).filter(|time| *time >= since);
    dates.min().map_or(now, |time| time.min(now))
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
    fn a_commit_had_come_before_those_after_it() {
        let by = |times: &[i64], at: usize, since: i64| {
            let time = |seconds: i64| Timestamp::from_second(seconds).unwrap();
            let name = |at: usize| ObjectName::parse(&format!("{at:040x}")).unwrap();
            let branch: Vec<_> =
                times.iter().rev().enumerate().map(|(at, one)| (name(at), time(*one))).collect();
            come_by(&branch, at, time(since), time(100)).as_second()
        };
        assert_eq!(by(&[10, 20, 30], 1, 10), 20);
        assert_eq!(by(&[10, 80, 30], 1, 10), 30, "its date is later than the next one's");
        assert_eq!(by(&[10, 20, 1], 1, 10), 20, "that one has a wrong date");
        assert_eq!(by(&[10, 900], 0, 10), 100, "until now");
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

    proptest::proptest! {
        #[test]
        fn the_latest_time_before_each_is_that_of_those_it_is_compared_with(
            seconds in proptest::collection::vec(0i64..50, 0..3000),
        ) {
            let name = ObjectName::parse(&"a".repeat(40)).unwrap();
            let branch: Vec<_> = seconds
                .iter()
                .map(|second| (name.clone(), Timestamp::from_second(*second).unwrap()))
                .collect();
            let found = latest_before(&branch);
            for at in (0..branch.len()).step_by(97) {
                let compared = branch.iter().skip(at + 1).take(COMPARED);
                proptest::prop_assert_eq!(found[at], compared.map(|(_, time)| *time).max());
            }
        }
    }
}
