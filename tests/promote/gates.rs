//! `rungs gates`: whether a state may enter and why, and the verdicts on anybody's
//! change.

use serde_json::Value;

use crate::support::git::git;
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
    shop.ends(4, &["gates", "--base=--help"]).finds("unknown-revision");
    shop.ends(4, &["gates", "--base", "main", "--head=-x"]).finds("unknown-revision");
}
