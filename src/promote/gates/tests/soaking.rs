//! Claims of `soak`.

use proptest::prelude::*;

use super::*;

fn verified(text: &str) -> Since {
    Since::Verified { at: at(text) }
}

fn unverified(text: &str) -> Since {
    Since::Unverified { at: at(text) }
}

fn unknown() -> Since {
    Since::Unknown { fetch: "git fetch --unshallow".to_owned() }
}

/// The time is 2026-06-15T12:00Z, and the soak is a day.
fn soaked(gates: &str, past: &[(&str, Since)]) -> World {
    let past =
        past.iter().map(|(text, since)| ((!text.is_empty()).then(|| state(text)), since.clone()));
    World::gated(gates).tenures("stage", tenures(past.collect()))
}

const DAY: &str = "  soak: 24h\n";
const FORGE: &str = "  soak: { for: 24h, trust: forge }\n";

#[test]
fn a_state_enters_when_it_has_been_below_for_long_enough() {
    let table = [
        (
            DAY,
            vec![("v2", verified("2026-06-14T12:00:00Z"))],
            "pass: it has been in `stage` for 1d",
        ),
        (
            DAY,
            vec![("v2", verified("2026-06-14T12:00:01Z"))],
            "wait: it has been in `stage` for 23h 59m of 1d",
        ),
        (
            DAY,
            vec![("v2", unverified("2026-06-10T09:30:00Z"))],
            "pass: it has been in `stage` for 5d 2h by the commit's own time, which is unverified",
        ),
        (
            DAY,
            vec![("v2", unverified("2026-06-15T12:00:01Z"))],
            "wait: it came to `stage` in the future, at 2026-06-15 12:00 UTC by the commit's own \
             time, which is unverified",
        ),
        (
            DAY,
            vec![("v2", unknown())],
            "wait: it is not known how long it has been in `stage`: its history is not in this \
             clone; fetch it with `git fetch --unshallow`",
        ),
        (
            FORGE,
            vec![("v2", verified("2026-06-14T12:00:00Z"))],
            "pass: it has been in `stage` for 1d",
        ),
        (
            FORGE,
            vec![("v2", unverified("2026-01-01T00:00:00Z"))],
            "wait: it is not known how long it has been in `stage`: only the commit's own time \
             is known, and `trust: forge` does not count it",
        ),
        (
            DAY,
            vec![("v1", unknown())],
            "wait: it is not known how long it has been in `stage`: its history is not in this \
             clone; fetch it with `git fetch --unshallow`",
        ),
        (DAY, vec![("v1", verified("2026-06-01T00:00:00Z"))], "wait: it has not been in `stage`"),
        (DAY, vec![], "wait: it has not been in `stage`"),
    ];
    for (gates, past, expected) in table {
        assert_eq!(soaked(gates, &past).says(Gate::Soak), expected, "{past:?}");
    }
}

#[test]
fn a_promotion_waits_until_the_soak_ends() {
    let until = |past: &[(&str, Since)]| soaked(DAY, past).verdict(Gate::Soak).unwrap().answer;
    let end = |text| Answer::Wait { until: Some(at(text)) };
    assert_eq!(until(&[("v2", verified("2026-06-15T06:00:00Z"))]), end("2026-06-16T06:00:00Z"));
    assert_eq!(until(&[("v2", unverified("2027-01-01T00:00:00Z"))]), end("2027-01-02T00:00:00Z"));
    assert_eq!(until(&[("v2", unknown())]), Answer::Wait { until: None });
}

#[test]
fn a_state_that_came_back_starts_again() {
    let past = [
        ("v2", verified("2026-06-15T10:00:00Z")),
        ("v1", verified("2026-06-15T09:00:00Z")),
        ("v2", verified("2026-06-01T00:00:00Z")),
    ];
    assert!(soaked(DAY, &past).says(Gate::Soak).starts_with("wait: it has been in `stage` for 2h"));
}

#[test]
fn a_state_that_has_left_a_busy_rung_counts_from_its_arrival() {
    let past = [
        ("v4", verified("2026-06-15T11:00:00Z")),
        ("v3", verified("2026-06-15T10:00:00Z")),
        ("v2", verified("2026-06-14T11:00:00Z")),
    ];
    assert_eq!(soaked(DAY, &past).says(Gate::Soak), "pass: it has been in `stage` for 1d 1h");
}

