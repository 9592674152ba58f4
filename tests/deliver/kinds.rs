//! Clones of the kinds that people have: in each of them a promotion works, or is
//! refused in one clear sentence.

use std::path::{Path, PathBuf};

use crate::support::git::{git, is_sound, output};
use crate::support::program::{rungs, scrubbed};
use crate::support::shop::{RunOutput, Shop, image};

/// The clone with a name and an address for commits.
fn owned(clone: PathBuf) -> PathBuf {
    for (name, value) in [("user.name", "ana"), ("user.email", "ana@example.com")] {
        git(&clone, &["config", name, value]);
    }
    clone
}

fn cloned(shop: &Shop, options: &[&str]) -> PathBuf {
    let url = shop.remote.file_url();
    git(&shop.remote.path(""), &[&["clone", "-q"], options, &[&url, "other"]].concat());
    owned(shop.remote.path("other"))
}

#[track_caller]
fn run(clone: &Path, code: i32, arguments: &[&str]) -> RunOutput {
    RunOutput::of(&rungs(clone, arguments)).ends(code)
}

/// A promotion and its rollback work from this clone.
#[track_caller]
fn works(shop: &Shop, clone: &Path) {
    run(clone, 0, &["promote", "web", "--to", "stage", "--commit"]);
    assert_eq!(shop.file("stage/web.yaml"), image("web", "v2").trim_end());
    assert_eq!(shop.changed(), ["stage/web.yaml"]);
    run(clone, 0, &["rollback", "web", "--env", "stage", "--commit"]);
    assert_eq!(shop.file("stage/web.yaml"), image("web", "v1").trim_end());
    assert!(is_sound(&shop.remote.bare()));
}

#[test]
fn a_blobless_or_treeless_clone_works() {
    for filter in ["--filter=blob:none", "--filter=tree:0"] {
        let shop = Shop::adopted(&[]);
        git(&shop.remote.bare(), &["config", "uploadpack.allowFilter", "true"]);
        git(&shop.remote.bare(), &["config", "uploadpack.allowAnySHA1InWant", "true"]);
        let clone = cloned(&shop, &[filter, "--no-checkout"]);
        works(&shop, &clone);
    }
}

#[test]
fn a_sparse_clone_works() {
    let shop = Shop::adopted(&[]);
    let clone = cloned(&shop, &["--sparse"]);
    works(&shop, &clone);
    // What is not checked out cannot be changed, and is not to be created either.
    let write = run(&clone, 1, &["promote", "web", "--to", "stage", "--write"]);
    assert!(!write.stderr.contains("--create"), "{write:?}");
}

#[test]
fn a_clone_with_alternates_works() {
    let shop = Shop::adopted(&[]);
    let clone = cloned(&shop, &["--reference", shop.clone.to_str().unwrap()]);
    assert!(clone.join(".git/objects/info/alternates").exists());
    works(&shop, &clone);
}

#[test]
fn a_shallow_clone_works_as_far_as_its_history_goes() {
    let shop = Shop::adopted(&[]);
    shop.elsewhere("v0", &[("qa/api.yaml", Some(&image("api", "v3")))]);
    let clone = cloned(&shop, &["--depth", "1"]);
    // Whether it was there before is not known.
    let promote = ["promote", "web", "--to", "stage", "--commit"];
    run(&clone, 5, &promote).says("git fetch --unshallow origin");
    run(&clone, 0, &[&promote[..], &["--override", "order", "--reason", "it is new"]].concat());
    assert_eq!(shop.file("stage/web.yaml"), image("web", "v2").trim_end());
    assert!(is_sound(&shop.remote.bare()));
    // The parents of the pushed commits are those of the remote.
    assert_eq!(git(&shop.remote.bare(), &["rev-list", "--count", "main"]), "3");
    run(&clone, 5, &[&promote[..], &["--ref", ":v0"]].concat())
        .finds("shallow-history")
        .says("git fetch --unshallow");
    let gates = ["gates", "web", "--to", "stage", "--ref", ":v0"];
    run(&clone, 5, &gates).finds("shallow-history");
    // A first rung needs no history.
    run(&clone, 0, &["set", "web", ":v3", "--env", "qa", "--commit"]);
}

#[test]
fn a_shallow_clone_waits_for_history_that_a_gate_needs() {
    let shop = Shop::configured("environments: { stage: { gates: { soak: 1m } } }\n", &[]);
    shop.elsewhere("api", &[("qa/api.yaml", Some(&image("api", "v3")))]);
    let tip = shop.remote.tip();
    let clone = cloned(&shop, &["--depth", "1"]);
    let output = run(&clone, 5, &["promote", "web", "--to", "stage", "--commit"]);
    output.says("git fetch --unshallow");
    assert_eq!(shop.remote.tip(), tip);
    git(&clone, &["fetch", "-q", "--unshallow"]);
    run(&clone, 0, &["promote", "web", "--to", "stage", "--commit"]);
}

