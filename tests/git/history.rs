//! What changed along a branch, and when.

use std::collections::BTreeMap;
use std::time::Duration;

use rungs::git::{CommitHistory, Log};

use crate::scratch::{Scratch, name, path, repository, steps};
use crate::support::component::wait_until;
use crate::support::git::{command, git};
use crate::support::program::{is_alone, passes_alone};

#[test]
fn each_commit_that_changed_the_file_is_a_step_newest_first() {
    let scratch = Scratch::new();
    scratch.put("qa/web.yaml", "v1");
    scratch.put("other", "x");
    scratch.put("qa/web.yaml", "v2");
    scratch.commit("nothing");
    assert_eq!(
        scratch.steps(&["qa/web.yaml"]),
        ["qa/web.yaml v2: qa/web.yaml v1 > v2", "qa/web.yaml v1: qa/web.yaml - > v1"]
    );
    assert_eq!(scratch.steps(&["qa"]).len(), 2);
    assert_eq!(scratch.steps(&[]).len(), 3);
    assert!(scratch.steps(&["q", "qa/web"]).is_empty());
}

#[test]
fn paths_count_from_the_directory_that_was_opened() {
    let scratch = Scratch::new();
    scratch.put("qa/web.yaml", "above");
    scratch.put("deploy/qa/web.yaml", "v1");
    let repository = repository(&scratch.root().join("deploy"));
    let tip = repository.head().unwrap().unwrap();
    let log = Log::new(repository.clone());
    let expected = ["deploy/qa/web.yaml v1: qa/web.yaml - > v1"];
    assert_eq!(steps(&repository, &log, &tip, &["qa/web.yaml"]), expected);
    assert_eq!(steps(&repository, &log, &tip, &[]), expected);
}

/// A repository with `v1` on `main`, and a topic that makes it `v2` and `v3`.
fn with_topic() -> Scratch {
    let scratch = Scratch::new();
    scratch.put("web.yaml", "v1");
    scratch.git(&["switch", "-qc", "topic"]);
    scratch.put("web.yaml", "v2");
    scratch.put("web.yaml", "v3");
    scratch.git(&["switch", "-q", "main"]);
    scratch
}

#[test]
fn a_merged_topic_is_one_step_of_the_branch() {
    let scratch = with_topic();
    scratch.put("other", "x");
    scratch.later(&["merge", "-q", "--no-ff", "-m", "Merge branch 'topic'", "topic"]);
    assert_eq!(
        scratch.steps(&["web.yaml"]),
        ["Merge branch 'topic': web.yaml v1 > v3", "web.yaml v1: web.yaml - > v1"]
    );
}

#[test]
fn a_squashed_topic_is_one_step_of_the_branch() {
    let scratch = with_topic();
    scratch.put("other", "x");
    scratch.git(&["merge", "-q", "--squash", "topic"]);
    scratch.commit("squashed");
    assert_eq!(scratch.steps(&["web.yaml"])[0], "squashed: web.yaml v1 > v3");
}

#[test]
fn a_rebased_topic_has_its_own_steps() {
    let scratch = with_topic();
    scratch.put("other", "x");
    scratch.git(&["switch", "-q", "topic"]);
    scratch.later(&["rebase", "-q", "main"]);
    let expected = [
        "web.yaml v3: web.yaml v2 > v3",
        "web.yaml v2: web.yaml v1 > v2",
        "web.yaml v1: web.yaml - > v1",
    ];
    assert_eq!(scratch.steps(&["web.yaml"]), expected);
    scratch.git(&["switch", "-q", "main"]);
    scratch.git(&["merge", "-q", "--ff-only", "topic"]);
    assert_eq!(scratch.steps(&["web.yaml"]), expected);
}

/// Two people push to `main`: the first has `mine`, the second `theirs` and
/// then pulls.
fn with_pull(message: Option<&str>) -> Scratch {
    let origin = Scratch::with(&["--bare"]);
    let first = Scratch::of(origin.root(), &[]);
    first.put("web.yaml", "v1");
    first.put("cart.yaml", "v1");
    first.git(&["push", "-q", "origin", "HEAD:main"]);
    let second = Scratch::of(origin.root(), &[]);
    second.put("cart.yaml", "theirs");
    first.put("web.yaml", "v2");
    first.put("web.yaml", "v3");
    first.git(&["push", "-q", "origin", "main"]);
    second.later(&["pull", "-q", "--no-rebase", "--no-edit", "origin", "main"]);
    if let Some(message) = message {
        second.later(&["commit", "-q", "--amend", "-m", message]);
    }
    second
}

