//! Which commit a name means, as the base or as the change.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rungs::deliver::Delivery;
use rungs::diagnostic::Findings;
use rungs::git::{ConfiguredBase, Variables, Workspace, WorkspaceOptions};
use rungs::worker::InProcess;

use crate::agreement::{COMMANDS, MAIN, Shop, WITH_BASE, put, shop};
use crate::support::git::git;
use crate::support::program::transcript;

/// A clone with a change that skips a rung, which gates refuse.
fn skipping(shop: &Shop) -> PathBuf {
    let clone = shop.cloned();
    git(&clone, &["switch", "-qc", "topic"]);
    put(&clone, "prod/web.yaml", "tag: v2\n");
    clone
}

#[test]
fn a_tag_named_as_the_base_is_not_taken_for_it() {
    let shop = shop();
    let clone = skipping(&shop);
    git(&clone, &["tag", "main", "HEAD"]);
    let gates = ["gates", "--base", "main"];
    let output = shop.rungs(&clone, &gates);
    assert_eq!(output.status.code(), Some(3), "{}", transcript(&output));
    for command in WITH_BASE {
        let document = shop.json(&clone, &[command, &["--base", "main"]].concat());
        assert_eq!(document["workspace"]["base"]["reference"], MAIN, "{command:?}");
    }
    // Nor if nothing else has that name.
    git(&clone, &["tag", "v1", "HEAD"]);
    let help = shop.ends(&clone, &["gates", "--base", "v1"], 4, "unknown-revision");
    assert!(help.contains("the tag is `refs/tags/v1`"), "{help}");
    let output = shop.rungs(&clone, &["gates", "--base", "refs/tags/v1"]);
    assert!(output.status.success(), "{}", transcript(&output));
    assert!(transcript(&output).contains("the base is `refs/tags/v1`"), "{}", transcript(&output));
}

#[test]
fn what_a_fork_calls_main_is_not_its_own_base() {
    let shop = shop();
    let clone = skipping(&shop);
    git(&clone, &["branch", "-qf", "main", "HEAD"]);
    git(&clone, &["switch", "-q", "main"]);
    for base in ["main", "origin/main", MAIN] {
        let output = shop.rungs(&clone, &["gates", "--base", base]);
        assert_eq!(output.status.code(), Some(3), "{base}: {}", transcript(&output));
    }
    // Nor if the clone has not fetched the remote's.
    git(&clone, &["update-ref", "-d", MAIN]);
    shop.ends(&clone, &["gates", "--base", "main"], 4, "unknown-revision");
    shop.ends(&clone, &["status"], 4, "unknown-revision");
}

#[test]
fn a_branch_whose_name_starts_with_a_remotes_name_is_not_that_remotes() {
    let shop = shop();
    let clone = skipping(&shop);
    git(&clone, &["push", "-q", "origin", "HEAD:refs/heads/origin/main"]);
    git(&clone, &["branch", "-q", "origin/main", "HEAD"]);
    git(&clone, &["fetch", "-q"]);
    let output = shop.rungs(&clone, &["gates", "--base", "origin/main"]);
    assert_eq!(output.status.code(), Some(3), "{}", transcript(&output));
}

#[test]
fn a_local_branch_is_the_base_if_the_remote_has_none_of_that_name() {
    let shop = shop();
    let clone = shop.cloned();
    git(&clone, &["branch", "next", "HEAD"]);
    git(&clone, &["switch", "-qc", "topic"]);
    put(&clone, "stage/web.yaml", "tag: v2\n");
    let output = shop.rungs(&clone, &["gates", "--base", "next"]);
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    let words = "the base is this clone's own `refs/heads/next`";
    assert!(transcript(&output).contains(words), "{}", transcript(&output));
    for command in WITH_BASE {
        let document = shop.json(&clone, &[command, &["--base", "next"]].concat());
        assert_eq!(document["workspace"]["base"]["reference"], "refs/heads/next", "{command:?}");
    }
    // Nothing can be committed onto it, as the remote does not have it.
    let promote = ["promote", "web", "--to", "stage", "--commit", "--base", "next"];
    shop.ends(&clone, &promote, 2, "branch-missing");
}

#[test]
fn a_misspelt_base_is_answered_with_the_branch_that_is_meant() {
    let shop = shop();
    let clone = shop.cloned();
    let promote = ["promote", "web", "--to", "stage", "--dry-run"];
    for (command, code, name) in
        [(&promote[..], 2, "branch-missing"), (&["status"], 4, "unknown-revision")]
    {
        let help = shop.ends(&clone, &[command, &["--base", "mian"]].concat(), code, name);
        assert!(help.starts_with("did you mean `main`?"), "{command:?}: {help}");
        let help = shop.ends(&clone, &[command, &["--base", "nowhere"]].concat(), code, name);
        assert!(!help.contains("did you mean"), "{command:?}: {help}");
    }
}

