//! `rungs gates`: whether a state may enter and why, and the verdicts on anybody's
//! change.

use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::support::git::{clone, git};
use crate::support::program::rungs;
use crate::support::shop::{RunOutput, Shop, image, put};

fn gates(shop: &Shop, code: i32, more: &[&str]) -> RunOutput {
    shop.ends(code, &[&["gates", "web", "--to", "stage"], more].concat())
}

#[test]
fn the_exit_code_says_whether_it_may_enter() {
    let shop = Shop::adopted(&[]);
    gates(&shop, 0, &[]).says("pass").says("order");
    let shop = Shop::configured("environments: { stage: { gates: { soak: 10000d } } }\n", &[]);
    gates(&shop, 5, &[]).says("soak");
    gates(&shop, 0, &["--override", "soak", "--reason", "hurry"]);
    let shop =
        Shop::configured("environments: { stage: { gates: { soak: 10000d, tag: '^r' } } }\n", &[]);
    gates(&shop, 3, &[]).says("rungs.yaml");
    shop.ends(0, &["gates", "web", "--to", "prod"]).says("nothing to do");
    shop.ends(2, &["gates", "web"]);
    shop.ends(2, &["gates"]);
}

#[test]
fn verdicts_are_data() {
    let shop =
        Shop::configured("environments: { stage: { gates: { soak: 10000d, tag: '^r' } } }\n", &[]);
    let document = shop.json(3, &["gates", "web", "--to", "stage"]);
    assert_eq!(document["formatVersion"], 1);
    let verdicts = document["plans"][0]["apps"][0]["gates"].as_array().unwrap();
    let answers: Vec<_> = verdicts
        .iter()
        .map(|one| (one["gate"].as_str().unwrap(), one["answer"].as_str().unwrap()))
        .collect();
    assert!(answers.contains(&("order", "pass")), "{answers:?}");
    assert!(answers.contains(&("tag", "fail")), "{answers:?}");
    assert!(answers.contains(&("soak", "wait")), "{answers:?}");
    assert!(verdicts.iter().all(|one| !one["reason"].as_str().unwrap().is_empty()));
    shop.ends(3, &["gates", "web", "--to", "stage", "--format", "markdown"]).says("web in stage");
}

#[test]
fn every_machine_format_has_the_verdict_and_text_has_it_once() {
    let shop = Shop::configured("environments: { stage: { gates: { tag: '^r' } } }\n", &[]);
    by_hand(&shop, "bad", "Hurry", &[("stage/web.yaml", &image("web", "v2"))]);
    let promotion = &["gates", "web", "--to", "stage"][..];
    let change = &["gates", "--base", "origin/main", "--head", "bad"][..];
    let count = |output: &RunOutput, words: &str| {
        output.stdout.matches(words).count() + output.stderr.matches(words).count()
    };
    let reason = "does not match the tag";
    for command in [promotion, change] {
        for format in ["github", "gitlab", "sarif", "junit", "json"] {
            let output = shop.ends(3, &[command, &["--format", format]].concat());
            output.says("gate-fails").says("the gate `tag` fails");
        }
        for format in ["text", "markdown"] {
            let output = shop.ends(3, &[command, &["--format", format]].concat());
            assert_eq!((count(&output, "gate-fails"), count(&output, reason)), (0, 1), "{format}");
        }
    }
    let output = shop.ends(3, &["promote", "web", "--to", "stage", "--commit"]);
    assert_eq!((count(&output, "gate-fails"), count(&output, reason)), (1, 1));
    output.says("nothing was changed");
}

/// Creates a branch with a commit that somebody made by hand.
fn by_hand(shop: &Shop, branch: &str, message: &str, files: &[(&str, &str)]) {
    git(&shop.clone, &["fetch", "-q"]);
    git(&shop.clone, &["switch", "-qC", branch, "origin/main"]);
    for (path, text) in files {
        put(&shop.clone, path, Some(text));
    }
    git(&shop.clone, &["add", "-A"]);
    git(&shop.clone, &["commit", "-qm", message]);
}

