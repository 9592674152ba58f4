//! The window for changes is open.
//!
//! Hours and freezes are in local clock time. The days of a freeze are in the time zone
//! of the hours that would be open, or in UTC if there are no hours. An hour that a
//! change of clocks repeats is open both times; one that it skips is never open.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::evaluation::Evaluation;
use super::judgement::Judgement;
use super::words::{code, moment};
use crate::config::{Freeze, OpeningHours, Sourced, Window};

static UTC: TimeZone = TimeZone::UTC;

/// The number of days that are searched for the next opening.
const DAYS_AHEAD: i64 = 366;

pub(super) fn judge(evaluation: &Evaluation<'_>) -> Option<Judgement> {
    let gate = evaluation.candidate.gates.window.as_ref()?;
    let clocks = WallClocks::of(&gate.value);
    let now = evaluation.candidate.now;
    if clocks.is_open(now) {
        return Some(Judgement::pass("it is open").at(&gate.location));
    }
    let next = clocks.next_opening(now);
    let opening = next.map(|(at, zone)| moment(at, zone));
    let (reason, location) = match (clocks.frozen(now), opening) {
        (Some(freeze), opening) => {
            let opens = opening.map_or(NOT_WITHIN_A_YEAR.to_owned(), |at| format!("opens on {at}"));
            (format!("{}; the window {opens}", frozen(&freeze.value)), &freeze.location)
        }
        (None, Some(opening)) => (format!("it is closed until {opening}"), &gate.location),
        (None, None) => (format!("it is closed and {NOT_WITHIN_A_YEAR}"), &gate.location),
    };
    Some(Judgement::wait(next.map(|(at, _)| at), reason).at(location))
}

const NOT_WITHIN_A_YEAR: &str = "does not open within a year";

/// "nothing may enter from `2026-12-20` to `2027-01-03` (holidays)"
fn frozen(freeze: &Freeze) -> String {
    let reason = freeze.reason.as_ref().map(|reason| format!(" ({})", reason.replace('`', "'")));
    let reason = reason.unwrap_or_default();
    format!(
        "nothing may enter from {} to {}{reason}",
        code(&freeze.from.to_string()),
        code(&freeze.until.to_string())
    )
}

/// A window, with a local clock for each of its opening hours.
struct WallClocks<'w> {
    clocks: Vec<WallClock<'w>>,
    freezes: &'w [Sourced<Freeze>],
}

/// The local clock of some opening hours; of UTC if every hour is open.
struct WallClock<'w> {
    hours: Option<&'w OpeningHours>,
    zone: &'w TimeZone,
}

impl<'w> WallClocks<'w> {
    fn of(window: &'w Window) -> Self {
        let hours = window.allow.iter().map(|hours| &hours.value);
        let mut clocks: Vec<_> =
            hours.map(|hours| WallClock { hours: Some(hours), zone: hours.zone() }).collect();
        if clocks.is_empty() {
            clocks.push(WallClock { hours: None, zone: &UTC });
        }
        Self { clocks, freezes: &window.freeze }
    }

    fn is_open(&self, at: Timestamp) -> bool {
        self.open_clock(at).is_some()
    }

    /// A clock by which the window is open.
    fn open_clock(&self, at: Timestamp) -> Option<&WallClock<'w>> {
        self.clocks
            .iter()
            .find(|clock| clock.is_open(at) && self.freeze_on(clock.day(at)).is_none())
    }

    fn freeze_on(&self, day: Date) -> Option<&'w Sourced<Freeze>> {
        let is_on = |freeze: &Freeze| freeze.from.day() <= day && day <= freeze.until.day();
        self.freezes.iter().find(|freeze| is_on(&freeze.value))
    }

    /// The freeze that closes the window, preferably one of hours that would be open.
    fn frozen(&self, at: Timestamp) -> Option<&'w Sourced<Freeze>> {
        let open = self.clocks.iter().filter(|clock| clock.is_open(at));
        let mut all = open.chain(&self.clocks);
        all.find_map(|clock| self.freeze_on(clock.day(at)))
    }

    /// The first open instant from now on, with the time zone that it is open by; none
    /// if the window does not open within a year.
    ///
    /// A window opens only when hours begin, a freeze ends, or clocks change, and those
    /// instants can be listed.
    fn next_opening(&self, now: Timestamp) -> Option<(Timestamp, &'w TimeZone)> {
        let mut instants: Vec<_> =
            self.clocks.iter().flat_map(|clock| clock.instants(now, self.freezes)).collect();
        instants.sort_unstable();
        instants.dedup();
        let ahead = instants.into_iter().filter(|instant| *instant >= now);
        let mut open = ahead.filter_map(|at| Some((at, self.open_clock(at)?.zone)));
        open.next()
    }
}

impl WallClock<'_> {
    fn is_open(&self, at: Timestamp) -> bool {
        self.hours.is_none_or(|hours| hours.contain(at))
    }

    fn day(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    /// The instants within a year from `now` at which this clock may open.
    fn instants(&self, now: Timestamp, freezes: &[Sourced<Freeze>]) -> Vec<Timestamp> {
        let end = now.saturating_add(SignedDuration::from_hours(24 * DAYS_AHEAD));
        let end = end.unwrap_or(Timestamp::MAX);
        let changes = self.zone.following(now).map(|change| change.timestamp());
        let mut instants: Vec<_> = changes.take_while(|at| *at <= end).collect();
        // Yesterday: the clock may be put back over midnight.
        let first = self.day(now).yesterday().unwrap_or(Date::MIN);
        let days = first.series(jiff::ToSpan::days(1)).take_while(|day| *day <= self.day(end));
        if let Some(hours) = self.hours {
            instants.extend(days.flat_map(|day| self.at(day.to_datetime(hours.begins()))));
        }
        let ends = freezes.iter().filter_map(|freeze| freeze.value.until.day().tomorrow().ok());
        instants.extend(ends.flat_map(|day| self.at(day.to_datetime(Time::midnight()))));
        instants.retain(|at| *at <= end);
        instants
    }

    /// The instants at which this clock shows a time: one, two if it is put back, and
    /// none if it skips that time.
    fn at(&self, value: DateTime) -> impl Iterator<Item = Timestamp> {
        let offsets = match self.zone.to_ambiguous_timestamp(value).offset() {
            AmbiguousOffset::Unambiguous { offset } => [Some(offset), None],
            AmbiguousOffset::Fold { before, after } => [Some(before), Some(after)],
            AmbiguousOffset::Gap { .. } => [None, None],
        };
        offsets.into_iter().flatten().filter_map(move |offset| offset.to_timestamp(value).ok())
    }
}