#[test]
fn a_merge_is_one_step_whatever_its_message_says() {
    let messages = [
        None,
        Some("Bring both together"),
        Some("Merge branch 'main' into attack"),
        Some("Merge branch 'main' of https://git.example.com/shop/deploy"),
        Some("Merge remote-tracking branch 'origin/main'"),
        Some("Merge https://git.example.com/shop/deploy"),
    ];
    for message in messages {
        let scratch = with_pull(message);
        let subject = scratch.git(&["log", "-1", "--format=%s"]);
        let merged = format!("{subject}: web.yaml v1 > v3");
        assert_eq!(scratch.steps(&["web.yaml"]), [&*merged, "web.yaml v1: web.yaml - > v1"]);
        let own = ["cart.yaml theirs: cart.yaml v1 > theirs", "cart.yaml v1: cart.yaml - > v1"];
        assert_eq!(scratch.steps(&["cart.yaml"]), own, "{subject}");
        assert_eq!(scratch.steps(&[]).len(), 4, "{subject}");
        assert_eq!(scratch.steps(&["cart.yaml", "web.yaml"]).len(), 4, "{subject}");
    }
}

#[test]
fn what_a_side_branch_had_and_left_was_never_on_the_branch() {
    let scratch = Scratch::new();
    scratch.put("web.yaml", "v1");
    scratch.git(&["switch", "-qc", "attack"]);
    scratch.put("web.yaml", "v666");
    scratch.put("web.yaml", "v1");
    scratch.git(&["switch", "-q", "main"]);
    scratch.put("other", "x");
    let subject = "Merge branch 'main' into attack";
    scratch.later(&["merge", "-q", "--no-ff", "-m", subject, "attack"]);
    assert_eq!(scratch.steps(&["web.yaml"]), ["web.yaml v1: web.yaml - > v1"]);
}

/// The subjects of all commits of the branch, in the order of their positions.
fn branch(scratch: &Scratch) -> Vec<String> {
    let repository = scratch.repository();
    let tip = repository.head().unwrap().unwrap();
    let log = Log::new(repository.clone());
    let mut positions = log.positions(&tip).unwrap();
    let mut found = BTreeMap::new();
    for line in scratch.git(&["log", "--all", "--format=%H %s"]).lines() {
        let (id, subject) = line.split_once(' ').unwrap();
        if let Some(at) = positions.position(&name(id), usize::MAX).unwrap() {
            found.insert(at, subject.to_owned());
        }
    }
    assert_eq!(found.keys().copied().collect::<Vec<_>>(), (0..found.len()).collect::<Vec<_>>());
    found.into_values().collect()
}

#[test]
fn the_branch_has_every_commit_along_the_way_of_the_steps() {
    let scratch = with_pull(None);
    let subjects = branch(&scratch);
    assert!(subjects[0].starts_with("Merge branch 'main' of "));
    assert_eq!(subjects[1..], ["cart.yaml theirs", "cart.yaml v1", "web.yaml v1"]);
    let shallow = Scratch::of(scratch.root(), &["--depth=2"]);
    let subjects = branch(&shallow);
    assert_eq!(subjects[1..], ["cart.yaml theirs"], "the edge's own commit is the last");
}

#[test]
fn an_octopus_is_one_step_with_what_all_its_arms_brought() {
    let scratch = Scratch::new();
    scratch.put("base", "x");
    for arm in ["one", "two"] {
        scratch.git(&["switch", "-qc", arm, "main"]);
        scratch.put(&format!("{arm}.yaml"), "v1");
    }
    scratch.git(&["switch", "-q", "main"]);
    scratch.put("base", "y");
    scratch.later(&["merge", "-q", "-m", "Merge branches 'one' and 'two'", "one", "two"]);
    assert_eq!(scratch.git(&["log", "-1", "--format=%P"]).split(' ').count(), 3);
    let steps = scratch.steps(&["one.yaml", "two.yaml"]);
    assert_eq!(steps, ["Merge branches 'one' and 'two': one.yaml - > v1 two.yaml - > v1"]);
}

