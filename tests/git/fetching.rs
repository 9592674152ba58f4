//! What is not in the clone, and the commands that fetch it.

use std::fs;
use std::path::PathBuf;

use crate::agreement::{ACTIONS, MAIN, Shop, paste, put, shop};
use crate::support::git::git;
use crate::support::repository::copy;

/// A pull request that brings `v2` to stage, as `actions/checkout` checks it
/// out: only the merge is there.
fn pull_request(shop: &mut Shop, tag: &str) -> PathBuf {
    let author = shop.remote.cloned("author");
    git(&author, &["switch", "-qc", "topic"]);
    put(&author, "stage/web.yaml", &format!("tag: {tag}\n"));
    git(&author, &["switch", "-q", "main"]);
    git(&author, &["merge", "-q", "--no-ff", "-m", "Merge", "topic"]);
    git(&author, &["push", "-q", "origin", "HEAD:refs/pull/7/merge"]);
    git(&author, &["push", "-q", "origin", "topic"]);
    let clone = shop.initialized();
    let spec = "+refs/pull/7/merge:refs/remotes/pull/7/merge";
    git(&clone, &["fetch", "-q", "--no-tags", "--depth=1", "origin", spec]);
    git(&clone, &["checkout", "-q", "--force", "refs/remotes/pull/7/merge"]);
    let event = [("GITHUB_EVENT_NAME", "pull_request"), ("GITHUB_BASE_REF", "main")];
    shop.set(&[&ACTIONS[..], &event].concat());
    clone
}

#[test]
fn a_pull_request_by_actions_says_what_to_fetch_and_then_agrees() {
    let mut shop = shop();
    let clone = pull_request(&mut shop, "v2");
    let help = shop.ends(&clone, &["gates", "--base", "main"], 4, "unknown-revision");
    assert_eq!(shop.ends(&clone, &["status"], 4, "unknown-revision"), help);
    assert_eq!(shop.ends(&clone, &["audit"], 4, "unknown-revision"), help);
    assert_eq!(shop.ends(&clone, &["hold", "list"], 4, "unknown-revision"), help);
    paste(&clone, &help);
    shop.agree(&clone, &[], &shop.remote.tip(), MAIN);
    let document = shop.json(&clone, &["gates", "--base", "main"]);
    assert_eq!(document["base"], shop.remote.tip(), "{document:#}");
    assert_eq!(document["workspace"]["head"]["reference"], "HEAD");
    assert_eq!(document["plans"][0]["environment"], "stage", "{document:#}");
}

#[test]
fn each_revision_that_is_absent_has_a_command_that_fetches_it() {
    for base in ["main", "origin/main", MAIN, "main~1", "refs/heads/main", "refs/tags/v1"] {
        let mut shop = shop();
        git(&shop.remote.bare(), &["tag", "v1", "main"]);
        let clone = pull_request(&mut shop, "v2");
        let arguments = ["gates", "--base", base];
        paste(&clone, &shop.ends(&clone, &arguments, 4, "unknown-revision"));
        let tip = if base == "main~1" { "main~1" } else { "main" };
        let tip = git(&shop.remote.bare(), &["rev-parse", tip]);
        assert_eq!(shop.json(&clone, &arguments)["base"], tip, "{base}");
    }
    let mut shop = shop();
    let clone = pull_request(&mut shop, "v2");
    let tip = shop.remote.tip();
    for base in [&*tip, &tip[..9]] {
        // The clone of a pull request does not have what it was merged into.
        let clone_of = shop.remote.path("again");
        let _ = fs::remove_dir_all(&clone_of);
        copy(&clone, &clone_of);
        let arguments = ["gates", "--base", base];
        paste(&clone_of, &shop.ends(&clone_of, &arguments, 4, "unknown-revision"));
        assert_eq!(shop.json(&clone_of, &arguments)["base"], tip, "{base}");
    }
}

#[test]
fn a_change_whose_fork_is_cut_off_waits_for_the_history() {
    let mut shop = shop();
    let clone = pull_request(&mut shop, "v2");
    git(&clone, &["fetch", "-q", "--depth=1", "origin", &format!("+refs/heads/main:{MAIN}")]);
    let arguments = ["gates", "--base", "main"];
    paste(&clone, &shop.ends(&clone, &arguments, 5, "shallow-history"));
    assert_eq!(shop.json(&clone, &arguments)["base"], shop.remote.tip());
    // In a whole clone nothing that could be fetched would help.
    git(&clone, &["checkout", "-q", "--orphan", "other"]);
    put(&clone, "stage/web.yaml", "tag: v2\n");
    shop.ends(&clone, &arguments, 2, "no-common-commit");
}

#[test]
fn a_head_that_is_absent_has_a_command_that_fetches_it() {
    let mut shop = shop();
    let clone = pull_request(&mut shop, "v2");
    let fetch = ["fetch", "-q", "--unshallow", "origin", &format!("+refs/heads/main:{MAIN}")];
    git(&clone, &fetch);
    let topic = git(&shop.remote.bare(), &["rev-parse", "topic"]);
    for head in ["origin/topic", "topic"] {
        let arguments = ["gates", "--base", "main", "--head", head];
        paste(&clone, &shop.ends(&clone, &arguments, 4, "unknown-revision"));
        assert_eq!(shop.json(&clone, &arguments)["head"], topic, "{head}");
    }
}

#[test]
fn a_command_that_fetches_names_the_remote_that_was_requested() {
    let mut shop = shop();
    let clone = pull_request(&mut shop, "v2");
    git(&clone, &["remote", "add", "upstream", &shop.remote.file_url()]);
    git(&clone, &["remote", "set-url", "origin", "file:///nowhere/fork.git"]);
    let seen = "+refs/heads/main:refs/remotes/upstream/main";
    git(&clone, &["fetch", "-q", "--depth=1", "upstream", seen]);
    let with = ["--base", "main", "--remote", "upstream"];
    let status = shop.json(&clone, &[&["status", "web"], &with[..]].concat());
    let since = &status["apps"][0]["environments"][0]["since"];
    assert_eq!(since["fetch"], "git fetch --unshallow upstream", "{status:#}");
    let audit = shop.ends(&clone, &[&["audit"], &with[..]].concat(), 5, "shallow-history");
    assert!(audit.contains("git fetch --unshallow upstream"), "{audit}");
    let parent = ["gates", "--base", "upstream/main~1", "--remote", "upstream"];
    let parent = shop.ends(&clone, &parent, 4, "unknown-revision");
    assert!(parent.contains("git fetch --unshallow upstream"), "{parent}");
    let arguments = [&["gates"], &with[..]].concat();
    paste(&clone, &shop.ends(&clone, &arguments, 5, "shallow-history"));
    assert_eq!(shop.json(&clone, &arguments)["base"], shop.remote.tip());
}
