//! `rungs gates --replay`: what the gates would have said of the past.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Value;

use crate::support::effort::few_or_all;
use crate::support::git::{clone, git, git_at};
use crate::support::program::rungs;
use crate::support::shop::{RunOutput, Shop, image, put};

/// All of the past, whenever the test runs.
const REPLAY: [&str; 3] = ["gates", "--replay", "99y"];

/// A shop whose past is written commit by commit.
struct Past(Shop);

impl Past {
    fn new() -> Self {
        Self(Shop::adopted(&[]))
    }

    /// Commits files at a time, and pushes them.
    fn on(&self, time: &str, message: &str, files: &[(&str, &str)]) -> String {
        for (path, text) in files {
            put(&self.0.clone, path, Some(text));
        }
        git(&self.0.clone, &["add", "-A"]);
        git_at(&self.0.clone, time, &["commit", "-qm", message]);
        git(&self.0.clone, &["push", "-q"]);
        git(&self.0.clone, &["rev-parse", "HEAD"])
    }

    /// Commits an app's tag in an environment.
    fn enters(&self, time: &str, environment: &str, tag: &str, message: &str) -> String {
        self.on(time, message, &[(&format!("{environment}/web.yaml"), &image("web", tag))])
    }

    /// Configures gates in the work tree alone.
    fn configure(&self, environments: &str) {
        let settings = self.0.file("rungs.yaml");
        let settings = format!("{settings}\nenvironments: {environments}\n");
        put(&self.0.clone, "rungs.yaml", Some(&settings));
    }

    fn text(&self, more: &[&str]) -> RunOutput {
        self.0.ends(0, &[&REPLAY, more].concat())
    }

    fn json(&self, more: &[&str]) -> Value {
        self.0.json(0, &[&REPLAY, more].concat())["replay"].take()
    }
}

/// The message of a change with a record.
fn recorded(record: &str) -> String {
    format!("Change\n\n{record}\n")
}

/// How many changes would have passed, failed, waited, and been overridden.
fn judged(replay: &Value) -> [u64; 4] {
    ["passed", "failed", "waited", "overridden"].map(|key| replay["judged"][key].as_u64().unwrap())
}

/// What a gate would have said, by the number of changes: the same, and not known.
fn tally(replay: &Value, gate: &str) -> [u64; 5] {
    let gates = replay["gates"].as_array().unwrap();
    let found = gates.iter().find(|one| one["gate"] == gate).unwrap_or_else(|| panic!("{replay}"));
    ["passed", "failed", "waited", "overridden", "notKnown"].map(|key| found[key].as_u64().unwrap())
}

/// The reason of the only verdict of a change.
fn reason(change: &Value) -> &str {
    assert_eq!(change["gates"].as_array().unwrap().len(), 1, "{change}");
    change["gates"][0]["reason"].as_str().unwrap()
}

#[test]
fn a_skipped_rung_is_found_with_its_line_and_its_author() {
    let past = Past::new();
    let commit = past.enters("2026-02-03T10:00:00Z", "prod", "v2", "Hurry");
    let replay = past.json(&[]);
    assert_eq!(judged(&replay), [0, 1, 0, 0]);
    let change = &replay["changes"][0];
    assert_eq!(change["at"], "2026-02-03T10:00:00Z");
    assert_eq!(change["commit"], Value::from(commit));
    assert_eq!(change["author"]["name"], "ana");
    assert_eq!((&change["environment"], &change["app"]), (&"prod".into(), &"web".into()));
    assert_eq!(change["changes"][0]["to"], "registry.example.com/shop/web:v2");
    assert_eq!(change["place"]["path"], "prod/web.yaml");
    assert_eq!(change["place"]["line"], 2);
    assert_eq!(change["gates"][0]["gate"], "order");
    assert_eq!(change["gates"][0]["answer"], "fail");
    assert_eq!(change["gates"][0]["asked"]["path"], "rungs.yaml");
    assert_eq!(reason(change), "in `stage`, `image` is `v1` and not `v2`");
    let text = past.text(&[]).says("2026-02-03 10:00").says("prod/web.yaml:2").says("rungs.yaml:2");
    text.says("v1 → v2").says("1 change since").says("1 would have failed");
    past.text(&["--format", "markdown"]).says("### web in prod, 2026-02-03 10:00 UTC");
}

