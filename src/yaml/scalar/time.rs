//! Dates and times.

use jiff::civil::{Date, Time};

use super::digits::{is_digits, small};

/// A date or time that the libraries know (`allowedTimestampFormats`), as Go's
/// JSON writes it.
pub(super) fn timestamp(text: &str) -> Option<String> {
    let year = text.get(..4).filter(|year| is_digits(year))?;
    let (month, rest) = text[4..].strip_prefix('-')?.split_once('-')?;
    let (day, rest) = rest.split_at(digits_end(rest));
    let date =
        Date::new(year.parse().ok()?, small(month)?.try_into().ok()?, small(day)?.try_into().ok()?)
            .ok()?;
    let Some(separator) = rest.chars().next() else { return Some(format!("{date}T00:00:00Z")) };
    let rest = &rest[separator.len_utf8()..];
    let zone_start = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(zone_start);
    let zone = match separator {
        'T' | 't' => offset(zone)?,
        ' ' if zone.is_empty() => "Z",
        _ => return None,
    };
    Some(format!("{date}T{}{zone}", time(clock)?))
}

/// `hour:minute:second` with one or two digits each, and a fraction.
fn time(clock: &str) -> Option<Time> {
    let (hour, rest) = clock.split_once(':')?;
    let (minute, rest) = rest.split_once(':')?;
    let (second, fraction) = rest.split_once(['.', ',']).unwrap_or((rest, "0"));
    let fraction = Some(fraction).filter(|fraction| is_digits(fraction))?;
    let nanoseconds = format!("{:0<9}", &fraction[..fraction.len().min(9)]);
    let part = |text| small(text).and_then(|part| i8::try_from(part).ok());
    Time::new(part(hour)?, part(minute)?, part(second)?, nanoseconds.parse().ok()?).ok()
}

/// `Z`, or `+02:00` with at most 24 hours and 60 minutes; none at all where it
/// is not a zone.
fn offset(zone: &str) -> Option<&str> {
    if zone == "Z" {
        return Some(zone);
    }
    let (hours, minutes) = zone.strip_prefix(['+', '-'])?.split_once(':')?;
    let is_zone = hours.len() == 2
        && minutes.len() == 2
        && small(hours).is_some_and(|hours| hours <= 24)
        && small(minutes).is_some_and(|minutes| minutes <= 60);
    let is_utc = hours == "00" && minutes == "00";
    is_zone.then_some(if is_utc { "Z" } else { zone })
}

fn digits_end(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}
