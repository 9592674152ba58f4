//! Durations, days and opening hours.

use std::fmt;

use jiff::civil::{self, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::declare::{amount, text_schemas};
use crate::config::decode::{Flaw, Syntax};
use crate::diagnostic::nearest;
use crate::diagnostic::{Code, codes};

codes! {
    /// A duration, a day or opening hours that cannot be read.
    ///
    /// A duration is a whole number and a unit: `s`, `m`, `h`, `d` or `w`. A
    /// day is written `2026-12-20`. Opening hours are days, times and a time
    /// zone by its IANA name. They include the first minute but not the last, and run
    /// overnight from the named day if they end before they start.
    ///
    /// ```yaml
    /// soak: 24                                              # wrong: 24 what?
    /// soak: 24h                                             # right
    /// window: { allow: ["Mon-Thu 9-16 CET"] }               # wrong
    /// window: { allow: ["Mon-Thu 09:00-16:00 Europe/Berlin"] }  # right
    /// window: { allow: ["Fri,Sat 22:00-04:00 Europe/Berlin"] }  # right: two nights
    /// ```
    INVALID_TIME = "invalid-time", Input, Error;
}

text_schemas!(Duration, TimeLimit, Date, Moment, OpeningHours);

/// How long something takes, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(u64);

impl Duration {
    /// That many minutes.
    pub(in crate::config) const fn of_minutes(minutes: u64) -> Self {
        Self(minutes * 60)
    }

    /// Seconds.
    pub fn seconds(self) -> u64 {
        self.0
    }
}

const SECONDS: [(&str, u64); 5] = [("s", 1), ("m", 60), ("h", 3600), ("d", 86400), ("w", 604_800)];

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = SECONDS.iter().rev().find(|(_, seconds)| self.0.is_multiple_of(*seconds));
        let (unit, seconds) = whole.expect("every duration is a multiple of a second");
        write!(f, "{}{unit}", self.0 / seconds)
    }
}

impl Syntax for Duration {
    const NOUN: &'static str = "a duration";
    const CODE: &'static Code = &INVALID_TIME;
    const PATTERN: Option<&'static str> = Some("^[0-9]+[smhdw]$");
    const EXAMPLE: &'static str = "24h";

    fn parse(text: &str) -> Result<Self, Flaw> {
        let help = "a whole number and `s`, `m`, `h`, `d` or `w`: `30m`, `24h`, `7d`";
        let total = amount(text, &SECONDS, help)?;
        // A hundred years: what is longer is a slip, and would overflow dates.
        match total.filter(|&total| total <= 100 * 366 * 86400) {
            Some(total) => Ok(Self(total)),
            None => Err(Flaw::new("it is longer than a century")),
        }
    }
}

/// The longest that something may take; not nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeLimit(Duration);

impl TimeLimit {
    /// The same as a duration of the standard library.
    pub fn duration(self) -> std::time::Duration {
        std::time::Duration::from_secs(self.0.seconds())
    }

    /// The limit that a person typed.
    ///
    /// # Errors
    ///
    /// What is wrong with the text, and what to write.
    pub fn named(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(Flaw::into_sentence)
    }
}

impl Syntax for TimeLimit {
    const NOUN: &'static str = "a duration";
    const CODE: &'static Code = &INVALID_TIME;
    const PATTERN: Option<&'static str> = Duration::PATTERN;
    const EXAMPLE: &'static str = "60s";

    fn parse(text: &str) -> Result<Self, Flaw> {
        match Duration::parse(text)? {
            Duration(0) => Err(Flaw::new("nothing is done in no time").help("`1s` is the least")),
            duration => Ok(Self(duration)),
        }
    }
}

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

impl Date {
    /// The day.
    pub fn day(self) -> civil::Date {
        self.0
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Syntax for Date {
    const NOUN: &'static str = "a day";
    const CODE: &'static Code = &INVALID_TIME;
    const PATTERN: Option<&'static str> = Some("^[0-9]{4}-[0-9]{2}-[0-9]{2}$");
    const EXAMPLE: &'static str = "2026-12-20";

    fn parse(text: &str) -> Result<Self, Flaw> {
        let shape = |(index, byte): (usize, u8)| match index {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        };
        if text.len() != 10 || !text.bytes().enumerate().all(shape) {
            return Err(Flaw::new("not of the form `YYYY-MM-DD`").help("write `2026-12-20`"));
        }
        text.parse().map(Self).map_err(|_| Flaw::new("there is no such day"))
    }
}

/// A day, or an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) enum Moment {
    /// A day of UTC: nothing beside it names a zone.
    Day(civil::Date),
    /// An instant, written with its zone's offset.
    Instant(Timestamp),
}

impl Moment {
    /// When it starts.
    pub(in crate::config) fn begin(self) -> Timestamp {
        match self {
            Self::Day(day) => midnight(day),
            Self::Instant(at) => at,
        }
    }