#[test]
fn history_ends_at_the_edge_of_a_shallow_clone_with_the_command_that_fetches_more() {
    let origin = Scratch::new();
    for version in ["v1", "v2", "v3"] {
        origin.put("web.yaml", version);
    }
    let shallow = Scratch::of(origin.root(), &["--depth=2"]);
    assert!(shallow.repository().is_shallow());
    assert_eq!(
        shallow.steps(&["web.yaml"]),
        ["web.yaml v3: web.yaml v2 > v3", "shallow: git fetch --unshallow origin"]
    );
    // What a file had before is not known either if the edge did not touch it.
    assert_eq!(shallow.steps(&["never"]), ["shallow: git fetch --unshallow origin"]);
    shallow.git(&["fetch", "-q", "--unshallow", "origin"]);
    assert_eq!(shallow.steps(&["web.yaml"]).len(), 3);
}

#[test]
fn a_renamed_file_is_removed_at_one_path_and_added_at_the_other() {
    let scratch = Scratch::new();
    scratch.put("qa/web.yaml", "v1");
    scratch.git(&["mv", "qa", "stage"]);
    scratch.commit("move");
    assert_eq!(
        scratch.steps(&[]),
        ["move: qa/web.yaml v1 > - stage/web.yaml - > v1", "qa/web.yaml v1: qa/web.yaml - > v1"]
    );
    assert_eq!(scratch.steps(&["stage"]), ["move: stage/web.yaml - > v1"]);
}

#[test]
fn a_mode_changes_and_the_text_does_not() {
    let scratch = Scratch::new();
    scratch.put("web.yaml", "v1");
    scratch.git(&["update-index", "--chmod=+x", "web.yaml"]);
    scratch.later(&["commit", "-qm", "mode"]);
    assert_eq!(scratch.steps(&["web.yaml"])[0], "mode: web.yaml v1 > v1");
}

#[test]
fn a_link_is_not_a_file() {
    let scratch = Scratch::new();
    scratch.put("web.yaml", "v1");
    std::fs::remove_file(scratch.root().join("web.yaml")).unwrap();
    std::os::unix::fs::symlink("other.yaml", scratch.root().join("web.yaml")).unwrap();
    scratch.commit("link");
    assert_eq!(scratch.steps(&["web.yaml"])[0], "link: web.yaml v1 > -");
    std::fs::remove_file(scratch.root().join("web.yaml")).unwrap();
    std::os::unix::fs::symlink("another.yaml", scratch.root().join("web.yaml")).unwrap();
    scratch.commit("another link");
    assert_eq!(scratch.steps(&["web.yaml"])[0], "link: web.yaml v1 > -");
}

#[test]
fn a_submodule_is_not_a_file() {
    let scratch = Scratch::new();
    let id = scratch.put("a", "x");
    scratch.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{id},vendor")]);
    scratch.later(&["commit", "-qm", "submodule"]);
    assert!(scratch.steps(&["vendor"]).is_empty());
}

#[test]
fn a_file_becomes_a_directory() {
    let scratch = Scratch::new();
    scratch.put("web", "v1");
    std::fs::remove_file(scratch.root().join("web")).unwrap();
    scratch.put("web/a.yaml", "v2");
    assert_eq!(scratch.steps(&["web"])[0], "web/a.yaml v2: web v1 > - web/a.yaml - > v2");
}

/// A commit object that git itself would not make.
fn crafted(scratch: &Scratch, bytes: &[u8]) -> String {
    scratch.write(".git/crafted", bytes);
    let file = scratch.root().join(".git/crafted");
    let file = file.to_str().unwrap();
    git(scratch.root(), &["hash-object", "-t", "commit", "--literally", "-w", file])
}

