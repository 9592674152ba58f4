//! Over a history that is made up: files hold `tag` or nothing, at
//! `environment/app`.

use std::collections::BTreeMap;

use super::stays::Stays;
use super::*;
use crate::config::EnvironmentName;
use crate::git::{Commit, FileChange, History, HistoryError, Names, ObjectName, Signature, Step};
use crate::promote::{Since, Stay};
use crate::sites::{ImageParts, Key, Said, State};
use crate::source::RepoPath;

/// Files by path.
#[derive(Clone, Default)]
struct Files(BTreeMap<RepoPath, Vec<u8>>);

impl Reading for Files {
    fn pairs_of(&self, path: &RepoPath) -> Vec<Pair> {
        self.0.contains_key(path).then(|| pair(path.as_str())).into_iter().collect()
    }

    fn pairs(&self) -> Vec<Pair> {
        self.0.keys().map(|path| pair(path.as_str())).collect()
    }

    fn state(&self, pair: &Pair) -> Option<State> {
        let path = RepoPath::new(&format!("{}/{}", pair.environment, pair.app)).unwrap();
        let Some(bytes) = self.0.get(&path) else { return Some(State::default()) };
        let tag = String::from_utf8(bytes.clone()).unwrap();
        (tag != "broken").then(|| state(&tag))
    }

    fn replace(&mut self, path: &RepoPath, bytes: Option<Vec<u8>>) {
        match bytes {
            Some(bytes) => self.0.insert(path.clone(), bytes),
            None => self.0.remove(path),
        };
    }
}

fn pair(text: &str) -> Pair {
    let (environment, app) = text.rsplit_once('/').unwrap();
    Pair { environment: EnvironmentName::named(environment).unwrap(), app: app.to_owned() }
}

fn state(tag: &str) -> State {
    let image = ImageParts { tag: Some(tag.to_owned()), ..ImageParts::default() };
    State::new([(Key::Image("web".to_owned()), Said::Image(image))].into())
}

/// Commits from the oldest to the newest; each at the minute of its index.
#[derive(Default)]
struct Made {
    steps: Vec<Step>,
    files: Files,
    blobs: BTreeMap<ObjectName, Vec<u8>>,
    is_shallow: bool,
}

fn name(number: usize) -> ObjectName {
    ObjectName::parse(&format!("{number:040x}")).unwrap()
}

impl Made {
    fn commit(&mut self, files: &[(&str, Option<&str>)]) -> &mut Step {
        let changes = files.iter().map(|(path, text)| {
            let path = RepoPath::new(path).unwrap();
            let before = self.files.0.get(&path).map(|bytes| Self::blob_of(&mut self.blobs, bytes));
            let bytes = text.map(|text| text.as_bytes().to_vec());
            let after = bytes.as_ref().map(|bytes| Self::blob_of(&mut self.blobs, bytes));
            self.files.replace(&path, bytes);
            FileChange { path, before, after }
        });
        let changes = changes.collect();
        let number = self.steps.len();
        let time = jiff::Timestamp::from_second(60 * i64::try_from(number).unwrap()).unwrap();
        let person = Signature { name: "ana".to_owned(), email: "a@example.com".to_owned(), time };
        let commit = Commit {
            id: name(1000 + number),
            parents: Vec::new(),
            author: person.clone(),
            committer: person,
            message: String::new(),
        };
        self.steps.push(Step { commit, changes, hides_branch: false });
        self.steps.last_mut().unwrap()
    }

    fn blob_of(blobs: &mut BTreeMap<ObjectName, Vec<u8>>, bytes: &[u8]) -> ObjectName {
        let known = blobs.iter().find(|(_, known)| *known == bytes).map(|(id, _)| id.clone());
        known.unwrap_or_else(|| {
            let id = name(blobs.len() + 1);
            blobs.insert(id.clone(), bytes.to_vec());
            id
        })
    }

    fn of(tags: &[Option<&str>]) -> Self {
        let mut made = Self::default();
        for tag in tags {
            made.commit(&[("qa/web", *tag)]);
        }
        made
    }

    fn stays(&self) -> Vec<Stay> {
        let steps = self.steps(&name(0), &[]).unwrap();
        let walk = Walk::new(self, steps, self.files.clone());
        Stays::new(walk, pair("qa/web")).map(Result::unwrap).collect()
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

impl History for Made {
    fn steps<'h>(
        &'h self,
        _: &ObjectName,
        _: &[RepoPath],
    ) -> Result<Box<dyn Iterator<Item = Result<Step, HistoryError>> + 'h>, HistoryError> {
        let edge = HistoryError::Shallow { fetch: "git fetch --unshallow".to_owned() };
        let edge = self.is_shallow.then_some(Err(edge));
        Ok(Box::new(self.steps.iter().rev().cloned().map(Ok).chain(edge)))
    }

    fn branch<'h>(&'h self, _: &ObjectName) -> Result<Names<'h>, HistoryError> {
        Ok(Box::new(self.steps.iter().rev().map(|step| Ok(step.commit.id.clone()))))
    }

    fn blob(&self, id: &ObjectName) -> Result<Vec<u8>, HistoryError> {
        Ok(self.blobs[id].clone())
    }
}

fn said(tag: &str, minute: i64) -> (Option<String>, Option<i64>) {
    (Some(tag.to_owned()), Some(minute))
}

#[test]
fn a_state_stays_until_another_comes() {
    let mut made = Made::of(&[Some("v1"), Some("v2"), Some("v1")]);
    made.commit(&[("qa/other", Some("v9"))]);
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
    made.commit(&[("qa/web", Some("v1"))]);
    assert_eq!(made.told(), [said("v1", 0)]);
}

#[test]
fn a_merge_that_hides_the_branch_counts_for_the_stays_that_reach_past_it() {
    let mut made = Made::of(&[Some("v1"), Some("v2")]);
    made.commit(&[("qa/other", Some("v9"))]).hides_branch = true;
    made.commit(&[("qa/other", Some("v8"))]).hides_branch = true;
    let stays = made.stays();
    assert_eq!(minute(&stays[0].since), Some(3), "the newest of them");
    assert!(matches!(&stays[0].since, Since::HiddenBefore { merge, .. } if *merge == name(1003)));
    assert_eq!(stays[1].since, Since::Unverified { at: jiff::Timestamp::UNIX_EPOCH });
}

#[test]
fn a_state_that_a_hiding_merge_brings_stands_since_then() {
    let mut made = Made::of(&[Some("v1")]);
    made.commit(&[("qa/web", Some("v2"))]).hides_branch = true;
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
