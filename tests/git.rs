//! A commit's files read as the work tree's do.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::fs;
use std::path::Path;
use std::process::Command;

use rungs::git::work_tree;
use rungs::source::{ReadErrorKind, RepoPath, RevisionError};

fn git(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.com",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(["-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false"])
        .args(arguments)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .current_dir(directory)
        .output()
        .expect("git runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

/// A clone whose `deploy/` holds the files, with one commit tagged `v1` and a
/// later one that changes them.
fn clone() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    git(root, &["init", "-q"]);
    fs::create_dir_all(root.join("deploy/templates/web/_parts")).unwrap();
    fs::write(root.join("deploy/templates/web/a.yaml"), "a: 1\n").unwrap();
    fs::write(root.join("deploy/templates/web/_parts/b"), "b").unwrap();
    fs::write(root.join("secret"), "outside of deploy").unwrap();
    std::os::unix::fs::symlink("web", root.join("deploy/templates/alias")).unwrap();
    std::os::unix::fs::symlink("../secret", root.join("deploy/out")).unwrap();
    git(root, &["add", "-A"]);
    git(root, &["commit", "-qm", "one"]);
    git(root, &["tag", "-a", "v1", "-m", "annotated"]);
    git(root, &["tag", "web/v1"]);
    fs::write(root.join("deploy/templates/web/a.yaml"), "a: 2\n").unwrap();
    git(root, &["commit", "-qam", "two"]);
    directory
}

#[test]
fn a_tag_and_a_commit_give_the_files_of_their_time() {
    let clone = clone();
    let tree = work_tree(&clone.path().join("deploy"));
    let file = path("templates/web/a.yaml");
    assert_eq!(tree.read(&file).unwrap().text(), "a: 2\n");
    let first = git(clone.path(), &["rev-parse", "v1^{commit}"]);
    for revision in ["v1", "web/v1", &first, &first[..8]] {
        let at = tree.at(revision).unwrap();
        assert_eq!(at.read(&file).unwrap().text(), "a: 1\n", "{revision}");
        assert_eq!(at.revision(), Some(&*first));
        assert_eq!(at.read(&file).unwrap().revision(), Some(&*first));
    }
}

#[test]
fn links_and_listings_of_a_commit_follow_the_same_rules() {
    let clone = clone();
    let at = work_tree(&clone.path().join("deploy")).at("v1").unwrap();
    assert_eq!(at.read(&path("templates/alias/a.yaml")).unwrap().text(), "a: 1\n");
    let names: Vec<_> = at
        .list(&path("templates"))
        .unwrap()
        .into_iter()
        .map(|l| (l.path.to_string(), l.is_directory))
        .collect();
    assert_eq!(names, [("templates/alias".to_owned(), true), ("templates/web".to_owned(), true)]);
    // The clone holds `secret`, the repository that rungs was given does not.
    let kind = at.read(&path("out")).unwrap_err().kind;
    assert!(matches!(kind, ReadErrorKind::Outside { .. }), "{kind:?}");
}

#[test]
fn what_moves_is_refused() {
    let clone = clone();
    git(clone.path(), &["branch", "deadbeef"]);
    git(clone.path(), &["update-ref", "refs/remotes/origin/topic", "HEAD"]);
    git(clone.path(), &["remote", "add", "origin", "https://git.example.com/x"]);
    let tree = work_tree(clone.path());
    for branch in ["main", "HEAD", "deadbeef", "topic", "origin/topic"] {
        let error = tree.at(branch).err();
        assert!(matches!(error, Some(RevisionError::Branch(_))), "{branch}: {error:?}");
    }
    for expression in ["v1~0", "main@{1}", ":/two", "HEAD^"] {
        let error = tree.at(expression).err();
        assert!(matches!(error, Some(RevisionError::Absent { .. })), "{expression}: {error:?}");
    }
}

#[test]
fn what_is_not_there_names_the_command_that_fetches_it() {
    let clone = clone();
    git(clone.path(), &["remote", "add", "upstream", "https://git.example.com/x"]);
    let tree = work_tree(clone.path());
    let fetch = |revision: &str| match tree.at(revision) {
        Err(RevisionError::Absent { fetch, .. }) => fetch,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("{revision} must be absent"),
    };
    assert_eq!(fetch("v2"), "git fetch upstream tag v2");
    let id = "0123456789012345678901234567890123456789";
    assert_eq!(fetch(id), format!("git fetch upstream {id}"));
}

#[test]
fn a_directory_outside_of_any_clone_has_files_and_no_revisions() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a"), "x").unwrap();
    let tree = work_tree(directory.path());
    assert_eq!(tree.read(&path("a")).unwrap().text(), "x");
    assert!(matches!(tree.at("v1").err(), Some(RevisionError::NoRepository)));
}

#[test]
fn a_clone_that_cannot_be_opened_still_has_a_work_tree() {
    let directory = tempfile::tempdir().unwrap();
    git(directory.path(), &["init", "-q", "--object-format=sha256"]);
    fs::write(directory.path().join("a"), "x").unwrap();
    let tree = work_tree(directory.path());
    assert_eq!(tree.read(&path("a")).unwrap().text(), "x");
    assert!(matches!(tree.at("v1").err(), Some(RevisionError::Failed { .. })));
}