    /// When it ends: a day with its midnight.
    pub(in crate::config) fn end(self) -> Timestamp {
        match self {
            Self::Day(day) => day.tomorrow().map_or(Timestamp::MAX, midnight),
            Self::Instant(at) => at,
        }
    }
}

fn midnight(day: civil::Date) -> Timestamp {
    let zoned = day.to_zoned(TimeZone::UTC);
    // The first and the last day of all calendars lie outside what instants can say.
    zoned.map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

impl Syntax for Moment {
    const NOUN: &'static str = "a day or a time with its zone";
    const CODE: &'static Code = &INVALID_TIME;
    const EXAMPLE: &'static str = "2026-12-31";

    fn parse(text: &str) -> Result<Self, Flaw> {
        if let Ok(day) = Date::parse(text) {
            return Ok(Self::Day(day.day()));
        }
        let help = "write `2026-12-31`, or `2026-12-31T18:00:00Z` with `Z` or an offset";
        let is_time = text.len() >= "2026-12-31T18:00Z".len() && text.as_bytes()[10] == b'T';
        let instant = text.parse().ok().filter(|_| is_time && !text.contains('['));
        instant.map(Self::Instant).ok_or_else(|| Flaw::new("it is neither").help(help))
    }
}

/// Days and times of a week at which something is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpeningHours {
    /// The days on which they start; the first is Monday.
    days: [bool; 7],
    /// Minutes after midnight, included.
    from: u16,
    /// Minutes after midnight, not included; not after `from` if they end on the next
    /// day.
    until: u16,
    zone: TimeZone,
    text: String,
}

impl OpeningHours {
    /// Whether they are open at that moment. The clock on the wall decides, so
    /// an hour that a change of clocks repeats is open both times.
    pub fn contain(&self, moment: Timestamp) -> bool {
        let local = moment.to_zoned(self.zone.clone());
        let minute = i16::from(local.hour()) * 60 + i16::from(local.minute());
        let minute = minute.unsigned_abs();
        let today = local.weekday();
        if self.from < self.until {
            return self.begin_on(today) && (self.from..self.until).contains(&minute);
        }
        let since_evening = self.begin_on(today) && minute >= self.from;
        let until_morning = self.begin_on(today.previous()) && minute < self.until;
        since_evening || until_morning
    }

    /// The zone whose clocks count.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The time at which they start on each of their days.
    pub fn begins(&self) -> Time {
        let minutes = SignedDuration::from_mins(self.from.into());
        Time::midnight().wrapping_add(minutes)
    }

    fn begin_on(&self, day: Weekday) -> bool {
        self.days[day.to_monday_zero_offset().unsigned_abs() as usize]
    }
}

impl fmt::Display for OpeningHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Syntax for OpeningHours {
    const NOUN: &'static str = "days, times and a time zone";
    const CODE: &'static Code = &INVALID_TIME;
    const EXAMPLE: &'static str = "Mon-Thu 09:00-16:00 Europe/Berlin";

