//! Which base every command has in the checkouts that people and CIs make.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::agreement::{
    ACTIONS, CONFIGURATION, MAIN, Proposed, Shop, WITH_BASE, busy_shop, not_passed, paste, put,
    shop, shop_with,
};
use crate::support::git::git;

#[test]
fn a_fresh_clone() {
    let shop = shop();
    let (clone, tip) = (shop.cloned(), shop.remote.tip());
    shop.agree(&clone, &[], &tip, MAIN);
    let at = Proposed { clone: &clone, more: &[], tip: &tip, reference: MAIN };
    assert_eq!(not_passed(&shop.agree_on(&at, "web", "stage")), [] as [[Value; 3]; 0]);
    let waits = not_passed(&shop.agree_on(&at, "api", "prod"));
    assert_eq!((waits.len(), &waits[0][0], &waits[0][1]), (1, &"soak".into(), &"wait".into()));
    assert!(waits[0][2].is_string(), "{waits:?}");
}

#[test]
fn a_topic_branch() {
    let shop = shop();
    let clone = shop.cloned();
    git(&clone, &["switch", "-qc", "topic"]);
    put(&clone, "stage/web.yaml", "tag: v2\n");
    shop.agree(&clone, &[], &shop.remote.tip(), MAIN);
}

#[test]
fn a_detached_head() {
    let shop = shop();
    let clone = shop.cloned();
    git(&clone, &["checkout", "-q", "--detach", "HEAD~1"]);
    shop.agree(&clone, &[], &shop.remote.tip(), MAIN);
}

#[test]
fn a_directory_of_the_clone_and_a_linked_work_tree() {
    let shop = shop();
    let clone = shop.cloned();
    shop.agree(&clone.join("stage"), &[], &shop.remote.tip(), MAIN);
    let linked = shop.remote.path("linked");
    git(&clone, &["worktree", "add", "-q", "-b", "side", linked.to_str().unwrap(), "HEAD~1"]);
    shop.agree(&linked, &[], &shop.remote.tip(), MAIN);
}

/// What `actions/checkout` does after a push, with that depth.
fn checked_out_by_actions(shop: &mut Shop, depth: &[&str]) -> PathBuf {
    let clone = shop.initialized();
    let spec = format!("+{}:{MAIN}", shop.remote.tip());
    git(&clone, &[&["fetch", "-q", "--no-tags"], depth, &["origin", &spec]].concat());
    git(&clone, &["checkout", "-q", "--force", "-B", "main", MAIN]);
    let push =
        [("GITHUB_EVENT_NAME", "push"), ("GITHUB_REF_TYPE", "branch"), ("GITHUB_REF_NAME", "main")];
    shop.set(&[&ACTIONS[..], &push].concat());
    clone
}

#[test]
fn a_checkout_by_actions_after_a_push() {
    for depth in [&["--depth=1"][..], &[]] {
        let mut shop = shop();
        let clone = checked_out_by_actions(&mut shop, depth);
        shop.agree(&clone, &[], &shop.remote.tip(), MAIN);
        // A workflow that is run by hand, too.
        shop.set(&ACTIONS);
        shop.agree(&clone, &[], &shop.remote.tip(), MAIN);
    }
}

/// A topic branch that was pushed, as `actions/checkout` checks it out.
fn pushed_topic(shop: &mut Shop) -> PathBuf {
    let author = shop.remote.cloned("author");
    git(&author, &["switch", "-qc", "topic"]);
    put(&author, "stage/web.yaml", "tag: v3\n");
    git(&author, &["push", "-q", "origin", "topic"]);
    let clone = shop.initialized();
    git(&clone, &["fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*"]);
    git(&clone, &["checkout", "-q", "--force", "-B", "topic", "refs/remotes/origin/topic"]);
    clone
}

const PUSHED_TOPIC: [(&str, &str); 3] =
    [("GITHUB_EVENT_NAME", "push"), ("GITHUB_REF_TYPE", "branch"), ("GITHUB_REF_NAME", "topic")];