#[test]
fn a_clean_history_passes_and_its_first_commit_is_not_judged() {
    let past = Past::new();
    past.text(&[]).says("no change since");
    past.enters("2026-02-03T10:00:00Z", "stage", "v2", "Promote");
    past.enters("2026-02-03T11:00:00Z", "prod", "v2", "Promote");
    past.enters("2026-02-03T12:00:00Z", "qa", "v3", "Build");
    past.on("2026-02-03T13:00:00Z", "Docs", &[("README.md", "# shop\n")]);
    let replay = past.json(&[]);
    assert_eq!(judged(&replay), [3, 0, 0, 0]);
    assert_eq!(replay["changes"], Value::Array(Vec::new()));
    assert_eq!(tally(&replay, "order"), [2, 0, 0, 0, 0]);
    past.text(&[]).says("3 changes since").says("3 would have entered");
}

#[test]
fn gates_of_the_work_tree_judge_by_the_clock_of_the_time() {
    let past = Past::new();
    past.enters("2026-02-03T10:00:00Z", "stage", "v2", "Promote");
    past.enters("2026-02-03T11:00:00Z", "prod", "v2", "Too soon");
    past.enters("2026-02-04T10:00:00Z", "qa", "v3", "Build");
    past.enters("2026-02-07T10:00:00Z", "stage", "v3", "On a Saturday");
    past.enters("2026-02-09T10:00:00Z", "prod", "v3", "In time");
    assert_eq!(judged(&past.json(&[])), [5, 0, 0, 0]);
    past.configure(
        "{ stage: { gates: { window: { allow: ['Mon-Fri 08:00-18:00 UTC'] } } }, \
         prod: { gates: { soak: 1d, checks: [{ name: ci, of: application }] } } }",
    );
    let replay = past.json(&[]);
    assert_eq!(judged(&replay), [3, 0, 2, 0]);
    assert_eq!(tally(&replay, "soak"), [1, 0, 1, 0, 0]);
    assert_eq!(tally(&replay, "window"), [1, 0, 1, 0, 0]);
    assert_eq!(tally(&replay, "checks"), [0, 0, 0, 0, 2]);
    let (saturday, soon) = (&replay["changes"][0], &replay["changes"][1]);
    assert_eq!(saturday["gates"][0]["until"], "2026-02-09T08:00:00Z");
    assert!(reason(soon).starts_with("it has been in `stage` for 1h of 1d"), "{soon}");
    assert_eq!(soon["gates"][0]["until"], "2026-02-04T10:00:00Z");
    past.configure("{ prod: { gates: { soak: { for: 1d, trust: forge } } } }");
    let replay = past.json(&[]);
    assert_eq!((judged(&replay), tally(&replay, "soak")), ([5, 0, 0, 0], [0, 0, 0, 0, 2]));
}

#[test]
fn one_environment_and_a_period_are_chosen() {
    let past = Past::new();
    past.enters("2026-02-03T10:00:00Z", "prod", "v2", "Skip");
    past.enters("2026-02-03T11:00:00Z", "stage", "v9", "From nowhere");
    assert_eq!(judged(&past.json(&[])), [0, 2, 0, 0]);
    let replay = past.json(&["--to", "stage"]);
    assert_eq!((judged(&replay), &replay["environment"]), ([0, 1, 0, 0], &"stage".into()));
    past.text(&["--to", "stage"]).says("1 change of `stage` since");
    // What came before the period still counts for what came in it.
    let now = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(1);
    past.enters(&now.to_string(), "prod", "v9", "Promote");
    let replay = past.0.json(0, &["gates", "--replay", "2d"])["replay"].take();
    assert_eq!(judged(&replay), [1, 0, 0, 0]);
}