#[test]
fn a_state_that_could_not_be_read_is_a_break() {
    let past = [
        ("v2", verified("2026-06-15T10:00:00Z")),
        ("", verified("2026-06-15T09:00:00Z")),
        ("v2", verified("2026-06-01T00:00:00Z")),
    ];
    assert!(soaked(DAY, &past).says(Gate::Soak).contains("for 2h of"));
}

#[test]
fn an_app_that_was_gone_in_between_starts_again() {
    let mut past = tenures(vec![
        (Some(state("v2")), verified("2026-06-15T10:00:00Z")),
        (Some(state("v2")), verified("2026-06-01T00:00:00Z")),
    ]);
    past[1].as_mut().unwrap().left = Some(commit(99));
    let world = World::gated(DAY).tenures("stage", past);
    assert!(world.says(Gate::Soak).contains("for 2h of"));
}

#[test]
fn a_change_of_another_image_does_not_break_the_soak_of_a_set_reference() {
    let past = [
        ("web=v2 db=v2", verified("2026-06-15T10:00:00Z")),
        ("web=v2 db=v1", verified("2026-06-01T00:00:00Z")),
    ];
    let world = soaked(DAY, &past).current("prod", "web=v1 db=v9").set();
    let world = world.proposing("web=v2 db=v9");
    assert_eq!(world.says(Gate::Soak), "pass: it has been in `stage` for 14d 12h");
    let whole = soaked(DAY, &past).proposing("web=v2 db=v2");
    assert!(whole.says(Gate::Soak).contains("for 2h of"), "a promotion takes the whole state");
}

#[test]
fn at_the_edge_of_a_shallow_clone_the_known_time_counts() {
    let near = [("web=v2 db=v2", verified("2026-06-15T10:00:00Z")), ("web=v2 db=v1", unknown())];
    let set = |past: &[(&str, Since)]| {
        soaked(DAY, past).current("prod", "web=v1 db=v9").set().proposing("web=v2 db=v9")
    };
    assert_eq!(
        set(&near).says(Gate::Soak),
        "wait: it has been in `stage` for 2h of 1d; perhaps longer, but its history is not in \
         this clone; fetch it with `git fetch --unshallow`"
    );
    let long = [("v2", verified("2026-06-01T00:00:00Z"))];
    let world = soaked(DAY, &long).shallow("stage");
    assert_eq!(world.says(Gate::Soak), "pass: it has been in `stage` for 14d 12h");
    world.history.read.take();
    assert_eq!(world.read(), ["stage"], "no more is read than necessary");
}

#[test]
fn a_forge_that_knows_the_newer_half_of_a_tenure_vouches_for_that_half() {
    let past = [
        ("web=v2 db=v2", verified("2026-06-15T10:00:00Z")),
        ("web=v2 db=v1", unverified("2026-01-01T00:00:00Z")),
    ];
    let world = soaked(FORGE, &past).current("prod", "web=v1 db=v9").set();
    assert_eq!(
        world.proposing("web=v2 db=v9").says(Gate::Soak),
        "wait: it has been in `stage` for 2h of 1d"
    );
}

fn fan_in(after: &str) -> World {
    let text = format!("after: {after}\ngates: {{ soak: 24h }}\n");
    World::of(&[
        ("rungs.yaml", "version: 1\nladder: [qa, stage]\n"),
        ("environments/prod/environment.yaml", &text),
    ])
    .current("qa", "v2")
    .current("stage", "v2")
    .tenures("qa", tenures(vec![(Some(state("v2")), verified("2026-06-15T10:00:00Z"))]))
    .tenures("stage", tenures(vec![(Some(state("v2")), verified("2026-06-01T00:00:00Z"))]))
}

#[test]
fn with_all_every_source_soaks_and_with_any_one_does() {
    let all = fan_in("{ all: [qa, stage] }");
    assert_eq!(all.says(Gate::Soak), "wait: it has been in `qa` for 2h of 1d");
    let any = fan_in("{ any: [qa, stage] }");
    assert_eq!(any.says(Gate::Soak), "pass: it has been in `stage` for 14d 12h");
}

