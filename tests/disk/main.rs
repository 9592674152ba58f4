//! Writing sets of files while the disk or the process fails.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by it, or says why not")]

#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use rungs::disk::{Rewrite, write};
use rungs::source::RepoPath;
use support::component::absent;
use tempfile::TempDir;

/// The variable with the directory that a test writes to when others start it as a
/// process of its own.
const CHILD: &str = "RUNGS_TEST_WRITES_TO";
/// The exit code of that process if a file could not be restored.
const LEFT: i32 = 77;

/// Every call by which a set is checked, staged, written and restored.
const CALLS: &[&str] =
    &["openat", "mkdirat", "write", "fchmod", "fsync", "renameat", "renameat2", "unlinkat", "read"];

type Tree = BTreeMap<String, String>;

type Case = (&'static str, Option<&'static str>, Option<&'static str>);

/// Each file with its contents before and after; none if it does not exist.
const SET: &[Case] = &[
    ("a", Some("old"), Some("new")),
    ("b/gone", Some("old"), None),
    ("c/d/made", None, Some("new")),
    ("b/other", Some("old"), Some("new")),
];

fn trees() -> [Tree; 2] {
    let tree = |of: fn(&Case) -> Option<String>| {
        SET.iter().filter_map(|file| Some((file.0.to_owned(), of(file)?))).collect()
    };
    [tree(|file| file.1.map(str::to_owned)), tree(|file| file.2.map(str::to_owned))]
}

fn snapshot(root: &Path) -> Tree {
    let entries = walkdir::WalkDir::new(root).into_iter().map(Result::unwrap);
    entries
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let path = entry.path().strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            (path, fs::read_to_string(entry.path()).unwrap())
        })
        .collect()
}

fn before() -> TempDir {
    let root = TempDir::new().unwrap();
    for (path, text) in &trees()[0] {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

fn write_set(root: &Path) -> Result<(), rungs::disk::WriteError> {
    let paths: Vec<_> = SET.iter().map(|file| RepoPath::new(file.0).unwrap()).collect();
    let files = SET.iter().zip(&paths).map(|((_, old, new), path)| Rewrite {
        root,
        path,
        old: old.map(str::as_bytes),
        new: new.map(str::as_bytes),
    });
    write(&files.collect::<Vec<_>>())
}

#[test]
#[ignore = "started by other tests as a process of its own"]
fn writes_the_set() {
    let Some(root) = std::env::var_os(CHILD) else { return };
    // Ends at once: what the test harness prints at its end is not part of the test.
    std::process::exit(match write_set(Path::new(&root)) {
        Ok(()) => 0,
        Err(error) if error.left.is_empty() => 1,
        Err(_) => LEFT,
    });
}

/// Writes the set in a process of its own, in which strace changes the call of
/// that kind and number; none if there are not that many.
fn traced(root: &Path, call: &str, count: usize, change: &str) -> Option<ExitStatus> {
    let log = TempDir::new().unwrap();
    let log = log.path().join("log");
    let status = Command::new("strace")
        .args(["-f", "-qq", "-o", log.to_str().unwrap(), "-e", &format!("trace={call}")])
        .args(["-e", &format!("inject={call}:{change}:when={count}")])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "writes_the_set", "--ignored", "--test-threads=1", "-q"])
        .env(CHILD, root)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    // A call that ends the process is not logged as changed.
    let was_changed =
        status.signal() == Some(9) || fs::read_to_string(log).unwrap().contains("(INJECTED)");
    was_changed.then_some(status)
}

fn may_trace() -> bool {
    let tried = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    let may = tried.is_ok_and(|output| output.status.success());
    if !may {
        absent("strace is not there, or may not trace");
    }
    may
}

#[test]
fn a_run_that_is_killed_at_any_call_leaves_whole_files_and_the_next_run_sweeps() {
    if !may_trace() {
        return;
    }
    let [old, new] = trees();
    let mut halfway = 0;
    for call in CALLS {
        for count in 1.. {
            let root = before();
            if traced(root.path(), call, count, "signal=KILL").is_none() {
                break;
            }
            let found = snapshot(root.path());
            let (temporary, files): (Tree, Tree) =
                found.into_iter().partition(|(path, _)| path.contains(".rungs-tmp-"));
            for (path, text) in &files {
                let known = [old.get(path), new.get(path)];
                assert!(known.contains(&Some(text)), "{call} {count}: `{path}` is half written");
            }
            halfway += usize::from(!temporary.is_empty());
            // The next run that writes beside leftovers sweeps them.
            for (path, text) in &files {
                let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
                let (above, name) = (root.path().join(above), RepoPath::new(name).unwrap());
                let text = Some(text.as_bytes());
                write(&[Rewrite { root: &above, path: &name, old: text, new: text }]).unwrap();
            }
            let touched = |path: &String| {
                let (above, _) = path.rsplit_once('/').unwrap_or(("", path));
                files.keys().any(|path| path.rsplit_once('/').unwrap_or(("", path)).0 == above)
            };
            let left = snapshot(root.path()).into_keys();
            let left = left.filter(|path| path.contains(".rungs-tmp-") && touched(path));
            assert_eq!(left.collect::<Vec<_>>(), Vec::<String>::new(), "{call} {count}");
        }
    }
    assert!(halfway > 5, "only {halfway} runs were killed halfway");
}

#[test]
fn a_run_that_fails_at_any_call_changes_nothing_or_says_what() {
    if !may_trace() {
        return;
    }
    let [old, new] = trees();
    let mut failures = 0;
    for call in CALLS {
        for count in 1.. {
            let root = before();
            let Some(status) = traced(root.path(), call, count, "error=EIO") else { break };
            let found = snapshot(root.path());
            match status.code() {
                Some(0) => assert_eq!(found, new, "{call} {count}"),
                Some(LEFT) => panic!("{call} {count}: one failure kept another from being undone"),
                _ => assert_eq!(found, old, "{call} {count}: {status:?}"),
            }
            failures += usize::from(status.code() == Some(1));
        }
    }
    assert!(failures > 10, "only {failures} calls failed");
}
