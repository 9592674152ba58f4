//! It is the time for it.
//!
//! Hours and freezes are read off the clock on the wall: a freeze's days are
//! those of the zone of the hours that would be open, or of UTC where any hour
//! is. An hour that a change of clocks repeats is open both times; one that it
//! leaves out is not there to be open.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::evaluation::Evaluation;
use super::judgement::Judgement;
use super::words::{code, moment};
use crate::config::{Freeze, OpeningHours, Sourced, Window};

static UTC: TimeZone = TimeZone::UTC;

/// How far ahead the next opening is looked for.
const DAYS_AHEAD: i64 = 366;

pub(super) fn judge(evaluation: &Evaluation<'_>) -> Option<Judgement> {
    let gate = evaluation.candidate.gates.window.as_ref()?;
    let clocks = WallClocks::of(&gate.value);
    let now = evaluation.candidate.now;
    if clocks.is_open(now) {
        return Some(Judgement::pass("it is open").asked_at(&gate.location));
    }
    let (why, asked) = match clocks.frozen(now) {
        Some(freeze) => (frozen(&freeze.value), &freeze.location),
        None => ("it is closed".to_owned(), &gate.location),
    };
    let judgement = match clocks.next_opening(now) {
        Some((opens, zone)) => {
            Judgement::wait(Some(opens), format!("{why}, and opens on {}", moment(opens, zone)))
        }
        None => Judgement::wait(None, format!("{why}, and does not open within a year")),
    };
    Some(judgement.asked_at(asked))
}

fn frozen(freeze: &Freeze) -> String {
    let reason = freeze.reason.as_ref().map(|reason| format!(" ({})", reason.replace('`', "'")));
    let reason = reason.unwrap_or_default();
    format!(
        "nothing enters from {} to {}{reason}",
        code(&freeze.from.to_string()),
        code(&freeze.until.to_string())
    )
}

/// A window as the clocks on some walls.
struct WallClocks<'w> {
    clocks: Vec<WallClock<'w>>,
    freezes: &'w [Sourced<Freeze>],
}

/// Opening hours, or any hour of UTC.
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

    /// A clock by which it is open.
    fn open_clock(&self, at: Timestamp) -> Option<&WallClock<'w>> {
        self.clocks
            .iter()
            .find(|clock| clock.is_open(at) && self.freeze_on(clock.day(at)).is_none())
    }

    fn freeze_on(&self, day: Date) -> Option<&'w Sourced<Freeze>> {
        let is_on = |freeze: &Freeze| freeze.from.day() <= day && day <= freeze.until.day();
        self.freezes.iter().find(|freeze| is_on(&freeze.value))
    }

    /// The freeze to blame: of hours that would be open, else of any.
    fn frozen(&self, at: Timestamp) -> Option<&'w Sourced<Freeze>> {
        let open = self.clocks.iter().filter(|clock| clock.is_open(at));
        let mut all = open.chain(&self.clocks);
        all.find_map(|clock| self.freeze_on(clock.day(at)))
    }

    /// The first instant from now on that is open, with the zone whose clock
    /// says so; none where there is none within a year.
    ///
    /// It opens only where hours begin, a freeze ends, or clocks change, and
    /// those instants can be listed.
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

    /// Every instant of the year from `now` on at which this clock may begin to
    /// be open.
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

    /// When this clock says that: once, twice where it is put back, and never
    /// where it is put forward over it.
    fn at(&self, value: DateTime) -> impl Iterator<Item = Timestamp> {
        let offsets = match self.zone.to_ambiguous_timestamp(value).offset() {
            AmbiguousOffset::Unambiguous { offset } => [Some(offset), None],
            AmbiguousOffset::Fold { before, after } => [Some(before), Some(after)],
            AmbiguousOffset::Gap { .. } => [None, None],
        };
        offsets.into_iter().flatten().filter_map(move |offset| offset.to_timestamp(value).ok())
    }
}