fn judged(shop: &Shop, code: i32) -> Value {
    shop.json(code, &["gates", "--base", "origin/main"])
}

fn answer<'v>(document: &'v Value, gate: &str) -> Option<&'v str> {
    let verdicts = document["plans"][0]["apps"][0]["gates"].as_array()?;
    verdicts.iter().find(|one| one["gate"] == gate)?["answer"].as_str()
}

#[test]
fn a_change_that_skips_a_rung_fails_whoever_made_it() {
    let shop = Shop::adopted(&[]);
    by_hand(&shop, "skip", "Hurry", &[("prod/web.yaml", &image("web", "v2"))]);
    let document = judged(&shop, 3);
    assert_eq!(answer(&document, "order"), Some("fail"));
    assert_eq!(document["plans"][0]["environment"], "prod");
    // A state that was never tested at all.
    by_hand(&shop, "new", "New", &[("stage/web.yaml", &image("web", "v9"))]);
    assert_eq!(answer(&judged(&shop, 3), "order"), Some("fail"));
}

#[test]
fn a_promotion_by_hand_passes() {
    let shop = Shop::adopted(&[]);
    by_hand(&shop, "good", "Promote", &[("stage/web.yaml", &image("web", "v2"))]);
    assert_eq!(answer(&judged(&shop, 0), "order"), Some("pass"));
    shop.ends(0, &["gates", "--base", "origin/main", "--head", "good"]);
    shop.ends(0, &["gates", "--base", "main", "--head", "main"]).says("enters no environment");
    by_hand(&shop, "other", "Docs", &[("README.md", "# shop\n")]);
    shop.ends(0, &["gates", "--base", "origin/main"]).says("enters no environment");
}

#[test]
fn a_change_that_makes_files_unreadable_is_not_taken_for_one_that_removes_apps() {
    let configuration = "\
version: 1
ladder: [qa, stage, prod]
sites: [{ path: '{environment}/**/{app}.yaml', kind: yaml, fields: { image: image } }]
";
    let shop = Shop::adopted(&[("rungs.yaml", configuration)]);
    let deep = format!("prod/{}/x", vec!["d"; 17].join("/"));
    by_hand(&shop, "deep", "x", &[("prod/web.yaml", &image("web", "v9")), (&deep, "")]);
    shop.ends(2, &["gates", "--base", "origin/main"]).finds("directories-too-deep");
    by_hand(&shop, "alone", "x", &[(&deep, "")]);
    shop.ends(2, &["gates", "--base", "origin/main"]).finds("directories-too-deep");
}

#[test]
fn an_app_that_is_read_through_a_link_changes_with_the_file_behind_it() {
    let shop = Shop::adopted(&[("common/page.yaml", &image("shop", "v1"))]);
    git(&shop.clone, &["switch", "-q", "main"]);
    for environment in ["stage", "prod"] {
        symlink("../common/page.yaml", shop.clone.join(environment).join("shop.yaml")).unwrap();
    }
    git(&shop.clone, &["add", "-A"]);
    git(&shop.clone, &["commit", "-qm", "Link"]);
    git(&shop.clone, &["push", "-q"]);
    by_hand(&shop, "behind", "Change", &[("common/page.yaml", &image("shop", "v9"))]);
    let document = judged(&shop, 3);
    assert_eq!(document["plans"][0]["apps"][0]["app"], "shop");
}

#[test]
fn an_app_that_only_the_markers_of_another_apps_file_name_is_judged() {
    let settings = "\
version: 1
ladder: [qa, stage, prod]
sites: [{ path: '{environment}/{app}.yaml', kind: marker }]
";
    let marked = |tag: &str| {
        let own = "image: r.io/web:v1 # rungs: app=web\n";
        format!("{own}other: r.io/cart:{tag} # rungs: app=cart\n")
    };
    let (old, new) = (marked("v1"), marked("v9"));
    let files = ["qa", "stage", "prod"].map(|environment| format!("{environment}/web.yaml"));
    let mut all: Vec<_> = files.iter().map(|path| (path.as_str(), old.as_str())).collect();
    all.push(("rungs.yaml", settings));
    let shop = Shop::adopted(&all);
    by_hand(&shop, "cart", "Change", &[("prod/web.yaml", &new)]);
    let document = judged(&shop, 3);
    assert_eq!(document["plans"][0]["apps"][0]["app"], "cart");
}

