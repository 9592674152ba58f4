//! Spans of time before now, as options take them.

use std::fmt;

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// A whole number of units: `7d`, `12mo`. Months and years are those of the calendar, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TimeSpan {
    number: u32,
    unit: TimeUnit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TimeUnit {
    Minutes,
    Hours,
    Days,
    Weeks,
    Months,
    Years,
}

const UNITS: [(&str, TimeUnit); 6] = [
    ("m", TimeUnit::Minutes),
    ("h", TimeUnit::Hours),
    ("d", TimeUnit::Days),
    ("w", TimeUnit::Weeks),
    ("mo", TimeUnit::Months),
    ("y", TimeUnit::Years),
];

impl TimeSpan {
    /// The span that a text stands for; none if it is not one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let unit = text.find(|c: char| !c.is_ascii_digit())?;
        let (number, name) = text.split_at(unit);
        let (_, unit) = UNITS.into_iter().find(|(unit, _)| *unit == name)?;
        Some(Self { number: number.parse().ok()?, unit })
    }

    /// The span that a person typed for a period of the past.
    ///
    /// # Errors
    ///
    /// What is wrong with the text, and what to write.
    pub(super) fn named(text: &str) -> Result<Self, String> {
        match Self::parse(text) {
            // Nobody asks for the last twelve minutes of a branch.
            Some(Self { number, unit: TimeUnit::Minutes }) => {
                Err(format!("that is in minutes; write `{number}mo` for months"))
            }
            Some(span) if span.number > 0 => Ok(span),
            _ => {
                Err("a whole number and `h`, `d`, `w`, `mo` or `y`: `30d`, `12mo`, `2y`".to_owned())
            }
        }
    }

    /// The time that long before another; none if there is no such time.
    pub(super) fn before(self, now: Timestamp) -> Option<Timestamp> {
        let number = i64::from(self.number);
        let span = Span::new();
        let span = match self.unit {
            TimeUnit::Minutes => span.try_minutes(number),
            TimeUnit::Hours => span.try_hours(number),
            TimeUnit::Days => span.try_days(number),
            TimeUnit::Weeks => span.try_weeks(number),
            TimeUnit::Months => span.try_months(number),
            TimeUnit::Years => span.try_years(number),
        };
        let then = now.to_zoned(TimeZone::UTC).checked_sub(span.ok()?).ok()?;
        Some(then.timestamp())
    }
}

impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = UNITS.into_iter().find(|(_, unit)| *unit == self.unit);
        write!(f, "{}{}", self.number, unit.map_or("", |(name, _)| name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn before(text: &str) -> Option<String> {
        let now: Timestamp = "2026-03-31T08:00:00Z".parse().unwrap();
        Some(TimeSpan::parse(text)?.before(now)?.to_string())
    }

    #[test]
    fn months_and_years_are_those_of_the_calendar() {
        assert_eq!(before("90m").unwrap(), "2026-03-31T06:30:00Z");
        assert_eq!(before("1h").unwrap(), "2026-03-31T07:00:00Z");
        assert_eq!(before("7d").unwrap(), "2026-03-24T08:00:00Z");
        assert_eq!(before("2w").unwrap(), "2026-03-17T08:00:00Z");
        assert_eq!(before("1mo").unwrap(), "2026-02-28T08:00:00Z");
        assert_eq!(before("12mo").unwrap(), before("1y").unwrap());
        for wrong in ["", "7", "d", "-1d", "1.5d", "7dd", "7 d", "1M", "99999999999d", "99999y"] {
            assert_eq!(before(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_period_of_minutes_is_a_slip() {
        assert!(TimeSpan::named("12m").unwrap_err().contains("`12mo`"));
        assert!(TimeSpan::named("0d").is_err());
        assert_eq!(TimeSpan::named("12mo").unwrap().to_string(), "12mo");
    }
}
