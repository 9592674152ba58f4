//! Claims of `window`.

use jiff::SignedDuration;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;

fn window(gates: &str, now: &str) -> Verdict {
    World::gated(&format!("  window: {gates}\n")).at(now).verdict(Gate::Window).unwrap()
}

fn says(gates: &str, now: &str) -> String {
    let verdict = window(gates, now);
    let until = match verdict.answer {
        Answer::Wait { until: Some(until) } => format!(" [{until}]"),
        _ => String::new(),
    };
    format!("{}: {}{until}", verdict.answer.word(), verdict.reason)
}

const BERLIN: &str = "{ allow: ['Mon-Thu 09:00-16:00 Europe/Berlin'] }";

#[test]
fn it_is_open_from_the_first_minute_and_closed_at_the_last() {
    assert_eq!(says(BERLIN, "2026-06-15T07:00:00Z"), "pass: it is open");
    assert_eq!(says(BERLIN, "2026-06-15T13:59:59Z"), "pass: it is open");
    assert_eq!(
        says(BERLIN, "2026-06-15T14:00:00Z"),
        "wait: it is closed until Tue 2026-06-16 09:00 Europe/Berlin [2026-06-16T07:00:00Z]"
    );
    assert_eq!(
        says(BERLIN, "2026-06-18T14:00:00Z"),
        "wait: it is closed until Mon 2026-06-22 09:00 Europe/Berlin [2026-06-22T07:00:00Z]"
    );
}

#[test]
fn it_opens_at_the_same_time_of_day_when_clocks_change_on_the_way() {
    // Clocks go forward on 2026-03-29 and back on 2026-10-25.
    assert!(says(BERLIN, "2026-03-26T18:00:00Z").ends_with("[2026-03-30T07:00:00Z]"));
    assert!(says(BERLIN, "2026-10-22T18:00:00Z").ends_with("[2026-10-26T08:00:00Z]"));
}

#[test]
fn an_hour_that_clocks_skip_is_not_open_and_one_that_they_repeat_is_open_twice() {
    let early = "{ allow: ['Sun 02:15-02:45 Europe/Berlin'] }";
    // 02:15 does not exist on 2026-03-29: the next Sunday has it.
    assert!(says(early, "2026-03-28T00:00:00Z").ends_with("[2026-04-05T00:15:00Z]"));
    // 02:15 comes twice on 2026-10-25.
    assert!(says(early, "2026-10-24T00:00:00Z").ends_with("[2026-10-25T00:15:00Z]"));
    assert!(says(early, "2026-10-25T00:45:00Z").ends_with("[2026-10-25T01:15:00Z]"));
    assert_eq!(says(early, "2026-10-25T01:20:00Z"), "pass: it is open");
    // Hours that start in the skipped hour are open from its end.
    let over = "{ allow: ['Sun 02:30-04:00 Europe/Berlin'] }";
    assert!(says(over, "2026-03-28T00:00:00Z").ends_with("[2026-03-29T01:00:00Z]"));
}

#[test]
fn a_half_hour_change_of_clocks_is_followed() {
    // Lord Howe goes from 02:00 to 02:30 on 2026-10-04, and back on 2027-04-04.
    let hours = "{ allow: ['Sun 02:00-02:15 Australia/Lord_Howe'] }";
    assert!(says(hours, "2026-10-03T12:00:00Z").ends_with("[2026-10-10T15:00:00Z]"));
    let again = "{ allow: ['Sun 01:30-02:00 Australia/Lord_Howe'] }";
    assert_eq!(says(again, "2027-04-03T14:45:00Z"), "pass: it is open");
    assert_eq!(says(again, "2027-04-03T15:15:00Z"), "pass: it is open", "the same half hour again");
    assert!(says(again, "2027-04-03T15:30:00Z").ends_with("[2027-04-10T15:00:00Z]"));
}

