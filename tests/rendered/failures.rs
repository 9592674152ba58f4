//! Writing the output tree when the disk, permissions or the process fail.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use rungs::diagnostic::ProblemKind;
use rungs::rendered::{RenderScope as Scope, RenderedFile as File, RenderedFiles as Files};
use rungs::source::RepoPath;
use tempfile::TempDir;

use crate::sample::{apply, codes, file, files, objects, snapshot, try_apply};
use crate::support::component::absent;
use crate::support::effort::few_or_all;
use crate::support::mount::Mount;
use crate::support::program::scrubbed;

/// The variable with the directory that a test writes to when a parent test starts
/// it as a process of its own.
const CHILD: &str = "RUNGS_TEST_WRITES_TO";

type Tree = BTreeMap<String, Vec<u8>>;

fn encrypted(text: &str) -> File {
    let text =
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: db}}\nsops: {{mac: {text}}}\n");
    File::of(&objects(&text)[0], &RepoPath::new("qa/web").unwrap(), None)
}

fn before() -> Files {
    let plain = [
        ("qa/web", "a", "1"),
        ("qa/web", "b", "1"),
        ("qa/web", "c", "1"),
        ("qa/old", "d", "1"),
        ("gone/web", "e", "1"),
        ("gone/cart", "e", "1"),
    ];
    let plain = plain.map(|(directory, name, data)| file(directory, name, data));
    Files::of(plain.into_iter().chain([encrypted("one")])).unwrap()
}

/// The tree with every kind of change from [`before`]: files that are new, differ or
/// are gone, directories that appear and disappear, and an encrypted file.
fn after() -> Files {
    let plain = [
        ("qa/web", "a", "2"),
        ("qa/web", "b", "1"),
        ("qa/web", "f", "2"),
        ("qa/cart", "g", "2"),
        ("new/web", "h", "2"),
        ("new/cart", "h", "2"),
    ];
    let plain = plain.map(|(directory, name, data)| file(directory, name, data));
    Files::of(plain.into_iter().chain([encrypted("two")])).unwrap()
}

fn tree_of(files: &Files) -> Tree {
    files.iter().map(|(path, bytes)| (path.as_str().to_owned(), bytes.to_vec())).collect()
}

/// Checks that each file is as it was or as it should be, and that a file which is
/// in neither tree has a temporary name.
fn assert_whole(found: &Tree, before: &Tree, after: &Tree, when: &str) {
    for (path, bytes) in found.iter().filter(|(path, _)| !path.contains(".rungs-tmp-")) {
        let known = [before.get(path), after.get(path)];
        assert!(known.contains(&Some(bytes)), "{when}: `{path}` is half written");
    }
    for (path, _) in before.iter().filter(|(path, bytes)| after.get(*path) == Some(bytes)) {
        assert!(found.contains_key(path), "{when}: `{path}` is gone");
    }
}

/// All paths below a directory, directories included, to see that nothing is left
/// behind.
fn everything(root: &Path) -> Vec<String> {
    let entries = walkdir::WalkDir::new(root).sort_by_file_name().into_iter().map(Result::unwrap);
    entries.map(|e| e.path().strip_prefix(root).unwrap().display().to_string()).collect()
}

/// Arguments for this test program, to run only [`writes_the_tree`].
const WRITES_THE_TREE: [&str; 5] =
    ["--exact", "failures::writes_the_tree", "--ignored", "--test-threads=1", "-q"];

#[test]
#[ignore = "started by other tests as a process of its own"]
fn writes_the_tree() {
    let Some(root) = std::env::var_os(CHILD) else { return };
    if let Err(findings) = try_apply(Path::new(&root), after(), &Scope::everything()) {
        panic!("{}: {:?}", codes(&findings).join(" "), findings.kind());
    }
}

#[test]
fn a_run_that_is_killed_at_any_call_leaves_whole_files_and_the_next_one_repairs() {
    let tried = scrubbed("strace").args(["-o", "/dev/null", "true"]).output();
    if !tried.is_ok_and(|output| output.status.success()) {
        return absent("strace is not there, or may not trace");
    }
    let (mut calls, mut halfway) = (0, 0);
    for call in CALLS {
        // strace counts each kind of call separately.
        for count in (1..).step_by(few_or_all(3, 1)) {
            let Some(was_halfway) = killed_at(call, count) else { break };
            calls += 1;
            halfway += usize::from(was_halfway);
        }
    }
    assert!(calls > few_or_all(15, 50), "only {calls} calls were tried");
    assert!(halfway > few_or_all(6, 20), "only {halfway} runs were killed halfway");
}

/// Every call by which a run reads or changes the tree, except `close` and `fstat`.
const CALLS: &[&str] = &[
    "openat",
    "mkdirat",
    "write",
    "renameat",
    "renameat2",
    "unlinkat",
    "getdents64",
    "flock",
    "faccessat",
];

