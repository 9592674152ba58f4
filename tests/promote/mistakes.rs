//! What people write by mistake is answered with what helps, and never with what was just
//! refused.

use std::fs;

use crate::support::shop::Shop;

#[test]
fn a_hold_that_is_not_there_or_there_already_is_said_to_be() {
    let shop = Shop::adopted(&[]);
    let lift = ["hold", "lift", "web", "--env", "stage"];
    for mode in ["--dry-run", "--commit"] {
        let output = shop.ends(0, &[&lift[..], &[mode]].concat());
        output.says("web in stage: nothing to do; there is no such hold");
    }
    let set = ["hold", "set", "web", "--env", "stage", "--reason", "slow", "--commit"];
    shop.ends(0, &set);
    shop.ends(0, &set).says("web in stage: nothing to do; it is held back already");
}

#[test]
fn an_audit_without_entries_says_so() {
    let shop = Shop::adopted(&[]);
    shop.ends(0, &["audit", "--reference", "nowhere"]).says("no change is found");
    let json = shop.ends(0, &["audit", "--reference", "nowhere", "--format", "json"]);
    assert!(!json.stderr.contains("no change"), "{json:?}");
}

#[test]
fn a_time_that_is_none_is_not_to_be_fetched() {
    let shop = Shop::adopted(&[]);
    for text in ["3x", "2025-13-01"] {
        let output = shop.ends(2, &["audit", "--since", text]);
        assert!(!output.stderr.contains("git fetch"), "{output:?}");
    }
    shop.ends(2, &["audit", "--since", "v1.4"]).says("git fetch");
}

#[test]
fn usage_has_none_of_what_was_refused() {
    let shop = Shop::adopted(&[]);
    for arguments in [
        &["promote", "--all", "--to", "stage", "--only", "web"][..],
        &["promote", "web", "--env", "stage"],
        &["promote", "web", "--all", "--to", "stage"],
    ] {
        let output = shop.ends(2, arguments);
        for wrong in ["--all [APP]", "--deny", "--only <KEY> --all"] {
            let usage = output.stderr.split("Usage:").nth(1).unwrap();
            assert!(!usage.contains(wrong), "{arguments:?}: {usage}");
        }
    }
}

#[test]
fn a_tag_without_its_colon_is_not_taken_for_an_app() {
    let shop = Shop::adopted(&[]);
    let output = shop.ends(2, &["set", "web", "v6", "--env", "qa", "--dry-run"]);
    output.says("give `web` a new reference").says("did you mean `:v6`?");
}

#[test]
fn of_the_items_of_a_list_none_is_suggested_alone() {
    let shop = Shop::adopted(&[]);
    let values = "images:\n  - { name: web, repository: r.io/web, tag: v1 }\n  \
                  - { name: api, repository: r.io/api, tag: v1 }\n";
    fs::write(shop.clone.join("values.yaml"), values).unwrap();
    let output = shop.ends(2, &["set", "--in", "values.yaml", "images=:v2", "--dry-run"]);
    output.says("the images are `images[name=api]` and `images[name=web]`");
    shop.ends(0, &["set", "--in", "values.yaml", "images[name=web]=:v2"]);
    let text = fs::read_to_string(shop.clone.join("values.yaml")).unwrap();
    assert_eq!(text, values.replacen("tag: v1", "tag: v2", 1));
}

#[test]
fn the_usage_is_that_of_the_form_that_was_meant() {
    let shop = Shop::adopted(&[]);
    for (arguments, usage) in [
        (&["set", "web", "--env", "qa"][..], "--env <ENV> <APP [NAME=]REF...>..."),
        (&["set", "web", ":v2"], "--env <ENV> <APP [NAME=]REF...>..."),
        (
            &["set", "web", "--env", "qa", "--route", "x"],
            "--env <ENV> <APP> --route <ROUTE=VALUE>...",
        ),
        (&["set", "web", "--env", "qa", "--git", "x"], "--env <ENV> <APP> --git <URL=REV>..."),
        (&["set", "--in", "qa"], "--in <PATH>... [[NAME=]REF]..."),
    ] {
        let output = shop.ends(2, arguments);
        let shown = output.stderr.split("Usage: ").nth(1).unwrap_or_default().lines();
        let shown: Vec<_> = shown.take_while(|line| !line.is_empty()).collect();
        assert_eq!(shown, [format!("rungs set [OPTIONS] {usage}")], "{arguments:?}");
    }
}

#[test]
fn a_dry_run_of_a_commit_ends_as_the_commit_would() {
    let soak = "environments: { stage: { gates: { soak: 1000d } } }\n";
    let shop = Shop::configured(soak, &[]);
    let promote = ["promote", "web", "--to", "stage"];
    let with = |modes: &[&str], code| shop.ends(code, &[&promote[..], modes].concat());
    let tip = shop.remote.tip();
    with(&["--dry-run"], 0).says("with `--commit`, web would not change yet, because of `soak`");
    with(&["--dry-run", "--branch"], 0);
    with(&["--dry-run", "--write"], 0);
    let waits = with(&["--dry-run", "--commit"], 5);
    assert_eq!(waits.stdout, with(&["--commit"], 5).stdout);
    assert_eq!(shop.remote.tip(), tip);
    with(&["--commit", "--write"], 2);
    let ready = Shop::adopted(&[]);
    let output = ready.ends(0, &["promote", "web", "--to", "stage", "--dry-run"]);
    assert!(!output.stderr.contains("--commit"), "{output:?}");
}