#[test]
fn broken_files_of_other_apps_do_not_keep_a_change_from_being_judged() {
    let shop = Shop::native(&[]);
    shop.elsewhere("Break", &[("environments/prod/api.yaml", Some("images: [\n"))]);
    let path = "environments/stage/web.yaml";
    let text = format!("{}\n", shop.file(path).replace("v1", "v2"));
    by_hand(&shop, "web", "Promote", &[(path, &text)]);
    assert_eq!(answer(&judged(&shop, 3), "order"), Some("pass"));
    by_hand(&shop, "api", "Break", &[("environments/stage/api.yaml", "images: [\n")]);
    shop.ends(2, &["gates", "--base", "origin/main"]).finds("yaml-syntax");
}

#[test]
fn values_that_apps_share_are_judged_for_each_app_that_promotes_them() {
    let shop = Shop::native(&[]);
    let shared = |zones: u32| format!("values: {{ zones: {zones} }}\n");
    let mut files = Vec::new();
    for environment in ["qa", "stage", "prod"] {
        let path = format!("environments/{environment}/web.yaml");
        let text = format!("{}\npromote: [values.zones]\n", shop.file(&path));
        files.push((path, text));
        files.push((format!("environments/{environment}/environment.yaml"), shared(1)));
    }
    let files: Vec<_> =
        files.iter().map(|(path, text)| (path.as_str(), Some(text.as_str()))).collect();
    shop.elsewhere("Share", &files);
    by_hand(&shop, "more", "More", &[("environments/prod/environment.yaml", &shared(7))]);
    let document = judged(&shop, 3);
    assert_eq!(document["plans"][0]["environment"], "prod");
    assert_eq!(document["plans"][0]["apps"][0]["app"], "web");
}

#[test]
fn later_changes_of_the_base_are_not_part_of_the_change() {
    let shop = Shop::adopted(&[]);
    by_hand(&shop, "good", "Promote", &[("stage/web.yaml", &image("web", "v2"))]);
    shop.elsewhere("By others", &[("prod/api.yaml", Some(&image("api", "v8")))]);
    git(&shop.clone, &["fetch", "-q"]);
    let document = judged(&shop, 0);
    assert_eq!(document["plans"].as_array().unwrap().len(), 1);
}

#[test]
fn a_branch_that_rungs_made_passes() {
    let shop = Shop::native(&[]);
    shop.ends(0, &["promote", "web", "--to", "stage", "--branch"]);
    git(&shop.clone, &["fetch", "-q"]);
    let document =
        shop.json(0, &["gates", "--base", "origin/main", "--head", "origin/rungs/stage/web"]);
    assert_eq!(answer(&document, "render"), Some("pass"));
    assert_eq!(answer(&document, "order"), Some("pass"));
}

#[test]
fn a_change_without_its_rendered_files_fails() {
    let shop = Shop::native(&[]);
    let path = "environments/stage/web.yaml";
    let text = format!("{}\n", shop.file(path).replace("v1", "v2"));
    by_hand(&shop, "stale", "Promote", &[(path, &text)]);
    let document = judged(&shop, 3);
    assert_eq!(answer(&document, "render"), Some("fail"));
}

