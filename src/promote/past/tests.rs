use super::made::{Made, name, pair, state};
use super::stays::Stays;
use super::*;
use crate::git::History;
use crate::promote::{Since, Stay};
use crate::sites::{Said, State};

impl Made {
    fn stays(&self) -> Vec<Stay> {
        Stays::new(self.walk(), pair("qa/web")).map(Result::unwrap).collect()
    }

    fn told(&self) -> Vec<(Option<String>, Option<i64>)> {
        self.stays()
            .into_iter()
            .map(|stay| (stay.state.map(|s| tag_of(&s)), minute(&stay.since)))
            .collect()
    }
}

fn tag_of(state: &State) -> String {
    let tags = state.iter().map(|(_, said)| match said {
        Said::Image(image) => image.tag.clone().unwrap(),
        other => panic!("{other:?}"),
    });
    tags.collect()
}

fn minute(since: &Since) -> Option<i64> {
    since.time().map(|time| time.as_second() / 60)
}

fn said(tag: &str, minute: i64) -> (Option<String>, Option<i64>) {
    (Some(tag.to_owned()), Some(minute))
}

#[test]
fn a_state_stays_until_another_comes() {
    let mut made = Made::of(&[Some("v1"), Some("v2"), Some("v1")]);
    made.add(&[("qa/other", Some("v9"))]);
    assert_eq!(made.told(), [said("v1", 2), said("v2", 1), said("v1", 0)]);
    let stays = made.stays();
    assert_eq!(stays[0].left, None);
    assert_eq!(stays[1].left, Some(name(1002)));
    assert_eq!(stays[1].entered.as_ref().unwrap().id, name(1001));
}

#[test]
fn an_app_that_was_away_and_one_that_was_broken_have_stays_of_it() {
    let made = Made::of(&[Some("v1"), None, Some("v1"), Some("broken"), Some("v1")]);
    assert_eq!(
        made.told(),
        [said("v1", 4), (None, Some(3)), said("v1", 2), said("", 1), said("v1", 0)]
    );
}

#[test]
fn a_file_that_changes_otherwise_ends_no_stay() {
    let mut made = Made::of(&[Some("v1")]);
    made.add(&[("qa/web", Some("v1"))]);
    assert_eq!(made.told(), [said("v1", 0)]);
}

#[test]
fn a_merge_that_hides_the_branch_counts_for_the_stays_that_reach_past_it() {
    let mut made = Made::of(&[Some("v1"), Some("v2")]);
    made.add(&[("qa/other", Some("v9"))]).hides_branch = true;
    made.add(&[("qa/other", Some("v8"))]).hides_branch = true;
    let stays = made.stays();
    assert_eq!(minute(&stays[0].since), Some(3), "the newest of them");
    assert!(matches!(&stays[0].since, Since::HiddenBefore { merge, .. } if *merge == name(1003)));
    assert_eq!(stays[1].since, Since::Unverified { at: jiff::Timestamp::UNIX_EPOCH });
}

#[test]
fn a_state_that_a_hiding_merge_brings_stands_since_then() {
    let mut made = Made::of(&[Some("v1")]);
    made.add(&[("qa/web", Some("v2"))]).hides_branch = true;
    assert!(matches!(made.stays()[0].since, Since::Unverified { .. }));
}

#[test]
fn what_stood_before_a_shallow_clone_begins_is_unknown() {
    let mut made = Made::of(&[Some("v1"), Some("v2")]);
    made.steps.remove(0);
    made.is_shallow = true;
    let stays = made.stays();
    assert_eq!(stays.len(), 2);
    assert!(matches!(&stays[1].since, Since::Unknown { fetch } if fetch.contains("unshallow")));
    assert_eq!((&stays[1].entered, stays[1].state.as_ref()), (&None, Some(&state("v1"))));
}

#[test]
fn stays_are_looked_for_one_by_one() {
    let made = Made::of(&[Some("v1"), Some("v2"), Some("v3")]);
    let mut read = 0;
    let steps = made.steps(&name(0), &[]).unwrap().inspect(|_| read += 1);
    let walk = Walk::new(&made, Box::new(steps), made.files.clone());
    assert!(Stays::new(walk, pair("qa/web")).next().is_some());
    assert_eq!(read, 1);
}