/// Kills a run at a call, and checks that every file is whole and that the next run
/// repairs the tree. Returns whether the tree was between the old and the new one;
/// none if the run finished first.
fn killed_at(call: &str, count: usize) -> Option<bool> {
    let (directory, clean) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (root, clean) = (directory.path(), clean.path());
    let (old, new) = (tree_of(&before()), tree_of(&after()));
    let when = format!("killed at {call} {count}");
    apply(root, before(), &Scope::everything());
    fs::write(root.join("qa/web/mine.yaml"), "mine\n").unwrap();
    if !is_killed(call, count, root) {
        return None;
    }
    let mut found = snapshot(root);
    assert_eq!(found.remove("qa/web/mine.yaml").as_deref(), Some(&b"mine\n"[..]), "{when}");
    assert_whole(&found, &old, &new, &when);

    apply(root, after(), &Scope::everything());
    apply(clean, after(), &Scope::everything());
    fs::write(clean.join("qa/web/mine.yaml"), "mine\n").unwrap();
    assert_eq!(snapshot(root), snapshot(clean), "repaired after the run was {when}");
    assert_eq!(everything(root), everything(clean), "repaired after the run was {when}");
    Some(found != old && found != new)
}

fn is_killed(call: &str, count: usize, root: &Path) -> bool {
    let status = scrubbed("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}")])
        .args(["-e", &format!("inject={call}:signal=KILL:when={count}")])
        .arg(std::env::current_exe().unwrap())
        .args(WRITES_THE_TREE)
        .env(CHILD, root)
        .env("RAYON_NUM_THREADS", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    // A call that this machine does not have cannot end a run.
    status.signal() == Some(9)
}

fn large(data: &str) -> Files {
    let tree: Vec<_> = (0..60).map(|n| (format!("qa/app{}", n % 6), format!("c{n}"))).collect();
    let data = data.repeat(3000);
    Files::of(tree.iter().map(|(directory, name)| file(directory, name, &data))).unwrap()
}

#[test]
fn a_full_disk_is_an_outside_problem_and_leaves_whole_files() {
    let Some(mount) = Mount::new("size=128k") else {
        return absent("a small file system cannot be mounted here");
    };
    let root = mount.path();
    let first = files(&[("qa/app0", "c0", "1"), ("qa/app1", "c1", "1"), ("qa/old", "x", "1")]);
    let old = tree_of(&first);
    apply(root, first, &Scope::everything());
    let new = tree_of(&large("2"));
    let findings = try_apply(root, large("2"), &Scope::everything()).unwrap_err();
    assert_eq!(codes(&findings), ["output-unwritable"]);
    assert_eq!(findings.kind(), Some(ProblemKind::Outside));
    let found = snapshot(root);
    assert_whole(&found, &old, &new, "on a full disk");
    assert!(found.keys().all(|path| !path.contains(".rungs-tmp-")), "temporary files are left");
    assert!(found.len() > 3, "nothing was written at all");

    mount.remount("size=4m");
    apply(root, large("2"), &Scope::everything());
    assert_eq!(snapshot(root), new);
}

#[test]
fn a_read_only_disk_is_an_outside_problem() {
    let Some(mount) = Mount::new("size=1m") else {
        return absent("a small file system cannot be mounted here");
    };
    let root = mount.path();
    apply(root, before(), &Scope::everything());
    mount.remount("ro");
    // A tree that is up to date needs no writing.
    apply(root, before(), &Scope::everything());
    let findings = try_apply(root, after(), &Scope::everything()).unwrap_err();
    assert_eq!(findings.kind(), Some(ProblemKind::Outside));
    assert!(codes(&findings).iter().all(|code| *code == "output-unwritable"));
    assert_eq!(snapshot(root), tree_of(&before()));
}

/// Runs a program that was just copied. A process that another test forked at that
/// moment may hold the copy open for writing until it calls `exec`, and Linux does
/// not run a file that is open for writing.
fn output_of_new_program(run: &mut Command) -> Output {
    for _ in 0..500 {
        match run.output() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => {
                thread::sleep(Duration::from_millis(10));
            }
            output => return output.unwrap(),
        }
    }
    panic!("the program is still busy");
}

#[test]
fn one_directory_without_permission_stops_the_run_before_anything_is_written() {
    let directory = TempDir::new().unwrap();
    let root = directory.path().join("out");
    apply(&root, before(), &Scope::everything());
    let me = fs::metadata(&root).unwrap().uid();
    let mut run = scrubbed(std::env::current_exe().unwrap());
    if me == 0 {
        // Root may do anything, so another user runs it.
        let program = directory.path().join("program");
        fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        run = scrubbed(program);
        run.uid(65534).gid(65534);
        for path in everything(&root) {
            std::os::unix::fs::chown(root.join(path), Some(65534), Some(65534)).unwrap();
        }
    }
    let forbidden = root.join("qa/web");
    fs::set_permissions(&forbidden, fs::Permissions::from_mode(0o555)).unwrap();
    let run = run.args(WRITES_THE_TREE).env(CHILD, &root).current_dir("/");
    let output = output_of_new_program(run);
    fs::set_permissions(&forbidden, fs::Permissions::from_mode(0o755)).unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("output-unwritable: Some(Outside)"), "{text}");
    assert_eq!(snapshot(&root), tree_of(&before()));
}
