//! Which clone and which remote: none, another user's, a bare one, an address.

use std::fs;
use std::process::Command;

use crate::agreement::{COMMANDS, MAIN, Shop, put, shop, shop_with};
use crate::support::git::git;
use crate::support::program::transcript;
use crate::support::repository::{Remote, native};

#[test]
fn no_clone() {
    let shop = shop();
    let clone = shop.cloned();
    fs::remove_dir_all(clone.join(".git")).unwrap();
    for command in [COMMANDS[0], COMMANDS[4]] {
        let workspace = &shop.json(&clone, command)["workspace"];
        assert_eq!(*workspace, serde_json::json!({ "remote": null, "base": null }));
        shop.ends(&clone, &[command, &["--base", "main"]].concat(), 2, "no-clone");
    }
    let help = shop.ends(&clone, &["gates", "--base", "main"], 2, "no-clone");
    assert!(!help.contains("--write"), "`gates` has no such option: {help}");
    let promote = ["promote", "web", "--to", "stage", "--commit"];
    let help = shop.ends(&clone, &promote, 2, "no-clone");
    assert!(help.contains("--write"), "{help}");
    shop.ends(&clone, &["audit"], 2, "no-commit");
}

#[test]
fn an_address() {
    let shop = shop();
    let nowhere = shop.remote.path("");
    let url = shop.remote.file_url();
    shop.agree(&nowhere, &["--repo", &url], &shop.remote.tip(), MAIN);
    let elsewhere = shop.remote.cloned("elsewhere");
    let tip = put(&elsewhere, "stage/web.yaml", "tag: v2\n");
    git(&elsewhere, &["push", "-q"]);
    shop.agree(&nowhere, &["--repo", &url], &tip, MAIN);
}

#[test]
fn an_address_whose_configuration_names_another_base() {
    let forge =
        "forge: { kind: gitea, url: 'https://git.example.com', repository: a/b, base: release }\n";
    let shop = shop_with(forge);
    let release = git(&shop.remote.bare(), &["rev-parse", "main~1"]);
    git(&shop.remote.bare(), &["branch", "release", &release]);
    let (nowhere, url) = (shop.remote.path(""), shop.remote.file_url());
    shop.agree(&nowhere, &["--repo", &url], &release, "refs/remotes/origin/release");
}

#[test]
fn a_network_failure_is_not_a_missing_remote() {
    let shop = shop();
    let clone = shop.cloned();
    git(&clone, &["remote", "set-url", "origin", "file:///nowhere/remote.git"]);
    // What the clone knows needs no network.
    let known = shop.json(&clone, &["status"]);
    assert_eq!(known["workspace"]["base"]["reference"], MAIN);
    let output = shop.rungs(&clone, COMMANDS[2]);
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    assert!(transcript(&output).contains("warning[remote-unreachable]"), "{}", transcript(&output));
    // Now it is not known which branch is the base.
    git(&clone, &["remote", "set-head", "origin", "--delete"]);
    shop.refuse(&clone, &[], 4, "remote-unreachable");
    let help = shop.ends(&clone, &["status"], 4, "remote-unreachable");
    assert!(help.contains("--base"), "{help}");
    assert!(shop.rungs(&clone, &["status", "--base", "main"]).status.success());
    // Nor whether the remote has a branch of the local one's name.
    git(&clone, &["branch", "next"]);
    let help = shop.ends(&clone, &["status", "--base", "next"], 4, "remote-unreachable");
    assert!(help.contains("`refs/heads/next`"), "{help}");
    assert!(shop.rungs(&clone, &["status", "--base", "refs/heads/next"]).status.success());
}

#[test]
fn a_clone_of_another_user_is_not_a_missing_clone() {
    let shop = shop();
    let clone = shop.cloned();
    let foreign = Command::new("chown").args(["-R", "12345"]).arg(&clone).output();
    if !foreign.is_ok_and(|output| output.status.success()) {
        println!("skipped: only root can give a directory to another user");
        return;
    }
    shop.refuse(&clone, &[], 2, "foreign-clone");
    shop.ends(&clone, &["gates", "--base", "main"], 2, "foreign-clone");
    shop.ends(&clone, &["promote", "web", "--to", "stage", "--commit"], 2, "foreign-clone");
    let help = shop.ends(&clone.join("stage"), &["status"], 2, "foreign-clone");
    let root = clone.canonicalize().unwrap();
    assert!(help.contains(&format!("safe.directory {}`", root.display())), "{help}");
    // Files as they are need no clone.
    assert!(shop.rungs(&clone, &["status", "--work-tree"]).status.success());
}

#[test]
fn a_pin_in_a_clone_of_another_user_is_not_a_failure_to_read() {
    let app = "template: web@v1\nimages: { web: { repository: a/web, tag: v1 } }\n";
    let pinned = ("environments/qa/pinned.yaml", app);
    let files = native(&[("qa", "v2")], &["web".to_owned()], &[]);
    let shop = Shop { remote: Remote::new(&files), variables: Vec::new() };
    git(&shop.remote.bare(), &["tag", "v1", "main"]);
    let clone = shop.cloned();
    put(&clone, pinned.0, pinned.1);
    let values = ["values", "pinned", "--env", "qa"];
    let output = shop.rungs(&clone, &values);
    assert!(output.status.success(), "{}", transcript(&output));
    // One whose name a shell would take apart.
    let odd = shop.remote.path("a b;c");
    fs::rename(&clone, &odd).unwrap();
    let bare = shop.remote.path("bare");
    git(&shop.remote.path(""), &["clone", "-q", "--bare", "remote.git", "bare"]);
    for directory in [&odd, &bare] {
        let foreign = Command::new("chown").args(["-R", "12345"]).arg(directory).output();
        if !foreign.is_ok_and(|output| output.status.success()) {
            println!("skipped: only root can give a directory to another user");
            return;
        }
    }
    let help = shop.ends(&odd, &values, 2, "foreign-clone");
    let root = odd.canonicalize().unwrap();
    assert!(help.contains(&format!("safe.directory '{}'`", root.display())), "{help}");
    // A bare clone has no files of its own beside it.
    shop.ends(&bare, &["values", "web", "--env", "qa"], 2, "foreign-clone");
    shop.ends(&bare, &["render"], 2, "foreign-clone");
}

#[test]
fn commands_that_look_at_no_branch_read_the_base_of_a_bare_clone() {
    let files = native(&[("qa", "v2"), ("stage", "v1")], &["web".to_owned()], &[]);
    let shop = Shop { remote: Remote::new(&files), variables: Vec::new() };
    let (nowhere, url) = (shop.remote.path(""), shop.remote.file_url());
    let values = shop.rungs(&nowhere, &["values", "web", "--env", "qa", "--repo", &url]);
    assert!(
        values.status.success() && transcript(&values).contains("v2"),
        "{}",
        transcript(&values)
    );
    let render = shop.rungs(&nowhere, &["render", "--stdout", "--repo", &url]);
    assert!(
        render.status.success() && transcript(&render).contains("web:v2"),
        "{}",
        transcript(&render)
    );
    let help = shop.ends(&nowhere, &["render", "--repo", &url], 2, "no-work-tree");
    assert!(help.contains("--stdout"), "{help}");
    // Nor does anything else write files into the clone that is kept.
    let write = ["promote", "web", "--to", "stage", "--write", "--repo", &url];
    shop.ends(&nowhere, &write, 2, "no-work-tree");
}