#[test]
fn a_change_that_relaxes_gates_is_judged_by_the_old_ones() {
    let gates = "environments: { stage: { gates: { tag: '^r' } } }\n";
    let shop = Shop::configured(gates, &[]);
    let loose = shop.file("rungs.yaml").replace("'^r'", "'^v'");
    by_hand(
        &shop,
        "loose",
        "Let me in",
        &[("stage/web.yaml", &image("web", "v2")), ("rungs.yaml", &loose)],
    );
    assert_eq!(answer(&judged(&shop, 3), "tag"), Some("fail"));
}

#[test]
fn a_rollback_with_its_record_passes_and_a_claim_alone_does_not() {
    let shop = Shop::adopted(&[]);
    shop.ends(0, &["promote", "web", "--to", "stage", "--commit"]);
    shop.ends(0, &["rollback", "web", "--env", "stage", "--branch"]);
    git(&shop.clone, &["fetch", "-q"]);
    let branch = ["gates", "--base", "origin/main", "--head", "origin/rungs-rollback/stage/web"];
    shop.ends(0, &branch);
    // The same change without the record is a step back.
    by_hand(&shop, "back", "Back", &[("stage/web.yaml", &image("web", "v1"))]);
    assert_eq!(answer(&judged(&shop, 3), "order"), Some("fail"));
    // A record does not make a rollback of what was never there.
    let claim = "Back\n\nRungs-Rollback: web in stage\n";
    by_hand(&shop, "claim", claim, &[("stage/web.yaml", &image("web", "v0"))]);
    assert_eq!(answer(&judged(&shop, 3), "order"), Some("fail"));
}

#[test]
fn an_unknown_revision_is_reported_and_never_taken_as_an_option() {
    let shop = Shop::adopted(&[]);
    shop.ends(4, &["gates", "--base", "nowhere"]).finds("unknown-revision");
    shop.ends(2, &["gates", "--base=--help"]).finds("invalid-revision");
    shop.ends(2, &["gates", "--base", "main", "--head=-x"]).finds("invalid-revision");
}

/// The message of the commit on a branch of the remote.
fn message_on(shop: &Shop, branch: &str) -> String {
    git(&shop.clone, &["fetch", "-q"]);
    git(&shop.clone, &["log", "-1", "--format=%B", &format!("origin/{branch}")])
}

