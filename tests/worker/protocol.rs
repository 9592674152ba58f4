//! A worker that is not one: each ends in a finding, and nothing waits for ever.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use rungs::codes;
use rungs::config::{TimeLimit, WorkerSettings};
use rungs::diagnostic::{Findings, ProblemKind};
use rungs::source::{FileChanges, Memory, Tree};
use rungs::worker::{RenderRequest, Renderer, Wanted, Worker, WorkerOptions};
use tempfile::TempDir;

use crate::support::directory::temporary;

/// Something that is started in place of a worker.
struct Impostor {
    directory: TempDir,
}

impl Impostor {
    fn script(text: &str) -> Self {
        let directory = temporary().unwrap();
        let at = directory.path().join("program");
        fs::write(&at, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&at, fs::Permissions::from_mode(0o755)).unwrap();
        Self { directory }
    }

    fn program(&self) -> PathBuf {
        self.directory.path().join("program")
    }
}

fn rendered_by(program: PathBuf) -> Findings {
    let tree = Tree::new(Memory::of([("rungs.yaml", "version: 1\nladder: [qa]\n")]));
    let options = WorkerOptions {
        program,
        threads: Some(1),
        sandbox: false,
        time: Some(TimeLimit::named("2s").unwrap()),
        memory: None,
        output: None,
    };
    let request = RenderRequest {
        tree: &tree,
        changes: &FileChanges::new(),
        wanted: Wanted::Named { environments: Vec::new(), app: None },
        unused_values: false,
        validates: false,
        settings: WorkerSettings::default(),
    };
    Worker::new(options, codes::find).render(&request, &|_| ()).unwrap_err()
}

/// The only finding's code and message.
#[track_caller]
fn only(findings: &Findings) -> (&str, &str) {
    assert_eq!(findings.len(), 1, "{findings:?}");
    let finding = findings.iter().next().unwrap();
    (finding.code.name, &finding.message)
}

#[test]
fn a_program_that_cannot_be_started_is_the_outside_worlds_fault() {
    let findings = rendered_by(PathBuf::from("/nowhere/rungs"));
    let (code, message) = only(&findings);
    assert_eq!(code, "worker-unavailable");
    assert!(message.contains("No such file"), "{message}");
    assert_eq!(findings.kind(), Some(ProblemKind::Outside));
}

#[test]
fn another_program_is_not_a_worker() {
    for (script, words) in [
        ("exit 3", "exit code 3"),
        ("kill -SEGV $$", "signal 11"),
        ("exec sleep 60", "does not answer"),
        ("exec 1>&-; exec sleep 60", "stopped answering"),
        ("printf 'hello, world: this is no message'; exec sleep 60", "invalid message"),
        ("printf '\\377\\377\\377\\377\\377\\377\\377\\377'; exec sleep 60", "invalid message"),
        ("yes | head -c 100000000; exec sleep 60", "invalid message"),
    ] {
        let impostor = Impostor::script(script);
        let findings = rendered_by(impostor.program());
        let (code, message) = only(&findings);
        assert_eq!(code, "worker-unavailable", "{script}: {message}");
        assert!(message.contains(words), "{script}: {message}");
    }
}

/// A message with that head, as `printf` writes it.
fn frame(head: &str) -> String {
    let length: String = u32::try_from(head.len())
        .unwrap()
        .to_le_bytes()
        .map(|byte| format!("\\{byte:03o}"))
        .concat();
    let head = head.replace('%', "%%").replace('\'', "'\\''").replace('\\', "\\\\");
    format!("printf '{length}\\000\\000\\000\\000{head}'")
}

#[test]
fn another_version_is_refused() {
    let ready = frame(r#"{"Ready":{"version":"0 0","lacking":[]}}"#);
    let findings = rendered_by(Impostor::script(&format!("{ready}; exec sleep 60")).program());
    let (code, message) = only(&findings);
    assert_eq!(code, "worker-unavailable");
    assert!(message.contains("another version"), "{message}");
}

#[test]
fn a_death_that_does_not_happen_again_is_told_all_the_same() {
    // The first time, the worker's input ends within the job.
    let worker = format!("'{}' \"$@\"", env!("CARGO_BIN_EXE_rungs"));
    let script =
        format!("[ -e \"$0.again\" ] && exec {worker}\n: > \"$0.again\"\nhead -c 100 | {worker}");
    let findings = rendered_by(Impostor::script(&script).program());
    let said: Vec<_> = findings.iter().map(|finding| finding.code.name).collect();
    // That there is no environment is what the second time found.
    assert_eq!(said, ["render-died", "no-environments"], "{findings:?}");
}