    fn parse(text: &str) -> Result<Self, Flaw> {
        let parts: Vec<_> = text.split_ascii_whitespace().collect();
        let [days, times, zone] = parts[..] else {
            let because = match parts.len() {
                2 => "a part is missing".to_owned(),
                n => format!("three parts are expected, it has {n}"),
            };
            return Err(Flaw::new(because).help(format!("write `{}`", Self::EXAMPLE)));
        };
        let (from, until) = times_of(times)?;
        let days = days_of(days)?;
        Ok(Self { days, from, until, zone: zone_of(zone)?, text: text.to_owned() })
    }
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// `Mon-Thu`, `Sat`, `Mon,Wed-Fri`; a range may run over the week's end.
fn days_of(text: &str) -> Result<[bool; 7], Flaw> {
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (mut day, last) = (day_of(first)?, day_of(last)?);
        days[day] = true;
        while day != last {
            day = (day + 1) % 7;
            days[day] = true;
        }
    }
    Ok(days)
}

fn day_of(text: &str) -> Result<usize, Flaw> {
    DAYS.iter().position(|day| *day == text).ok_or_else(|| {
        Flaw::new(format!("`{text}` is not a day"))
            .help(format!("the days are {}", DAYS.join(", ")))
    })
}

/// `09:00-16:00`
fn times_of(text: &str) -> Result<(u16, u16), Flaw> {
    let help = "times are written `09:00-16:00`, from `00:00` to `24:00`";
    let no_times = || Flaw::new(format!("`{text}` is not from a time to a time")).help(help);
    let (from, until) = text.split_once('-').ok_or_else(no_times)?;
    let (from, until) = minute_of(from)
        .zip(minute_of(until))
        .filter(|(from, _)| *from < 1440)
        .ok_or_else(no_times)?;
    if from == until {
        return Err(Flaw::new("it ends when it starts").help("a whole day is `00:00-24:00`"));
    }
    Ok((from, until))
}

fn minute_of(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str| match text.as_bytes() {
        [b'0'..=b'9', b'0'..=b'9'] => text.parse::<u16>().ok(),
        _ => None,
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    (minute < 60 && hour * 60 + minute <= 1440).then_some(hour * 60 + minute)
}

fn zone_of(name: &str) -> Result<TimeZone, Flaw> {
    let database = jiff::tz::db();
    let zone = database.get(name).ok();
    // What is found by a name in another case, `europe/berlin`, is not found by others' programs.
    if let Some(zone) = zone.filter(|zone| zone.iana_name() == Some(name)) {
        return Ok(zone);
    }
    let names: Vec<String> = database.available().map(|name| name.to_string()).collect();
    let flaw = Flaw::new(format!("`{name}` is not a time zone"));
    Err(match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => flaw.help(format!("did you mean `{near}`?")),
        None => flaw.help("zones have IANA names: `Europe/Berlin`, `America/New_York`, `UTC`"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(hours: &str, moment: &str) -> bool {
        OpeningHours::parse(hours).unwrap().contain(moment.parse().unwrap())
    }

    #[test]
    fn a_duration_has_a_number_and_a_unit() {
        for (text, seconds) in [("30m", 1800), ("24h", 86400), ("7d", 604_800), ("0s", 0)] {
            assert_eq!(Duration::parse(text).unwrap().seconds(), seconds);
        }
        for wrong in ["", "30", "h", "1.5h", "-1h", "1 h", "1y", "99999999999999999999d"] {
            assert!(Duration::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Duration::parse("90m").unwrap().to_string(), "90m");
    }

    #[test]
    fn a_day_exists() {
        assert!(Date::parse("2028-02-29").is_ok());
        for wrong in ["2026-02-29", "2026-2-3", "20261220", "+2026-1-01", "2026-12-20T00"] {
            assert!(Date::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_day_ends_with_its_midnight_and_a_time_at_once() {
        let ends = |text| Moment::parse(text).unwrap().end().to_string();
        assert_eq!(ends("2026-12-31"), "2027-01-01T00:00:00Z");
        assert_eq!(ends("2026-12-31T18:00:00+01:00"), "2026-12-31T17:00:00Z");
        let begin = Moment::parse("2026-12-31").unwrap().begin();
        assert_eq!(begin.to_string(), "2026-12-31T00:00:00Z");
        for wrong in ["", "tomorrow", "2026-12-32", "2026-12-31T18:00:00", "2026-12-31 18:00Z"] {
            assert!(Moment::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn opening_hours_are_half_open() {
        let hours = "Mon-Thu 09:00-16:00 Europe/Berlin";
        // A Monday in winter: 08:00 UTC is 09:00 in Berlin.
        assert!(!open(hours, "2026-01-05T07:59:59Z"));
        assert!(open(hours, "2026-01-05T08:00:00Z"));
        assert!(open(hours, "2026-01-05T14:59:59Z"));
        assert!(!open(hours, "2026-01-05T15:00:00Z"));
        assert!(!open(hours, "2026-01-09T10:00:00Z"), "a Friday");
    }

    #[test]
    fn hours_that_end_before_they_begin_run_overnight_from_the_named_day() {
        let hours = "Fri 22:00-04:00 UTC";
        assert!(open(hours, "2026-01-09T22:00:00Z"));
        assert!(open(hours, "2026-01-10T03:59:00Z"), "Saturday morning");
        assert!(!open(hours, "2026-01-10T04:00:00Z"));
        assert!(!open(hours, "2026-01-09T03:00:00Z"), "Friday morning");
    }

    #[test]
    fn a_range_of_days_may_run_over_the_end_of_the_week() {
        assert_eq!(days_of("Sat-Mon").unwrap(), [true, false, false, false, false, true, true]);
    }

    #[test]
    fn a_whole_day_is_open_to_its_last_second() {
        assert!(open("Mon-Sun 00:00-24:00 UTC", "2026-01-09T23:59:59Z"));
    }

    #[test]
    fn a_misspelt_zone_names_the_right_one() {
        let flaw = OpeningHours::parse("Mon 09:00-16:00 Europe/Berln").unwrap_err();
        assert_eq!(flaw.help.unwrap(), "did you mean `Europe/Berlin`?");
    }
}