#[test]
fn revisions_are_resolved_by_what_they_name() {
    let shop = shop();
    let clone = skipping(&shop);
    let at = |revision: &str| git(&clone, &["rev-parse", revision]);
    let (tip, before) = (at("origin/main"), at("origin/main~1"));
    for (base, commit, reference) in [
        ("main", &tip, Some(MAIN)),
        ("origin/HEAD", &tip, Some(MAIN)),
        ("refs/heads/main", &tip, Some("refs/heads/main")),
        ("main~1", &before, Some(MAIN)),
        ("origin/main^", &before, Some(MAIN)),
        ("HEAD~2", &before, Some("refs/heads/topic")),
        ("HEAD", &at("HEAD"), Some("refs/heads/topic")),
        (&*tip, &tip, None),
        (&tip[..8], &tip, None),
    ] {
        let document = shop.json(&clone, &["gates", "--base", base]);
        let taken = &document["workspace"]["base"];
        assert_eq!(taken["commit"], **commit, "{base}: {document:#}");
        assert_eq!(taken["reference"].as_str(), reference, "{base}");
        assert_eq!(taken["name"], base);
        assert_eq!(document["workspace"]["head"]["reference"], "refs/heads/topic");
        let status = shop.json(&clone, &["status", "--base", base]);
        assert_eq!(status["workspace"]["base"], *taken, "{base}");
    }
    let refused = |none: &str, exit: i32, code: &str| {
        shop.ends(&clone, &["gates", &format!("--base={none}")], exit, code);
        shop.ends(&clone, &["status", &format!("--base={none}")], exit, code);
        let head = format!("--head={none}");
        shop.ends(&clone, &["gates", "--base", "main", &head], exit, code);
    };
    for none in ["main~9", "main^2"] {
        refused(none, 4, "unknown-revision");
    }
    // What can never name a commit is not worth another attempt.
    for none in ["", "-x", "a b", "main@{1}", ":/web", "main:qa", "HEAD^{tree}", "refs/heads/a..b"]
    {
        refused(none, 2, "invalid-revision");
    }
    // What a change is made for is a branch.
    for none in ["main~1", &*tip, "refs/tags/v1", "HEAD"] {
        let promote = ["promote", "web", "--to", "stage", "--dry-run", "--base", none];
        shop.ends(&clone, &promote, 2, "invalid-branch");
    }
}

/// A workspace in this process.
fn workspace(clone: &Path, configured: ConfiguredBase) -> Workspace {
    Workspace::at(clone, WorkspaceOptions::default(), Variables::default(), configured)
}

fn first_code(findings: &Findings) -> &'static str {
    findings.iter().next().unwrap().code.name
}

#[test]
fn a_configured_base_that_is_not_a_branchs_name_is_an_error_with_and_without_a_remote() {
    let shop = shop();
    let clone = shop.cloned();
    let code = || {
        let workspace = workspace(&clone, |_| Ok(Some("a..b".to_owned())));
        first_code(&workspace.base().unwrap_err())
    };
    assert_eq!(code(), "invalid-branch");
    git(&clone, &["remote", "remove", "origin"]);
    assert_eq!(code(), "invalid-branch");
}

#[test]
fn a_base_branch_that_was_found_is_not_looked_for_again() {
    let shop = shop();
    let clone = shop.cloned();
    git(&clone, &["remote", "set-head", "origin", "--delete"]);
    let workspace = workspace(&clone, |_| Ok(None));
    assert_eq!(workspace.likely_branch(), None);
    // Only the remote knows.
    assert_eq!(workspace.base().unwrap().unwrap().branch_name(), Some("main"));
    git(&clone, &["remote", "set-url", "origin", "file:///nowhere/remote.git"]);
    let branch = workspace.base_branch().unwrap();
    assert_eq!(workspace.likely_branch().as_ref(), Some(branch));
}

#[test]
fn a_clone_without_a_commit_has_no_commit_to_judge_against() {
    let directory = crate::support::directory::temporary().unwrap();
    git(directory.path(), &["init", "-q"]);
    let workspace = workspace(directory.path(), |_| Ok(None));
    let delivery = Delivery::new(&workspace, &InProcess, Timestamp::UNIX_EPOCH);
    let findings = delivery.judge("HEAD", &[], None).unwrap_err();
    assert_eq!(first_code(&findings), "unknown-revision");
    assert_eq!(findings.iter().next().unwrap().labels[0].message, "nothing is committed yet");
}

#[test]
fn a_configuration_that_cannot_be_read_names_no_base() {
    let shop = shop();
    let clone = shop.cloned();
    fs::write(clone.join("rungs.yaml"), "version: 1\nladder: [qa\n").unwrap();
    for command in COMMANDS {
        let output = shop.rungs(&clone, command);
        assert_eq!(output.status.code(), Some(2), "{command:?}: {}", transcript(&output));
        assert!(transcript(&output).contains("--base"), "{command:?}: {}", transcript(&output));
        assert!(
            transcript(&output).contains("rungs.yaml:"),
            "{command:?}: {}",
            transcript(&output)
        );
    }
    for command in WITH_BASE {
        let document = shop.json(&clone, &[command, &["--base", "main"]].concat());
        assert_eq!(document["workspace"]["base"]["reference"], MAIN, "{command:?}");
    }
    // Whatever else is wrong in it does not matter: the base's counts.
    fs::write(clone.join("rungs.yaml"), "version: 1\nladdr: [qa]\n").unwrap();
    shop.agree(&clone, &[], &shop.remote.tip(), MAIN);
    fs::write(clone.join("rungs.yaml"), "forge: { base: 'a b' }\n").unwrap();
    shop.refuse(&clone, &[], 2, "invalid-reference");
}

#[test]
fn a_remote_without_a_branch_names_no_base() {
    let shop = shop();
    let clone = shop.cloned();
    let bare = shop.remote.path("empty.git");
    git(&shop.remote.path(""), &["init", "-q", "--bare", "empty.git"]);
    git(&clone, &["remote", "set-url", "origin", bare.to_str().unwrap()]);
    git(&clone, &["remote", "set-head", "origin", "--delete"]);
    git(&clone, &["update-ref", "-d", MAIN]);
    shop.refuse(&clone, &[], 2, "no-base-branch");
    let document = shop.json(&clone, &["status", "--base", "main"]);
    assert_eq!(document["workspace"]["base"]["reference"], "refs/heads/main");
}