#[test]
fn hostile_bytes_of_a_commit_are_read_alike_by_the_log_and_from_the_object() {
    let scratch = Scratch::new();
    let parent = scratch.put("web.yaml", "v1");
    scratch.put("web.yaml", "v2");
    let tree = scratch.git(&["rev-parse", "HEAD^{tree}"]);
    let much = "x".repeat(100_000);
    let zone = " <a@x> 1700000000 +0000";
    for (author, rest) in [
        (format!("A{zone}"), "\n\n\n\nlines above\n\n".to_owned()),
        (format!("A{zone}"), "\n\n:100644 100644 a b M\0web.yaml\0".to_owned()),
        (format!("A\u{1}\t{zone}"), format!("\n\n\u{1}\r\n{much}")),
        ("A <a@x> -3600 +0000".to_owned(), "\n\nbefore 1970".to_owned()),
        ("A <a@x> 0 +0000".to_owned(), "\n\nat 1970".to_owned()),
        ("A <a@x> 9999999999999999 +0000".to_owned(), "\n\nfar away".to_owned()),
        ("A <a@x> 99999999999999999999999 +0000".to_owned(), "\n\nfarther".to_owned()),
        ("A <a@x> 4102444800 +0000".to_owned(), "\n\nin the future".to_owned()),
        ("A <a@x>".to_owned(), "\n\nno time".to_owned()),
        ("<> 1 +0000".to_owned(), "\n\nno name".to_owned()),
        ("A <a@x> b> 17 +0000".to_owned(), "\n\nbrackets".to_owned()),
        ("A".to_owned(), "\n\nnobody".to_owned()),
        (format!("A{zone}"), "\nencoding ISO-8859-1\n\n\u{e9}".to_owned()),
        (format!("A{zone}"), "\ngpgsig ---\n x\n \n y\n\nsigned".to_owned()),
        (format!("A{zone}"), "\n\n".to_owned()),
        (format!("A{zone}"), "\n".to_owned()),
    ] {
        let mut bytes =
            format!("tree {tree}\nparent {parent}\nauthor {author}\ncommitter {author}{rest}")
                .into_bytes();
        // Latin-1 if the header says so, and otherwise not UTF-8.
        bytes.extend([0xe9, b'\n']);
        let tip = name(&crafted(&scratch, &bytes));
        let repository = scratch.repository();
        let (expected, _) = repository.objects().commit(&tip).unwrap();
        let log = Log::new(repository.clone());
        let step = log.steps(&tip, &[path("web.yaml")]).unwrap().next().unwrap().unwrap();
        assert_eq!(
            (&step.id, step.at),
            (&expected.id, expected.committer.time),
            "{author:?} {rest:?}"
        );
        assert_eq!(step.changes.len(), 1, "{author:?} {rest:?}");
        assert_eq!(steps(&repository, &log, &tip, &["web.yaml"]).len(), 2, "{author:?} {rest:?}");
    }
}

#[test]
fn hostile_names_of_files_are_read_as_they_are() {
    let scratch = Scratch::new();
    let names = [":(glob)*", "*", "-x", "a\nb", "a\tb", "\"q\"", " ", "é", ":100644 1 2 3 M"];
    for file in names {
        scratch.put(file, "v1");
    }
    for file in names {
        let steps = scratch.steps(&[file]);
        assert_eq!(steps.len(), 1, "{file:?}: {steps:?}");
        assert!(steps[0].ends_with(&format!(" {file} - > v1")), "{file:?}: {steps:?}");
    }
}

#[test]
fn a_message_may_be_empty() {
    let scratch = Scratch::new();
    scratch.write("web.yaml", "v1");
    scratch.commit("");
    assert_eq!(scratch.steps(&["web.yaml"]), [": web.yaml - > v1"]);
}

#[test]
fn nobodys_settings_change_what_is_read() {
    let scratch = Scratch::new();
    scratch.put("qa/web.yaml", "v1");
    scratch.git(&["mv", "qa/web.yaml", "qa/shop.yaml"]);
    scratch.commit("rename");
    scratch.put("qa/shop.yaml", "v2");
    let before = scratch.steps(&["qa/shop.yaml"]);
    for (key, value) in [
        ("log.follow", "true"),
        ("log.showRoot", "false"),
        ("log.showSignature", "true"),
        ("log.diffMerges", "off"),
        ("log.decorate", "full"),
        ("log.date", "relative"),
        ("diff.renames", "copies"),
        ("diff.relative", "true"),
        ("diff.noprefix", "true"),
        ("diff.external", "false"),
        ("core.abbrev", "7"),
        ("color.ui", "always"),
        ("core.quotePath", "true"),
        ("i18n.logOutputEncoding", "UTF-16"),
        ("format.pretty", "oneline"),
        ("core.pager", "false"),
        ("alias.log", "!false"),
    ] {
        scratch.git(&["config", key, value]);
    }
    assert_eq!(scratch.steps(&["qa/shop.yaml"]), before);
    assert_eq!(before.len(), 2);
}