#[test]
fn a_record_names_a_ticket_and_what_it_overrides() {
    let past = Past::new();
    past.configure("{ stage: { gates: { ticket: '^REL-', soak: 100d } } }");
    let settings = std::fs::read_to_string(past.0.clone.join("rungs.yaml")).unwrap();
    git(&past.0.clone, &["checkout", "-q", "rungs.yaml"]);
    let record = "\
Rungs-Promote: web from qa to stage
Rungs-Reference: image registry.example.com/shop/web:v2
Rungs-Override: soak it is urgent
Rungs-Ticket: REL-7";
    past.enters("2026-02-03T10:00:00Z", "stage", "v2", &recorded(record));
    // One that does not fit what the change does counts for nothing.
    past.enters("2026-02-03T11:00:00Z", "qa", "v3", "Build");
    past.enters("2026-02-03T12:00:00Z", "stage", "v3", &recorded(record));
    put(&past.0.clone, "rungs.yaml", Some(&settings));
    let replay = past.json(&["--to", "stage"]);
    assert_eq!(judged(&replay), [0, 1, 0, 1]);
    assert_eq!(tally(&replay, "ticket"), [1, 1, 0, 0, 0]);
    assert_eq!(tally(&replay, "soak"), [0, 0, 1, 1, 0]);
    let overridden = &replay["changes"][1];
    assert_eq!(overridden["gates"][0]["overridden"], "it is urgent");
    assert_eq!(overridden["action"], "promote");
    past.text(&[]).says("overrides wait: it is urgent").says("1 overrode what stood in the way");
}

#[test]
fn a_rollback_is_one_if_the_environment_had_the_state() {
    let past = Past::new();
    past.enters("2026-02-03T10:00:00Z", "stage", "v2", "Promote");
    let record =
        "Rungs-Rollback: web in stage\nRungs-Reference: image registry.example.com/shop/web:v1";
    past.enters("2026-02-03T11:00:00Z", "stage", "v1", &recorded(record));
    assert_eq!(judged(&past.json(&[])), [2, 0, 0, 0]);
    past.enters("2026-02-03T12:00:00Z", "stage", "v2", "Promote again");
    past.enters("2026-02-03T13:00:00Z", "stage", "v1", "Back, by hand");
    let replay = past.json(&[]);
    assert_eq!(judged(&replay), [2, 2, 0, 0]);
    assert!(reason(&replay["changes"][0]).contains("would go back from `v2` to `v1`"), "{replay}");
    assert!(reason(&replay["changes"][1]).contains("has had it before"), "{replay}");
}

#[test]
fn holds_of_the_time_hold_back() {
    let past = Past::new();
    let hold = "- state: { image: v2 }\n  reason: it leaks\n  by: bo\n";
    let path = ".rungs/holds/stage/web.yaml";
    past.on("2026-02-03T10:00:00Z", "Hold", &[(path, hold)]);
    past.enters("2026-02-03T11:00:00Z", "stage", "v2", "Promote all the same");
    past.enters("2026-02-03T12:00:00Z", "stage", "v1", "Back");
    std::fs::remove_file(past.0.clone.join(path)).unwrap();
    past.on("2026-02-03T13:00:00Z", "Lift", &[]);
    past.enters("2026-02-03T14:00:00Z", "stage", "v2", "Promote");
    let replay = past.json(&["--to", "stage"]);
    // That the hold was lifted lets the state come back, too.
    assert_eq!(judged(&replay), [1, 2, 0, 0]);
    assert_eq!(tally(&replay, "hold"), [2, 1, 0, 0, 0]);
    assert!(reason(&replay["changes"][1]).contains("`bo` holds it back"), "{replay}");
}

