//! A rung whose state changes every hour does not starve the one above it, and never
//! passes on a state that was held back.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::support::git::{git, git_at};
use crate::support::program::{rungs, rungs_done, transcript};
use crate::support::repository::{Remote, native, native_app, native_file};

/// The number of states that stage has had, one an hour, the last half an hour ago.
const STATES: i64 = 40;

/// The newest state that has been there for a day: it came 24½ hours ago.
const SOAKED: i64 = STATES - 24;

/// A clone of a repository whose stage changes every hour, and whose prod has a soak of
/// a day.
struct Busy {
    remote: Remote,
    clone: PathBuf,
}

impl Busy {
    fn new(select: &str) -> Self {
        let prod = format!("select: {select}\ngates: {{ soak: 24h }}\n");
        let more = [
            ("environments/prod/environment.yaml", prod.as_str()),
            ("environments/environment.yaml", "generate: { namespaces: false }\n"),
        ];
        let mut files = native(&[("stage", "v0"), ("prod", "v0")], &["web".to_owned()], &more);
        // Dozens of commits do not need rendered files.
        files.retain(|path, _| !path.starts_with("rendered/"));
        let remote = Remote::new(&files);
        let clone = remote.cloned("builder");
        for state in 1..=STATES {
            let minutes = (STATES - state) * 60 + 30;
            let time = Timestamp::now() - SignedDuration::from_mins(minutes);
            place(&clone, &format!("v{state}"), &time.to_string());
        }
        git(&clone, &["push", "-q"]);
        Self { remote, clone }
    }

    /// Promotes to prod and returns the tag that prod has afterwards.
    fn promoted(&self) -> String {
        rungs_done(&self.clone, &["promote", "web", "--to", "prod", "--commit"]);
        self.current_tag()
    }

    fn current_tag(&self) -> String {
        let file = self.remote.files("main").remove(&native_file("prod", "web")).unwrap();
        let tag = file.lines().find_map(|line| line.trim().strip_prefix("tag: ")).unwrap();
        tag.split(' ').next().unwrap().to_owned()
    }

    fn hold(&self, environment: &str, tag: &str) {
        let reference = format!("web=:{tag}");
        let arguments = ["hold", "set", "web", "--env", environment, "--ref", &reference];
        let why = ["--reason", "it leaks", "--commit"];
        rungs_done(&self.clone, &[&arguments[..], &why].concat());
    }
}

fn place(clone: &Path, tag: &str, time: &str) {
    fs::write(clone.join(native_file("stage", "web")), native_app("web", tag)).unwrap();
    git_at(clone, time, &["commit", "-qam", &format!("web {tag}")]);
}

#[test]
fn the_newest_state_that_soaked_is_promoted() {
    assert_eq!(Busy::new("newest-eligible").promoted(), format!("v{SOAKED}"));
}

#[test]
fn the_current_state_never_soaks_on_a_busy_rung() {
    let busy = Busy::new("current");
    let output = rungs(&busy.clone, &["promote", "web", "--to", "prod", "--commit"]);
    assert_eq!(output.status.code(), Some(5), "it waits: {}", transcript(&output));
    assert_eq!(busy.current_tag(), "v0");
}

#[test]
fn a_state_that_is_held_back_is_skipped() {
    let busy = Busy::new("newest-eligible");
    busy.hold("stage", &format!("v{SOAKED}"));
    busy.hold("prod", &format!("v{}", SOAKED - 1));
    assert_eq!(busy.promoted(), format!("v{}", SOAKED - 2));
}

#[test]
fn a_state_that_was_rolled_back_does_not_return() {
    let busy = Busy::new("newest-eligible");
    assert_eq!(busy.promoted(), format!("v{SOAKED}"));
    let why = ["--reason", "it leaks", "--commit"];
    rungs_done(&busy.clone, &[&["rollback", "web", "--env", "prod"][..], &why].concat());
    assert_eq!(busy.current_tag(), "v0");
    assert_eq!(busy.promoted(), format!("v{}", SOAKED - 1));
}

#[test]
fn a_second_promotion_waits_and_changes_nothing() {
    let busy = Busy::new("newest-eligible");
    busy.promoted();
    let tip = busy.remote.tip();
    let output = rungs(&busy.clone, &["promote", "web", "--to", "prod", "--commit"]);
    assert_eq!(output.status.code(), Some(5), "{}", transcript(&output));
    assert_eq!(busy.remote.tip(), tip);
}

/// The answers of `status`, `gates` and `promote --dry-run` for prod: the tag that would
/// enter, and the gates that do not pass.
fn answers(busy: &Busy) -> [(Option<String>, Vec<String>); 3] {
    let json = |arguments: &[&str]| -> Value {
        let output = rungs(&busy.clone, &[arguments, &["--format", "json"]].concat());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", transcript(&output)))
    };
    let status = json(&["status", "web", "--env", "prod"]);
    let cell = &status["apps"][0]["environments"][0];
    let next = cell["next"]["changes"][0].as_str();
    let next = next.and_then(|change| change.rsplit(' ').next()).map(str::to_owned);
    let blocked = cell["blocked"].as_array().unwrap().iter();
    let gates = blocked.map(|block| {
        let by = &block["by"];
        by["waits"].as_str().or(by["fails"].as_str()).unwrap_or_else(|| panic!("{by}")).to_owned()
    });
    let planned = |plan: &Value| {
        let app = &plan["apps"][0];
        let to = app["changes"][0]["to"]["image"]["tag"].as_str().map(str::to_owned);
        let verdicts = app["gates"].as_array().unwrap().iter();
        let closed = verdicts.filter(|verdict| verdict["answer"] != "pass");
        (to, closed.map(|verdict| verdict["gate"].as_str().unwrap().to_owned()).collect())
    };
    let gates_command = json(&["gates", "web", "--to", "prod"]);
    let promotion = json(&["promote", "web", "--to", "prod", "--dry-run"]);
    [(next, gates.collect()), planned(&gates_command["plans"][0]), planned(&promotion["plan"])]
}

#[test]
fn status_gates_and_promote_agree_on_a_busy_rung() {
    let busy = Busy::new("newest-eligible");
    let expected = (Some(format!("v{SOAKED}")), Vec::new());
    assert_eq!(answers(&busy), [expected.clone(), expected.clone(), expected]);
    busy.promoted();
    // Nothing newer has soaked: the newest state is shown, with the gate that it waits for.
    let waits = (Some(format!("v{STATES}")), vec!["soak".to_owned()]);
    assert_eq!(answers(&busy), [waits.clone(), waits.clone(), waits]);
}

#[test]
fn status_says_that_the_current_state_waits() {
    let waits = (Some(format!("v{STATES}")), vec!["soak".to_owned()]);
    assert_eq!(answers(&Busy::new("current")), [waits.clone(), waits.clone(), waits]);
}