#[test]
fn filters_of_changed_paths_change_nothing_but_the_time() {
    let scratch = with_pull(None);
    let paths = [&["web.yaml"][..], &["cart.yaml", "web.yaml"], &["web.yaml", "never", "x/y"], &[]];
    let without = paths.map(|paths| scratch.steps(paths));
    scratch.git(&["commit-graph", "write", "--reachable", "--changed-paths"]);
    assert_eq!(paths.map(|paths| scratch.steps(paths)), without);
    scratch.put("web.yaml", "v4");
    scratch.git(&["commit-graph", "write", "--reachable", "--changed-paths", "--split"]);
    let steps = scratch.steps(&["cart.yaml", "web.yaml"]);
    assert_eq!(steps[1..], without[1]);
}

#[test]
fn many_paths_are_read_as_few_are() {
    let scratch = Scratch::new();
    for file in 0..40 {
        scratch.write(&format!("apps/{file}.yaml"), "v1");
    }
    scratch.commit("all");
    scratch.put("other.yaml", "x");
    scratch.put("apps/7.yaml", "v2");
    scratch.put("apps/39.yaml", "v2");
    let files: Vec<String> = (0..20).map(|file| format!("apps/{file}.yaml")).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let steps = scratch.steps(&files);
    assert_eq!(steps.len(), 2);
    assert_eq!(steps[0], "apps/7.yaml v2: apps/7.yaml v1 > v2");
    assert_eq!(steps[1].matches(" - > v1").count(), 20);
}

#[test]
fn a_tip_that_does_not_exist_is_an_error_and_not_an_empty_history() {
    let scratch = Scratch::new();
    scratch.put("a", "x");
    let repository = scratch.repository();
    let log = Log::new(repository.clone());
    let steps = steps(&repository, &log, &name(&"1".repeat(40)), &["a"]);
    assert_eq!(steps.len(), 1);
    assert!(steps[0].starts_with("error: git could not read the history: "), "{steps:?}");
}

#[test]
fn a_tree_that_is_gone_is_an_error_and_not_an_early_end() {
    let scratch = Scratch::new();
    for version in ["v1", "v2", "v3"] {
        scratch.put("qa/web.yaml", version);
    }
    let tree = scratch.git(&["rev-parse", "HEAD~2:qa"]);
    let file = scratch.root().join(".git/objects").join(&tree[..2]).join(&tree[2..]);
    std::fs::remove_file(file).unwrap();
    for paths in [&["qa/web.yaml"][..], &[]] {
        let steps = scratch.steps(paths);
        assert_eq!(steps.len(), 2, "{steps:?}");
        assert_eq!(steps[0], "qa/web.yaml v3: qa/web.yaml v2 > v3");
        assert!(steps[1].starts_with("error: git could not read the history: "), "{steps:?}");
    }
}

#[test]
fn a_history_that_is_not_read_to_its_end_leaves_no_process() {
    if !is_alone() {
        passes_alone("history::a_history_that_is_not_read_to_its_end_leaves_no_process", &[]);
        return;
    }
    let scratch = Scratch::new();
    let mut stream = String::new();
    // More than pipes hold, so that git waits for somebody to read on.
    for number in 0..3000 {
        let data = format!("data 1000\n{number:01000}\n");
        let head = "commit refs/heads/main\ncommitter A <a> 1700000000 +0000\n";
        stream.extend([head, &data, "M 100644 inline web.yaml\n", &data, "\n"]);
    }
    scratch.write(".git/stream", stream);
    let input = std::fs::File::open(scratch.root().join(".git/stream")).unwrap();
    let mut import = command(scratch.root());
    assert!(import.args(["fast-import", "--quiet"]).stdin(input).status().unwrap().success());
    let repository = scratch.repository();
    let tip = repository.head().unwrap().unwrap();
    let log = Log::new(repository.clone());
    let mut steps = log.steps(&tip, &[]).unwrap();
    assert_eq!(steps.next().unwrap().unwrap().id, tip);
    if !std::path::Path::new("/proc/thread-self/children").exists() {
        println!("skipped: this system does not list a process's children");
        return;
    }
    let becomes = |count| wait_until(Duration::from_mins(2), || children() == Some(count));
    assert!(becomes(2), "{:?} processes run, not two", children());
    drop(steps);
    assert!(becomes(0), "{:?} processes are left", children());
}

/// The number of processes that this one has started and that still exist; none
/// if the thread with that list ended meanwhile.
fn children() -> Option<usize> {
    let mut children = 0;
    for task in std::fs::read_dir("/proc/self/task").ok()? {
        let list = std::fs::read_to_string(task.ok()?.path().join("children")).ok()?;
        children += list.split_whitespace().count();
    }
    Some(children)
}
