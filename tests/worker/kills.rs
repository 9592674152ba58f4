//! The program and its worker, ended at any moment: neither leaves the other behind, nor half
//! a result.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::component::{absent, wait_until};
use crate::support::directory::temporary;
use crate::support::effort::few_or_all;
use crate::support::program::{rungs_done, rungs_in};

/// The processes that a process has started, as Linux lists them.
fn children(process: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
    list.unwrap_or_default().split_whitespace().filter_map(|id| id.parse().ok()).collect()
}

fn is_running(process: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let state = status.lines().find_map(|line| line.strip_prefix("State:"));
    state.is_some_and(|state| !state.trim_start().starts_with(['Z', 'X']))
}

fn kill(process: u32) {
    let id = rustix::process::Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
    // It may have ended already.
    let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
}

/// Whether the system lists the children of a process. A line says so if not.
fn lists_children() -> bool {
    let own = std::process::id();
    let lists = Path::new(&format!("/proc/{own}/task/{own}/children")).exists();
    if !lists {
        absent("the system does not list the children of a process");
    }
    lists
}

/// The demo in a directory, rendered.
fn demo(at: &Path) {
    rungs_done(at, &["init"]);
    rungs_done(at, &["render"]);
}

fn started(at: &Path, arguments: &[&str]) -> Child {
    let mut command: Command = rungs_in(at);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// The worker of a program; none if that ended first.
fn worker_of(program: &mut Child) -> Option<u32> {
    let id = program.id();
    let mut found = None;
    wait_until_quickly(|| {
        found = children(id).first().copied();
        found.is_some() || program.try_wait().unwrap().is_some()
    });
    found
}

fn wait_until_quickly(mut ready: impl FnMut() -> bool) {
    let started = Instant::now();
    while !ready() && started.elapsed() < Duration::from_secs(30) {
        thread::sleep(Duration::from_micros(200));
    }
}

/// Every file below a directory with its text.
fn files(at: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut waiting = vec![at.to_path_buf()];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                files.push((path.display().to_string(), fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// How long after the worker's start something is killed, in microseconds.
fn moments() -> impl Iterator<Item = Duration> {
    let steps = few_or_all(6, 60);
    (0..steps).map(move |step| Duration::from_micros(step * 120_000 / steps))
}

#[test]
fn a_worker_ends_with_its_program_whatever_it_does() {
    if !lists_children() {
        return;
    }
    let directory = temporary().unwrap();
    demo(directory.path());
    fs::write(
        directory.path().join("templates/guestbook/loop.yaml.tera"),
        "{% for a in range(end=100000) %}{% for b in range(end=100000) %}{% endfor %}{% endfor %}",
    )
    .unwrap();
    let before = files(directory.path());
    for options in [&["render"][..], &["render", "--sandbox"]] {
        for moment in moments() {
            let mut program = started(directory.path(), options);
            let worker = worker_of(&mut program).expect("the program has a worker");
            thread::sleep(moment);
            kill(program.id());
            program.wait().unwrap();
            assert!(
                wait_until(Duration::from_secs(10), || !is_running(worker)),
                "the worker goes on after {moment:?}"
            );
            assert_eq!(files(directory.path()), before, "after {moment:?}");
        }
    }
}

#[test]
fn a_worker_that_is_killed_is_a_finding_or_makes_no_difference() {
    if !lists_children() {
        return;
    }
    let directory = temporary().unwrap();
    demo(directory.path());
    let complete = files(directory.path());
    let rendered = directory.path().join("rendered");
    for moment in moments() {
        fs::remove_dir_all(&rendered).unwrap();
        let mut program = started(directory.path(), &["--color", "never", "render"]);
        if let Some(worker) = worker_of(&mut program) {
            thread::sleep(moment);
            kill(worker);
        }
        let output = program.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        match output.status.code() {
            // It was done already.
            Some(0) => assert_eq!(files(directory.path()), complete, "after {moment:?}: {said}"),
            Some(code @ (2 | 4)) => {
                assert!(!rendered.exists(), "after {moment:?}: {said}");
                let words = if code == 2 { "render-died" } else { "worker-unavailable" };
                assert!(said.contains(words), "after {moment:?}: {said}");
            }
            other => panic!("{other:?} after {moment:?}: {said}"),
        }
        rungs_done(directory.path(), &["render"]);
    }
}

#[test]
fn the_program_waits_for_its_worker_to_be_gone() {
    if !lists_children() {
        return;
    }
    let directory = temporary().unwrap();
    demo(directory.path());
    for arguments in [&["render"][..], &["render", "--check"], &["render", "nowhere"]] {
        let mut program = started(directory.path(), arguments);
        let worker = worker_of(&mut program);
        program.wait().unwrap();
        assert!(worker.is_none_or(|worker| !is_running(worker)), "{arguments:?}");
    }
}