#[test]
fn sites_that_could_not_be_read_are_not_passed_over() {
    let past = Past::new();
    past.on("2026-02-03T10:00:00Z", "Break", &[("stage/web.yaml", "image: [\n")]);
    past.enters("2026-02-03T11:00:00Z", "prod", "v2", "From what cannot be read");
    past.enters("2026-02-03T12:00:00Z", "stage", "v2", "Mend");
    let replay = past.json(&[]);
    assert_eq!((judged(&replay), &replay["judged"]["unreadable"]), ([1, 1, 0, 0], &1.into()));
    assert_eq!(replay["changes"][1]["unreadable"], true);
    assert_eq!(reason(&replay["changes"][0]), "what `stage` has of `web` cannot be read");
    past.text(&[]).says("no gate can judge it").says("1 could not be read");
}

#[test]
fn a_merge_is_judged_as_one_change_at_its_time() {
    let past = Past::new();
    let git_on_topic = |arguments: &[&str]| git(&past.0.clone, arguments);
    git_on_topic(&["switch", "-qc", "topic"]);
    put(&past.0.clone, "stage/web.yaml", Some(&image("web", "v2")));
    git_on_topic(&["-c", "user.name=bo", "commit", "-qam", "Promote"]);
    git_on_topic(&["switch", "-q", "main"]);
    let time = "2026-02-03T10:00:00Z";
    git_at(&past.0.clone, time, &["merge", "-q", "--no-ff", "-m", "Merge", "topic"]);
    git_on_topic(&["push", "-q"]);
    past.configure("{ stage: { gates: { ticket: x } } }");
    let replay = past.json(&[]);
    assert_eq!(judged(&replay), [0, 1, 0, 0]);
    assert_eq!(replay["changes"][0]["at"], time);
    assert_eq!(replay["changes"][0]["author"]["name"], "bo");
}

#[test]
fn a_shallow_clone_waits_for_what_it_does_not_know() {
    let past = Past::new();
    past.enters("2026-02-03T10:00:00Z", "stage", "v2", "Promote");
    past.enters("2026-02-03T11:00:00Z", "prod", "v2", "Promote");
    past.configure("{ prod: { gates: { soak: 1m } } }");
    assert_eq!(judged(&past.json(&[])), [2, 0, 0, 0]);
    let shallow = past.0.remote.path("shallow");
    clone(&past.0.remote.file_url(), &shallow, &["--depth", "2"]);
    let settings = std::fs::read_to_string(past.0.clone.join("rungs.yaml")).unwrap();
    put(&shallow, "rungs.yaml", Some(&settings));
    let output = RunOutput::of(&rungs(&shallow, &REPLAY)).ends(0);
    assert_eq!(output.stderr.matches("git fetch --unshallow").count(), 1, "{output:?}");
    output.says("it is not known how long it has been in `stage`").says("1 would have waited");
    let output = rungs(&shallow, &[&REPLAY[..], &["--format", "json"]].concat());
    let replay = serde_json::from_slice::<Value>(&output.stdout).unwrap()["replay"].take();
    assert_eq!(judged(&replay), [0, 0, 1, 0]);
    assert!(replay["fetch"].as_str().unwrap().contains("--unshallow"));
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let shop = Shop::adopted(&[]);
    let wrong: [&[&str]; 9] = [
        &["web"],
        &["--base", "main"],
        &["--from", "qa"],
        &["--ref", ":v1"],
        &["--head", "main"],
        &["--override", "soak", "--reason", "x"],
        &["--ticket", "REL-7"],
        &["--replaces", ":v1"],
        &["--sandbox"],
    ];
    for more in wrong {
        shop.ends(2, &[&REPLAY, more].concat()).says("cannot be used with");
    }
    for span in ["12", "12m", "0d", "-3d", "soon", ""] {
        shop.ends(2, &["gates", &format!("--replay={span}")]).says("--replay");
    }
    shop.ends(2, &["gates", "--replay", "99999y"]).says("too far");
    shop.ends(2, &[&REPLAY[..], &["--to", "stgae"]].concat()).says("did you mean `stage`?");
    shop.ends(2, &["gates", "--to", "stage"]);
    put(&shop.clone, "rungs.yaml", Some("version: 1\nladder: [qa\n"));
    shop.ends(2, &REPLAY);
    let directory = crate::support::directory::temporary().unwrap();
    put(directory.path(), "rungs.yaml", Some(&shop.file("rungs.yaml")));
    let output = RunOutput::of(&rungs(directory.path(), &REPLAY));
    assert_ne!(output.code, Some(0), "{output:?}");
    output.finds("no-commit");
}