#[test]
fn a_rollback_in_a_shallow_clone_says_what_it_needs() {
    let shop = Shop::adopted(&[]);
    shop.elsewhere("v2", &[("stage/web.yaml", Some(&image("web", "v2")))]);
    let tip = shop.remote.tip();
    let clone = cloned(&shop, &["--depth", "1"]);
    let output = run(&clone, 5, &["rollback", "web", "--env", "stage", "--commit"]);
    output.finds("shallow-history").says("git fetch --unshallow");
    assert_eq!(shop.remote.tip(), tip);
}

#[test]
fn a_repository_of_sha256_works_or_is_refused_in_one_sentence() {
    let directory = crate::support::directory::temporary().unwrap();
    let init = |arguments: &[&str]| output(directory.path(), arguments);
    let bare = init(&["init", "-q", "--bare", "--object-format=sha256", "-b", "main", "bare.git"]);
    if !bare.status.success() {
        println!("skipped: this git makes no repositories of SHA-256");
        return;
    }
    let bare = directory.path().join("bare.git");
    // Cloning an empty one would make it of SHA-1.
    init(&["init", "-q", "--object-format=sha256", "-b", "main", "clone"]);
    let clone = owned(directory.path().join("clone"));
    let shop = Shop::adopted(&[]);
    crate::support::repository::lay_out(&clone, &shop.remote.files("main"));
    git(&clone, &["remote", "add", "origin", bare.to_str().unwrap()]);
    git(&clone, &["add", "-A"]);
    git(&clone, &["commit", "-qm", "Begin"]);
    git(&clone, &["push", "-q", "origin", "main"]);
    run(&clone, 0, &["promote", "web", "--to", "stage", "--commit", "--base", "main"]);
    let text = git(&bare, &["show", "main:stage/web.yaml"]);
    assert_eq!(text, image("web", "v2").trim_end());
    git(&bare, &["fsck", "--strict"]);
    run(&clone, 0, &["rollback", "web", "--env", "stage", "--commit", "--base", "main"]);
}

#[test]
fn a_submodule_and_the_repository_around_it_are_separate() {
    let shop = Shop::adopted(&[]);
    let around = shop.remote.path("around");
    git(&shop.remote.path(""), &["init", "-q", "around"]);
    git(&around, &["submodule", "--quiet", "add", &shop.remote.file_url(), "deploy"]);
    git(&around, &["commit", "-qm", "Around"]);
    let head = git(&around, &["rev-parse", "HEAD"]);
    works(&shop, &owned(around.join("deploy")));
    assert_eq!(git(&around, &["rev-parse", "HEAD"]), head);
    // A repository that has one keeps it as it is.
    let shop = Shop::adopted(&[]);
    let id = git(&shop.clone, &["rev-parse", "HEAD"]);
    let cache = format!("160000,{id},vendor");
    git(&shop.clone, &["update-index", "--add", "--cacheinfo", &cache]);
    git(&shop.clone, &["commit", "-qm", "Vendor"]);
    git(&shop.clone, &["push", "-q"]);
    works(&shop, &shop.clone);
    let entry = git(&shop.remote.bare(), &["ls-tree", "main", "vendor"]);
    assert!(entry.starts_with("160000 commit"), "{entry}");
}

#[test]
fn names_that_differ_only_by_case_remain_two_files() {
    let shop = Shop::adopted(&[("stage/WEB.yaml", "notes: 1\n"), ("STAGE/web.yaml", "notes: 2\n")]);
    run(&shop.clone, 0, &["promote", "web", "--to", "stage", "--commit"]);
    assert_eq!(shop.changed(), ["stage/web.yaml"]);
    assert_eq!(shop.file("stage/WEB.yaml"), "notes: 1");
    assert_eq!(shop.file("STAGE/web.yaml"), "notes: 2");
}

#[test]
fn a_commit_is_signed_as_git_is_configured_to() {
    let shop = Shop::adopted(&[]);
    let key = shop.remote.path("key");
    let made = scrubbed("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "ana", "-f"])
        .arg(&key)
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        println!("skipped: there is no ssh-keygen");
        return;
    }
    let public = std::fs::read_to_string(key.with_extension("pub")).unwrap();
    let signers = shop.remote.path("signers");
    std::fs::write(&signers, format!("ana@example.com {public}")).unwrap();
    for (name, value) in [
        ("gpg.format", "ssh"),
        ("user.signingKey", key.to_str().unwrap()),
        ("commit.gpgSign", "true"),
        ("gpg.ssh.allowedSignersFile", signers.to_str().unwrap()),
    ] {
        git(&shop.clone, &["config", name, value]);
    }
    run(&shop.clone, 0, &["promote", "web", "--to", "stage", "--commit"]);
    git(&shop.clone, &["fetch", "-q"]);
    git(&shop.clone, &["verify-commit", "origin/main"]);
    run(&shop.clone, 0, &["promote", "api", "--to", "stage", "--branch"]);
    git(&shop.clone, &["fetch", "-q"]);
    git(&shop.clone, &["verify-commit", "origin/rungs/stage/api"]);
    // A missing key does not lead to an unsigned commit.
    std::fs::remove_file(&key).unwrap();
    let tip = shop.remote.tip();
    let output =
        RunOutput::of(&rungs(&shop.clone, &["promote", "api", "--to", "stage", "--commit"]));
    assert!(matches!(output.code, Some(2 | 4)), "{output:?}");
    assert_eq!(shop.remote.tip(), tip);
}