#[test]
fn a_branch_that_was_pushed_is_not_its_own_base() {
    let mut shop = shop();
    let clone = pushed_topic(&mut shop);
    shop.set(&[&ACTIONS[..], &PUSHED_TOPIC].concat());
    shop.agree(&clone, &[], &shop.remote.tip(), MAIN);
    let topic = git(&shop.remote.bare(), &["rev-parse", "topic"]);
    shop.json(&clone, &["promote", "web", "--to", "stage", "--commit"]);
    assert_eq!(git(&shop.remote.bare(), &["rev-parse", "topic"]), topic);
}

#[test]
fn the_file_about_an_event_names_the_default_branch() {
    let mut shop = shop();
    let clone = pushed_topic(&mut shop);
    let event = shop.remote.path("event.json");
    fs::write(&event, r#"{"ref": "refs/heads/topic", "repository": {"default_branch": "main"}}"#)
        .unwrap();
    let of_event = [("GITHUB_EVENT_PATH", event.to_str().unwrap())];
    shop.set(&[&ACTIONS[..], &PUSHED_TOPIC, &of_event].concat());
    // The remote is not asked.
    git(&shop.remote.bare(), &["symbolic-ref", "HEAD", "refs/heads/topic"]);
    shop.agree(&clone, &[], &shop.remote.tip(), MAIN);
    // A file that does not say it leaves the question to the remote.
    git(&shop.remote.bare(), &["symbolic-ref", "HEAD", "refs/heads/main"]);
    for text in ["{}", "", "{\"repository\": {}}"] {
        fs::write(&event, text).unwrap();
        let document = shop.json(&clone, &["status"]);
        assert_eq!(document["workspace"]["base"]["reference"], MAIN, "{text:?}");
    }
}

#[test]
fn a_checkout_by_gitlab() {
    let mut shop = shop();
    let clone = shop.initialized();
    let spec = format!("+refs/heads/main:{MAIN}");
    git(&clone, &["fetch", "-q", "--depth=20", "origin", &spec]);
    git(&clone, &["checkout", "-q", "--force", "--detach", MAIN]);
    let tip = shop.remote.tip();
    let gitlab = [
        ("GITLAB_CI", "true"),
        ("CI_PROJECT_PATH", "remote"),
        ("CI_DEFAULT_BRANCH", "main"),
        ("CI_COMMIT_BRANCH", "main"),
    ];
    shop.set(&gitlab);
    shop.agree(&clone, &[], &tip, MAIN);
    // A merge request's pipeline, whose target is another branch than the default.
    git(&shop.remote.bare(), &["branch", "release", "main~1"]);
    shop.set(&[&gitlab[..], &[("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "release")]].concat());
    let help = shop.ends(&clone, &["status"], 4, "unknown-revision");
    paste(&clone, &help);
    let release = git(&shop.remote.bare(), &["rev-parse", "release"]);
    shop.agree(&clone, &[], &release, "refs/remotes/origin/release");
}

#[test]
fn the_configured_branch_comes_before_what_the_ci_says() {
    let forge =
        "forge: { kind: gitea, url: 'https://git.example.com', repository: a/b, base: release }\n";
    let mut shop = shop_with(forge);
    let release = git(&shop.remote.bare(), &["rev-parse", "main~1"]);
    git(&shop.remote.bare(), &["branch", "release", &release]);
    let clone = shop.cloned();
    shop.set(&[&ACTIONS[..], &[("GITHUB_BASE_REF", "main")]].concat());
    shop.agree(&clone, &[], &release, "refs/remotes/origin/release");
    for command in WITH_BASE {
        let document = shop.json(&clone, &[command, &["--base", "main"]].concat());
        assert_eq!(document["workspace"]["base"]["reference"], MAIN, "{command:?}");
    }
}

#[test]
fn two_remotes() {
    let shop = shop();
    let clone = shop.cloned();
    git(&clone, &["remote", "add", "fork", &shop.remote.file_url()]);
    shop.agree(&clone, &[], &shop.remote.tip(), MAIN);
    git(&clone, &["remote", "rename", "origin", "up"]);
    shop.refuse(&clone, &[], 2, "several-remotes");
    shop.ends(&clone, &["gates", "--base", "main"], 2, "several-remotes");
    shop.agree(&clone, &["--remote", "up"], &shop.remote.tip(), "refs/remotes/up/main");
    shop.refuse(&clone, &["--remote", "upp"], 2, "unknown-remote");
    // Files as they are need no remote.
    assert!(shop.rungs(&clone, &["status", "--work-tree"]).status.success());
}

#[test]
fn no_remote() {
    let shop = shop();
    let clone = shop.cloned();
    git(&clone, &["remote", "remove", "origin"]);
    let tip = git(&clone, &["rev-parse", "HEAD"]);
    shop.agree(&clone, &[], &tip, "refs/heads/main");
    git(&clone, &["checkout", "-q", "--detach"]);
    shop.agree(&clone, &[], &tip, "HEAD");
    let promote = ["promote", "web", "--to", "stage", "--commit"];
    shop.ends(&clone, &promote, 2, "no-remote");
    git(&clone, &["switch", "-qc", "topic"]);
    let topic = put(&clone, "stage/web.yaml", "tag: v2\n");
    shop.agree(&clone, &[], &topic, "refs/heads/topic");
    for command in WITH_BASE {
        let document = shop.json(&clone, &[command, &["--base", "main"]].concat());
        assert_eq!(document["workspace"]["base"]["reference"], "refs/heads/main", "{command:?}");
    }
    let forge =
        "forge: { kind: gitea, url: 'https://git.example.com', repository: a/b, base: main }\n";
    put(&clone, "rungs.yaml", &format!("{CONFIGURATION}{forge}"));
    shop.agree(&clone, &[], &tip, "refs/heads/main");
    shop.ends(&clone, &["status", "--base", "nowhere"], 4, "unknown-revision");
    // A name that is misspelt is not silently replaced by what is checked out.
    put(&clone, "rungs.yaml", &format!("{CONFIGURATION}{}", forge.replace("main", "mian")));
    shop.refuse(&clone, &[], 4, "unknown-revision");
}

/// On a rung that takes the newest state which may enter, everything that looks at the
/// past has to find the same state, wherever it looks.
#[test]
fn a_busy_rung_in_each_checkout() {
    let mut shop = busy_shop();
    let tip = shop.remote.tip();
    let is_soaked = |shop: &Shop, clone: &Path, more: &[&str], reference: &str| {
        let at = Proposed { clone, more, tip: &tip, reference };
        let soak = ["soak", "pass"].map(Value::from);
        let verdict = shop.agree_on(&at, "api", "prod");
        assert!(verdict.iter().any(|[gate, answer, _]| [gate, answer] == soak.each_ref()));
        let promotion = [&["promote", "api", "--to", "prod", "--dry-run"], more].concat();
        let planned = shop.json(clone, &promotion);
        assert_eq!(planned["plan"]["apps"][0]["changes"][0]["to"]["image"]["tag"], "v2");
    };
    let clone = shop.cloned();
    is_soaked(&shop, &clone, &[], MAIN);
    git(&clone, &["switch", "-qc", "topic"]);
    put(&clone, "stage/api.yaml", "tag: v4\n");
    is_soaked(&shop, &clone, &[], MAIN);
    git(&clone, &["checkout", "-q", "--detach", "HEAD~2"]);
    is_soaked(&shop, &clone, &[], MAIN);
    git(&clone, &["remote", "add", "fork", &shop.remote.file_url()]);
    is_soaked(&shop, &clone, &["--remote", "fork"], "refs/remotes/fork/main");
    for remote in ["fork", "origin"] {
        git(&clone, &["remote", "remove", remote]);
    }
    git(&clone, &["checkout", "-q", "main"]);
    is_soaked(&shop, &clone, &[], "refs/heads/main");
    let address = shop.remote.file_url();
    is_soaked(&shop, &shop.remote.path(""), &["--repo", &address], MAIN);
    let clone = checked_out_by_actions(&mut shop, &[]);
    is_soaked(&shop, &clone, &[], MAIN);
    // GitLab's checkout of the whole history.
    git(&clone, &["checkout", "-q", "--detach", MAIN]);
    let project = [("CI_PROJECT_PATH", "remote"), ("CI_COMMIT_BRANCH", "main")];
    shop.set(&[&[("GITLAB_CI", "true"), ("CI_DEFAULT_BRANCH", "main")][..], &project].concat());
    is_soaked(&shop, &clone, &[], MAIN);
}
