//! A commit's files are read as the work tree's are.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use rungs::diagnostic::{Finding, ProblemKind};
use rungs::source::{ReadErrorKind, RepoPath, RevisionError, Tree};

use crate::scratch::work_tree;
use crate::support::git::git;

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

/// A clone whose `deploy/` holds the files, with one commit tagged `v1` and a
/// later one that changes them.
fn clone() -> tempfile::TempDir {
    let directory = crate::support::directory::temporary().unwrap();
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
    // The clone holds `secret`, but the repository that rungs was given does
    // not.
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

fn fetch_of(tree: &Tree, revision: &str) -> String {
    match tree.at(revision) {
        Err(RevisionError::Absent { fetch, .. }) => fetch,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("{revision} must be absent"),
    }
}

#[test]
fn a_revision_that_is_absent_names_the_command_that_fetches_it() {
    let clone = clone();
    git(clone.path(), &["remote", "add", "upstream", "https://git.example.com/x"]);
    let tree = work_tree(clone.path());
    let fetch = |revision: &str| fetch_of(&tree, revision);
    assert_eq!(fetch("v2"), "git fetch upstream tag v2");
    let id = "0123456789012345678901234567890123456789";
    assert_eq!(fetch(id), format!("git fetch upstream {id}"));
    // Servers take full ids only.
    assert_eq!(fetch("0123456"), "git fetch upstream");
    fs::write(clone.path().join(".git/shallow"), git(clone.path(), &["rev-parse", "HEAD"]))
        .unwrap();
    assert_eq!(fetch_of(&work_tree(clone.path()), "0123456"), "git fetch --unshallow upstream");
    // Of several, nothing says which one has it.
    git(clone.path(), &["remote", "add", "fork", "https://git.example.com/y"]);
    assert_eq!(fetch_of(&work_tree(clone.path()), "v2"), "git fetch REMOTE tag v2");
}

#[test]
fn the_text_of_a_pin_does_not_become_a_command_when_it_is_pasted() {
    let clone = clone();
    git(clone.path(), &["config", "remote.-x.url", "https://git.example.com/x"]);
    git(clone.path(), &["config", "remote.a;b.url", "https://git.example.com/x"]);
    let tree = work_tree(clone.path());
    assert_eq!(fetch_of(&tree, "v2;reboot"), "git fetch 'a;b' tag 'v2;reboot'");
    assert_eq!(fetch_of(&tree, "$(reboot)'"), r"git fetch 'a;b' tag '$(reboot)'\'''");
    // No quotes keep a dash from being an option, and no tag has these names.
    for no_tag in ["--upload-pack=reboot", "v1~0", "two words"] {
        assert_eq!(fetch_of(&tree, no_tag), "git fetch --tags 'a;b'", "{no_tag}");
    }
}

#[test]
fn a_tag_never_redirects_a_full_commit_id() {
    let clone = clone();
    let first = git(clone.path(), &["rev-parse", "v1^{commit}"]);
    git(clone.path(), &["update-ref", &format!("refs/tags/{first}"), "HEAD"]);
    assert_eq!(work_tree(clone.path()).at(&first).unwrap().revision(), Some(&*first));
    let nowhere = "0123456789012345678901234567890123456789";
    git(clone.path(), &["update-ref", &format!("refs/tags/{nowhere}"), "HEAD"]);
    let error = work_tree(clone.path()).at(nowhere).err();
    assert!(matches!(error, Some(RevisionError::Absent { .. })), "{error:?}");
}

#[test]
fn an_abbreviation_is_an_id_and_nothing_that_moves() {
    let clone = clone();
    // `git rev-parse deadbeef` would take the first one for a reference.
    git(clone.path(), &["update-ref", "refs/deadbeef", "HEAD"]);
    git(clone.path(), &["update-ref", "refs/remotes/deadbeef/HEAD", "HEAD"]);
    let error = work_tree(clone.path()).at("deadbeef").err();
    assert!(matches!(error, Some(RevisionError::Absent { .. })), "{error:?}");
}

#[test]
fn an_abbreviation_of_two_objects_is_ambiguous_and_input() {
    let clone = clone();
    // Two texts whose blobs have ids that start with the same seven digits.
    for text in ["4827\n", "11742\n"] {
        fs::write(clone.path().join("text"), text).unwrap();
        git(clone.path(), &["hash-object", "-w", "text"]);
    }
    let error = work_tree(clone.path()).at("51d2738").err().unwrap();
    assert!(matches!(error, RevisionError::Ambiguous(_)), "{error:?}");
    let code = Finding::of_revision_error(&error, None).code;
    assert_eq!((code.name, code.kind), ("revision-is-ambiguous", ProblemKind::Input));
}

#[test]
fn what_names_a_file_or_a_directory_is_not_a_commit_and_input() {
    let clone = clone();
    let blob = git(clone.path(), &["rev-parse", "HEAD:secret"]);
    let files = git(clone.path(), &["rev-parse", "HEAD^{tree}"]);
    git(clone.path(), &["tag", "file", &blob]);
    git(clone.path(), &["tag", "-a", "directory", "-m", "of a tree", &files]);
    let tree = work_tree(clone.path());
    for (revision, what) in [
        (&*blob, "blob"),
        (&blob[..9], "blob"),
        ("file", "blob"),
        (&*files, "tree"),
        ("directory", "tree"),
    ] {
        let error = tree.at(revision).err().unwrap();
        assert!(
            matches!(error, RevisionError::NotACommit { ref found, .. } if found == what),
            "{revision}: {error:?}"
        );
        let code = Finding::of_revision_error(&error, None).code;
        assert_eq!((code.name, code.kind), ("revision-is-no-commit", ProblemKind::Input));
    }
}

#[test]
fn a_tag_that_moves_meanwhile_keeps_its_commit() {
    let clone = clone();
    let tree = work_tree(clone.path());
    let file = path("deploy/templates/web/a.yaml");
    let before = tree.at("web/v1").unwrap().read(&file).unwrap();
    git(clone.path(), &["tag", "-f", "web/v1", "HEAD"]);
    let after = tree.at("web/v1").unwrap();
    assert!(Arc::ptr_eq(&before, &after.read(&file).unwrap()), "read once");
    // From a commit others can be read.
    assert_eq!(after.at("v1").unwrap().read(&file).unwrap().text(), "a: 1\n");
    let later = work_tree(clone.path()).at("web/v1").unwrap();
    assert_eq!(later.read(&file).unwrap().text(), "a: 2\n");
}

/// A commit whose root is a tree with one file of that name. Git itself would
/// not make one.
fn crafted(root: &Path, name: &str) -> String {
    let blob = git(root, &["rev-parse", "HEAD:secret"]);
    let digits = |at| u8::from_str_radix(&blob[at..at + 2], 16).unwrap();
    let mut bytes = format!("100644 {name}\0").into_bytes();
    bytes.extend((0..blob.len()).step_by(2).map(digits));
    fs::write(root.join("crafted"), bytes).unwrap();
    let tree = git(root, &["hash-object", "-t", "tree", "--literally", "-w", "crafted"]);
    git(root, &["commit-tree", &tree, "-m", "crafted"])
}

#[test]
fn names_of_a_crafted_commit_are_an_error_and_not_a_panic() {
    let clone = clone();
    for name in ["..", ".", "a/b", "../../etc/passwd"] {
        let commit = crafted(clone.path(), name);
        let tree = work_tree(clone.path()).at(&commit).unwrap();
        let error = tree.list(&RepoPath::root()).unwrap_err();
        assert!(matches!(error.kind, ReadErrorKind::Name { .. }), "{name}: {error:?}");
        assert_eq!(Finding::of_read_error(&error, None).code.name, "unreadable-name");
    }
    // libgit2 refuses the whole tree.
    let nameless = work_tree(clone.path()).at(&crafted(clone.path(), "")).unwrap();
    assert!(nameless.list(&RepoPath::root()).is_err());
}

#[test]
fn a_directory_whose_path_is_not_utf8_has_no_revisions_rather_than_the_roots() {
    let clone = clone();
    let directory = clone.path().join(OsStr::from_bytes(b"d\xe9ploy"));
    if let Err(error) = fs::create_dir(&directory) {
        println!("skipped: this disk takes UTF-8 names only: {error}");
        return;
    }
    fs::write(directory.join("a"), "x").unwrap();
    let tree = work_tree(&directory);
    assert_eq!(tree.read(&path("a")).unwrap().text(), "x");
    assert!(matches!(tree.at("v1").err(), Some(RevisionError::Unopened(_))));
}

#[test]
fn a_work_tree_that_is_elsewhere_has_no_revisions_rather_than_the_roots() {
    let clone = clone();
    let elsewhere = crate::support::directory::temporary().unwrap();
    git(clone.path(), &["config", "core.worktree", elsewhere.path().to_str().unwrap()]);
    let error = work_tree(&clone.path().join("deploy")).at("v1").err();
    assert!(matches!(error, Some(RevisionError::Unopened(_))), "{error:?}");
}

#[test]
fn a_directory_outside_of_any_clone_has_files_and_no_revisions() {
    let directory = crate::support::directory::temporary().unwrap();
    fs::write(directory.path().join("a"), "x").unwrap();
    let tree = work_tree(directory.path());
    assert_eq!(tree.read(&path("a")).unwrap().text(), "x");
    assert!(matches!(tree.at("v1").err(), Some(RevisionError::NoRepository)));
}

#[test]
fn a_clone_that_cannot_be_opened_still_has_a_work_tree() {
    let directory = crate::support::directory::temporary().unwrap();
    git(directory.path(), &["init", "-q"]);
    git(directory.path(), &["config", "core.repositoryFormatVersion", "1"]);
    git(directory.path(), &["config", "extensions.ofTomorrow", "true"]);
    fs::write(directory.path().join("a"), "x").unwrap();
    let tree = work_tree(directory.path());
    assert_eq!(tree.read(&path("a")).unwrap().text(), "x");
    let finding = Finding::of_revision_error(&tree.at("v1").err().unwrap(), None);
    let message = "the clone cannot be opened: unknown repository extension found: oftomorrow";
    assert_eq!((finding.code.name, &*finding.message), ("git-failed", message));
}