const GATES: &str = "\
environments:
  stage: { gates: { tag: '^v[123]$' } }
  prod: { select: newest-eligible, gates: { tag: '^v[1234]$', ticket: x } }
";

/// What does not pass of a change, as `gates --base` says it.
fn by_base(shop: &Shop) -> BTreeSet<String> {
    let output = shop.rungs(&["gates", "--base", "HEAD~1", "--format", "json"]);
    let document: Value = serde_json::from_str(&output.stdout).unwrap();
    let mut found = BTreeSet::new();
    for plan in document["plans"].as_array().unwrap_or_else(|| panic!("{output:?}")) {
        for app in plan["apps"].as_array().unwrap() {
            found.extend(stopping(&plan["environment"], app));
        }
    }
    found
}

fn stopping(environment: &Value, app: &Value) -> Vec<String> {
    let verdicts = app["gates"].as_array().unwrap().iter();
    let stopping = verdicts.filter(|verdict| verdict["answer"] != "pass");
    let line = |verdict: &Value| {
        let [gate, answer, reason] = ["gate", "answer", "reason"].map(|key| &verdict[key]);
        format!("{environment} {} {gate} {answer} {reason}", app["app"])
    };
    stopping.map(line).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(few_or_all(3, 64)) })]

    #[test]
    fn the_newest_change_is_judged_as_gates_base_judges_it(
        steps in proptest::collection::vec(
            proptest::collection::vec((0_usize..3, 0_usize..2, 0_usize..6, 0_usize..3), 1..3), 1..8,
        ),
    ) {
        let shop = Shop::configured(GATES, &[]);
        // A state that is replaced at once has not stood for long enough to count.
        for (number, changes) in steps.into_iter().enumerate() {
            let mut message = "Change\n\n".to_owned();
            for (environment, app, tag, record) in changes {
                let environment = ["qa", "stage", "prod"][environment];
                let app = ["web", "api"][app];
                let path = format!("{environment}/{app}.yaml");
                let text = image(app, &format!("v{tag}"));
                // A file that is gone already is not removed again.
                if tag > 0 || shop.clone.join(&path).exists() {
                    put(&shop.clone, &path, (tag > 0).then_some(&text));
                }
                let reference = format!("Rungs-Reference: image registry.example.com/shop/{app}:v{tag}\n");
                let place = format!("{app} in {environment}");
                let lines: [&str; 5] = match record {
                    1 => ["Rungs-Rollback: ", &place, "\n", "", &reference],
                    2 => ["Rungs-Promote: ", &place, "\n", "Rungs-Named: state\n", &reference],
                    _ => [""; 5],
                };
                message.extend(lines);
            }
            git(&shop.clone, &["add", "-A"]);
            let time = format!("2026-02-03T{:02}:{:02}:00Z", 10 + number / 8, number % 8 * 7);
            git_at(&shop.clone, &time, &["commit", "-q", "--allow-empty", "-m", &message]);
            git(&shop.clone, &["push", "-q"]);
            let newest = git(&shop.clone, &["rev-parse", "HEAD"]);
            let replay = shop.json(0, &REPLAY)["replay"].take();
            let changes = replay["changes"].as_array().unwrap().iter();
            let changes = changes.filter(|change| change["commit"] == newest.as_str());
            let by_replay: BTreeSet<_> =
                changes.flat_map(|change| stopping(&change["environment"], change)).collect();
            prop_assert_eq!(by_replay, by_base(&shop));
        }
    }
}