#[test]
fn a_night_belongs_to_the_day_on_which_it_starts() {
    let night = "{ allow: ['Fri 22:00-04:00 America/New_York'] }";
    assert_eq!(says(night, "2026-06-20T07:59:00Z"), "pass: it is open");
    assert!(says(night, "2026-06-20T08:00:00Z").ends_with("[2026-06-27T02:00:00Z]"));
    // Saturday's first hours alone do not open it.
    assert!(says(night, "2026-06-19T05:00:00Z").ends_with("[2026-06-20T02:00:00Z]"));
}

#[test]
fn a_freeze_includes_both_of_its_days() {
    let frozen = "{ allow: ['Mon-Sun 00:00-24:00 Europe/Berlin'], freeze: [{ from: 2026-12-20, \
                  until: 2027-01-03, reason: holidays }] }";
    assert_eq!(says(frozen, "2026-12-19T22:59:59Z"), "pass: it is open");
    assert_eq!(
        says(frozen, "2026-12-19T23:00:00Z"),
        "wait: nothing may enter from `2026-12-20` to `2027-01-03` (holidays); the window opens on Mon \
         2027-01-04 00:00 Europe/Berlin [2027-01-03T23:00:00Z]"
    );
    assert_eq!(says(frozen, "2027-01-03T23:00:00Z"), "pass: it is open");
}

#[test]
fn the_next_opening_is_after_every_freeze() {
    let frozen = "{ allow: ['Mon 09:00-10:00 UTC'], freeze: [{ from: 2026-06-16, until: \
                  2026-06-22 }, { from: 2026-06-28, until: 2026-06-29 }] }";
    assert!(says(frozen, "2026-06-15T10:00:00Z").ends_with("[2026-07-06T09:00:00Z]"));
}

#[test]
fn a_freeze_without_hours_is_in_utc() {
    let frozen = "{ freeze: [{ from: 2028-02-29, until: 2028-02-29 }] }";
    assert_eq!(says(frozen, "2028-02-28T23:59:59Z"), "pass: it is open");
    assert!(says(frozen, "2028-02-29T00:00:00Z").ends_with("[2028-03-01T00:00:00Z]"));
}

#[test]
fn a_freeze_is_in_the_time_zone_of_the_hours_that_would_be_open() {
    // At 16:00 UTC it is the 20th in Tokyo, and still the 19th in Berlin.
    let both = "{ allow: ['Mon-Sun 00:00-24:00 Asia/Tokyo', 'Mon-Sun 17:00-18:00 Europe/Berlin'], \
                freeze: [{ from: 2026-12-20, until: 2026-12-20 }] }";
    assert_eq!(says(both, "2026-12-19T16:00:00Z"), "pass: it is open");
    assert!(says(both, "2026-12-19T17:00:00Z").ends_with("[2026-12-20T15:00:00Z]"));
}

#[test]
fn a_window_that_does_not_open_within_a_year_says_so() {
    let closed =
        "{ allow: ['Mon 09:00-10:00 UTC'], freeze: [{ from: 2026-01-01, until: 2029-01-01 }] }";
    let verdict = window(closed, "2026-06-15T09:00:00Z");
    assert_eq!(verdict.answer, Answer::Wait { until: None });
    assert!(
        verdict.reason.ends_with("the window does not open within a year"),
        "{}",
        verdict.reason
    );
}

#[test]
fn a_verdict_names_the_line_of_the_freeze_that_closes_the_window() {
    let frozen =
        "{ allow: ['Mon-Sun 00:00-24:00 UTC'], freeze: [{ from: 2026-06-01, until: 2026-06-30 }] }";
    let place = window(frozen, "2026-06-15T09:00:00Z").place.unwrap();
    let location = place.location();
    assert!(location.text().starts_with("{ from: 2026-06-01"), "{}", location.text());
}