/// A message without the lines that say what a person named.
fn unnamed(message: &str) -> String {
    let lines = message.lines().filter(|line| !line.starts_with("Rungs-Named:"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Judges a branch of the remote.
fn judged_branch(shop: &Shop, code: i32, branch: &str) -> Value {
    git(&shop.clone, &["fetch", "-q"]);
    shop.json(code, &["gates", "--base", "origin/main", "--head", &format!("origin/{branch}")])
}

/// A shop in which `all` is entered from both `eu` and `us`, which differ.
fn two_regions() -> Shop {
    let rungs = "version: 1\nladder: [qa, [eu, us], all]\nsites:\n  - path: \
                 '{environment}/{app}.yaml'\n    kind: yaml\n    fields: { image: image }\n";
    let mut files = std::collections::BTreeMap::from([("rungs.yaml".to_owned(), rungs.to_owned())]);
    for (environment, tag) in [("qa", "v2"), ("eu", "v2"), ("us", "v1"), ("all", "v1")] {
        files.insert(format!("{environment}/web.yaml"), image("web", tag));
    }
    Shop::of(&files)
}

#[test]
fn a_branch_from_a_chosen_environment_needs_only_that_one() {
    let shop = two_regions();
    shop.ends(0, &["promote", "web", "--to", "all", "--from", "eu", "--branch"]);
    assert_eq!(answer(&judged_branch(&shop, 0, "rungs/all/web"), "order"), Some("pass"));
    let message = message_on(&shop, "rungs/all/web");
    // Without a choice, both have to have it.
    by_hand(&shop, "unnamed", &unnamed(&message), &[("all/web.yaml", &image("web", "v2"))]);
    assert_eq!(answer(&judged(&shop, 3), "order"), Some("fail"));
}

#[test]
fn a_choice_that_history_does_not_bear_out_gains_nothing() {
    let shop = two_regions();
    shop.ends(0, &["promote", "web", "--to", "all", "--from", "eu", "--branch"]);
    let message = message_on(&shop, "rungs/all/web");
    let file = [("all/web.yaml", &*image("web", "v2"))];
    for other in ["us", "all", "nowhere"] {
        let forged = message.replace(" from eu@", &format!(" from {other}@"));
        by_hand(&shop, "forged", &forged, &file);
        assert_eq!(answer(&judged(&shop, 3), "order"), Some("fail"), "{other}");
    }
    // A record of another change.
    by_hand(&shop, "other", &message, &[("all/web.yaml", &image("web", "v9"))]);
    assert_eq!(answer(&judged(&shop, 3), "order"), Some("fail"));
}

/// A shop whose qa had `v2` and has `v3`, as stage has.
fn two_states(settings: &str) -> Shop {
    let shop = Shop::configured(settings, &[]);
    shop.ends(0, &["promote", "web", "--to", "stage", "--commit"]);
    shop.elsewhere("A build", &[("qa/web.yaml", Some(&image("web", "v3")))]);
    shop.ends(0, &["promote", "web", "--to", "stage", "--commit"]);
    shop
}

#[test]
fn a_branch_with_a_named_state_may_go_back() {
    let shop = two_states("");
    shop.ends(0, &["promote", "web", "--to", "stage", "--ref", ":v2", "--branch"]);
    assert_eq!(answer(&judged_branch(&shop, 0, "rungs/stage/web"), "order"), Some("pass"));
    let message = message_on(&shop, "rungs/stage/web");
    by_hand(&shop, "unnamed", &unnamed(&message), &[("stage/web.yaml", &image("web", "v2"))]);
    assert_eq!(answer(&judged(&shop, 3), "order"), Some("fail"));
    let elsewhere = message.replace(" from qa@", " from prod@");
    by_hand(&shop, "elsewhere", &elsewhere, &[("stage/web.yaml", &image("web", "v2"))]);
    assert_eq!(answer(&judged(&shop, 3), "order"), Some("fail"));
    // A state that was never below, with a record that says that it was named there.
    let forged = message.replace(":v2", ":v9");
    by_hand(&shop, "forged", &forged, &[("stage/web.yaml", &image("web", "v9"))]);
    assert_eq!(answer(&judged(&shop, 3), "order"), Some("fail"));
}

#[test]
fn what_newest_eligible_selects_is_no_named_state() {
    let shop = two_states("environments: { stage: { select: newest-eligible } }\n");
    shop.ends(0, &["promote", "web", "--to", "stage", "--ref", ":v2", "--branch"]);
    let message = unnamed(&message_on(&shop, "rungs/stage/web"));
    by_hand(&shop, "back", &message, &[("stage/web.yaml", &image("web", "v2"))]);
    assert_eq!(answer(&judged(&shop, 3), "order"), Some("fail"));
}

#[test]
fn what_newest_eligible_selects_is_judged_as_it_was_promoted() {
    let shop = Shop::configured("environments: { stage: { select: newest-eligible } }\n", &[]);
    let builds = ["v4", "v5"].map(|tag| image("web", tag));
    for (days, text) in [4, 3].into_iter().zip(&builds) {
        shop.days_ago(days, "A build", &[("qa/web.yaml", Some(text))]);
    }
    shop.ends(
        0,
        &["hold", "set", "web", "--env", "stage", "--ref", "web=:v5", "--reason", "x", "--commit"],
    );
    shop.ends(0, &["promote", "web", "--to", "stage", "--branch"]);
    assert_eq!(answer(&judged_branch(&shop, 0, "rungs/stage/web"), "order"), Some("pass"));
}

#[test]
fn only_the_pipeline_overrides_a_gate_of_a_change() {
    let shop = Shop::configured("environments: { stage: { gates: { tag: '^r' } } }\n", &[]);
    let pipeline = ["--override", "tag", "--reason", "REL-7 is urgent"];
    let branch = ["promote", "web", "--to", "stage", "--branch"];
    shop.ends(0, &[&branch[..], &pipeline].concat());
    // The change's own word does not count.
    assert_eq!(answer(&judged_branch(&shop, 3, "rungs/stage/web"), "tag"), Some("fail"));
    let judge = ["gates", "--base", "main", "--head", "origin/rungs/stage/web"];
    let document = shop.json(0, &[&judge[..], &pipeline].concat());
    let verdicts = document["plans"][0]["apps"][0]["gates"].as_array().unwrap();
    let tag = verdicts.iter().find(|one| one["gate"] == "tag").unwrap();
    assert_eq!((&tag["answer"], &tag["overridden"]), (&"fail".into(), &"REL-7 is urgent".into()));
    shop.ends(3, &[&judge[..], &["--override", "soak", "--reason", "hurry"]].concat());
    for refused in [&["--replaces", "web=:v1"][..], &["--drop-digest"], &["--override", "tag"]] {
        shop.ends(2, &[&judge[..], refused].concat());
    }
}

#[test]
fn a_value_that_cannot_be_read_waits() {
    let gate = "gates: { field: [{ in: source, path: values.ready, equals: true }] }\n";
    let shop = Shop::native(&[("environments/stage/environment.yaml", gate)]);
    let rungs = shop.file("rungs.yaml") + "\n";
    let broken = format!("{rungs}unknown: true\n");
    let path = "environments/qa/web.yaml";
    let qa = shop.file(path) + "\n";
    shop.days_ago(
        2,
        "Broken",
        &[("rungs.yaml", Some(&broken)), (path, Some(&qa.replace("v2", "v3")))],
    );
    shop.elsewhere(
        "Mended",
        &[("rungs.yaml", Some(&rungs)), (path, Some(&qa.replace("v2", "v4")))],
    );
    shop.ends(3, &["gates", "web", "--to", "stage"]).says("`values.ready` is not set in `qa`");
    let unknown = "it is not known what `values.ready` is in `qa`";
    shop.ends(5, &["gates", "web", "--to", "stage", "--ref", ":v3"]).says(unknown);
}

#[test]
fn a_value_that_is_there_twice_and_differs_is_not_known() {
    let configuration = "\
version: 1
ladder: [qa, prod]
environments:
  prod: { gates: { field: [{ in: source, path: values.ready, equals: true }] } }
sites: [{ path: '{environment}/{app}.yaml', kind: yaml, fields: { tag: tag } }]
";
    let with = |second: &str| format!("tag: v2\nready: true\n---\nready: {second}\n");
    let shop = Shop::of(
        &[
            ("rungs.yaml", configuration),
            ("qa/web.yaml", &with("false")),
            ("prod/web.yaml", "tag: v1\n"),
        ]
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .into(),
    );
    let judged = shop.ends(5, &["gates", "web", "--to", "prod"]);
    judged.says("it has several values, at qa/web.yaml:2:8").says("and at qa/web.yaml:4:8");
    shop.elsewhere("Mended", &[("qa/web.yaml", Some(&with("true")))]);
    shop.pull();
    shop.ends(0, &["gates", "web", "--to", "prod"]);
}

#[test]
fn a_rollback_that_history_is_too_short_for_is_not_refused() {
    let shop = Shop::adopted(&[]);
    shop.ends(0, &["promote", "web", "--to", "stage", "--commit"]);
    for text in ["# one\n", "# two\n", "# three\n"] {
        shop.elsewhere("Docs", &[("README.md", Some(text))]);
    }
    shop.ends(0, &["rollback", "web", "--env", "stage", "--branch"]);
    let branch = "rungs-rollback/stage/web";
    let shallow = shop.remote.path("shallow");
    let options = ["--depth", "2", "--no-single-branch", "--branch", branch];
    clone(&shop.remote.file_url(), &shallow, &options);
    let output = RunOutput::of(&rungs(&shallow, &["gates", "--base", "main"]));
    output.ends(5).finds("shallow-history");
}