#[test]
fn a_history_that_git_cannot_read_waits() {
    let failed = HistoryError::Failed("it is gone".to_owned());
    let world = World::gated(DAY).tenures("stage", vec![Err(failed)]);
    assert_eq!(
        world.says(Gate::Soak),
        "wait: it is not known how long it has been in `stage`: git could not read the history: it \
         is gone"
    );
}

proptest! {
    #[test]
    fn the_newest_unbroken_tenure_counts(
        tags in prop::collection::vec(prop::option::of(1..4u8), 0..12),
        hours in prop::collection::vec(1..40i64, 12),
        wanted in 1..4u8,
    ) {
        // From the oldest to the newest, each some hours after the one before.
        let now = at("2026-06-15T12:00:00Z").as_second();
        let mut start = now - hours.iter().take(tags.len()).sum::<i64>() * 3600;
        let mut past = Vec::new();
        for (tag, hours) in tags.iter().zip(&hours) {
            past.push((*tag, start));
            start += hours * 3600;
        }
        // The oracle: go back over what is not wanted, then over what is.
        let newest = past.iter().rposition(|(tag, _)| *tag == Some(wanted));
        let since = newest.map(|mut at| {
            while at > 0 && past[at - 1].0 == Some(wanted) {
                at -= 1;
            }
            past[at].1
        });
        let list = past.iter().rev().map(|(tag, start)| {
            let since = Since::Verified { at: Timestamp::from_second(*start).unwrap() };
            (tag.map(|tag| state(&format!("v{tag}"))), since)
        });
        let world = World::gated(DAY).tenures("stage", tenures(list.collect()));
        let verdict = world.proposing(&format!("v{wanted}")).verdict(Gate::Soak).unwrap();
        let expected = match since {
            None => Answer::Wait { until: None },
            Some(since) if since + 86400 <= now => Answer::Pass,
            Some(since) => {
                Answer::Wait { until: Some(Timestamp::from_second(since + 86400).unwrap()) }
            }
        };
        prop_assert_eq!(verdict.answer, expected);
    }
}

#[test]
fn a_state_that_left_before_it_had_stood_for_long_enough_was_never_there() {
    let passed = |gates: &str, left: &str| {
        let past = [("v1", unverified(left)), ("v2", unverified("2026-06-01T00:00:00Z"))];
        soaked(gates, &past).current("stage", "v1").named()
    };
    let short = passed(DAY, "2026-06-01T00:09:59Z");
    assert_eq!(short.says(Gate::Soak), "wait: it has not been in `stage`");
    let never = "fail: in `stage`, `web` is `v1` and not `v2`, and it was there for less than 10m";
    assert_eq!(short.says(Gate::Order), never);
    let long = passed(DAY, "2026-06-01T00:10:00Z");
    assert_eq!(long.says(Gate::Order), "pass: `stage` has had it");
    assert!(long.says(Gate::Soak).starts_with("pass: it has been in `stage` for 14d"));
    let hour = "  soak: { for: 24h, stood: 1h }\n";
    assert_eq!(
        passed(hour, "2026-06-01T00:59:59Z").says(Gate::Soak),
        "wait: it has not been in `stage`"
    );
    let future = passed(hour, "2026-07-01T00:00:00Z");
    assert_eq!(future.says(Gate::Order), "pass: `stage` has had it", "until now");
}

#[test]
fn a_commit_that_is_dated_before_one_that_it_follows_counts_from_the_next_possible_time() {
    let dated = || soaked(DAY, &[("v2", unverified("1970-01-01T00:00:00Z"))]);
    assert!(dated().says(Gate::Soak).starts_with("pass"));
    let unknown = "wait: it is not known how long it has been in `stage`: the commit that brought \
                   it is dated before one that it follows";
    assert_eq!(dated().impossible(1, None).says(Gate::Soak), unknown);
    let later = dated().impossible(1, Some("2026-06-15T00:00:00Z"));
    assert!(later.says(Gate::Soak).starts_with("wait: it has been in `stage` for 12h of 1d"));
    let past =
        [("v1", unverified("2026-06-01T00:00:00Z")), ("v2", unverified("1970-01-01T00:00:00Z"))];
    let left = soaked(DAY, &past).current("stage", "v1").named();
    let left = left.impossible(1, Some("2026-06-01T00:00:00Z"));
    assert_eq!(left.says(Gate::Soak), "wait: it has not been in `stage`", "it never stood");
}