/// Hours as the oracle knows them: days from Monday, minutes, zone.
type Hours = ([bool; 7], u16, u16, &'static str);

/// Zones, each with the instants of a year at which its clocks change.
const ZONES: [(&str, [&str; 2]); 3] = [
    ("Europe/Berlin", ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"]),
    ("America/New_York", ["2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z"]),
    ("Australia/Lord_Howe", ["2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z"]),
];

fn some_hours(zone: &'static str) -> impl Strategy<Value = Hours> {
    // Clocks change in the first hours of a day.
    let minute = prop_oneof![0..1440u16, 0..200u16];
    let days = prop::array::uniform7(prop::bool::weighted(0.4));
    (days, minute.clone(), minute, Just(zone))
        .prop_filter("hours have days and a length", |(days, from, until, _)| {
            from != until && days.contains(&true)
        })
}

/// Hours of one time zone or two, and a minute within the two days before the clocks of
/// the first change, or on any day of the year.
fn a_window() -> impl Strategy<Value = (Vec<Hours>, Timestamp)> {
    let zones = (prop::sample::select(&ZONES[..]), prop::sample::select(&ZONES[..]));
    zones.prop_flat_map(|((zone, changes), (other, _))| {
        let minutes = SignedDuration::from_mins;
        let change = (prop::sample::select(changes.to_vec()), 0..2880i64);
        let instant = prop_oneof![
            3 => change.prop_map(move |(change, before)| at(change) - minutes(before)),
            1 => (0..365i64 * 1440).prop_map(move |later| at("2026-01-01T00:00:00Z") + minutes(later)),
        ];
        let others = prop::collection::vec(some_hours(other), 0..2);
        (some_hours(zone), others, instant).prop_map(|(first, mut hours, instant)| {
            hours.push(first);
            (hours, instant)
        })
    })
}

fn written((days, from, until, zone): &Hours) -> String {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let days = DAYS.iter().zip(days).filter(|(_, is_on)| **is_on).map(|(day, _)| *day);
    let days: Vec<_> = days.collect();
    let time = |minute: &u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    format!("{} {}-{} {zone}", days.join(","), time(from), time(until))
}

/// Whether a minute is open, by nothing but the local clock.
fn is_open(hours: &[Hours], freezes: &[(Date, Date)], at: Timestamp) -> bool {
    hours.iter().any(|(days, from, until, zone)| {
        let local = at.to_zoned(TimeZone::get(zone).unwrap());
        let day = local.date();
        let is_frozen = freezes.iter().any(|(from, until)| *from <= day && day <= *until);
        let part = |number: i8| u16::try_from(number).unwrap();
        let minute = part(local.hour()) * 60 + part(local.minute());
        let is_on =
            |day: Date| days[usize::try_from(day.weekday().to_monday_zero_offset()).unwrap()];
        let in_hours = if from < until {
            is_on(day) && *from <= minute && minute < *until
        } else {
            (is_on(day) && minute >= *from) || (is_on(day.yesterday().unwrap()) && minute < *until)
        };
        in_hours && !is_frozen
    })
}

fn some_freezes() -> impl Strategy<Value = Vec<(Date, Date)>> {
    let freeze = (0..20i32, 0..6i32);
    prop::collection::vec(freeze, 0..3).prop_map(|list| {
        // Around the changes of clocks in spring.
        let first = jiff::civil::date(2026, 3, 24);
        let day = |days: i32| first.checked_add(jiff::ToSpan::days(days)).unwrap();
        list.into_iter().map(|(from, length)| (day(from), day(from + length))).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_next_opening_is_the_first_open_minute(
        (hours, now) in a_window(),
        freezes in some_freezes(),
    ) {
        let allow: Vec<_> = hours.iter().map(|hours| format!("'{}'", written(hours))).collect();
        let freeze = freezes.iter().map(|(from, until)| format!("{{ from: {from}, until: {until} }}"));
        let freeze: Vec<_> = freeze.collect();
        let gate = format!("{{ allow: [{}], freeze: [{}] }}", allow.join(", "), freeze.join(", "));
        let gate = gate.replace(", freeze: []", "");
        let answer = window(&gate, &now.to_string()).answer;
        if is_open(&hours, &freezes, now) {
            prop_assert_eq!(answer, Answer::Pass);
            return Ok(());
        }
        let minutes = (1..=366 * 1440).map(|minute| now + SignedDuration::from_mins(minute));
        let first = minutes.into_iter().find(|at| is_open(&hours, &freezes, *at));
        prop_assert_eq!(answer, Answer::Wait { until: first }, "{}", gate);
    }
}
