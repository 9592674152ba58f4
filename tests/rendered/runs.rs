//! `rungs render` and the tree that it writes, as processes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal};
use tempfile::TempDir;

use crate::sample::snapshot;
use crate::support::component::{absent, wait_until};
use crate::support::effort::few_or_all;
use crate::support::program::{rungs_in, scrubbed, stderr, stdout};

const BUSY: i32 = 4;

fn rungs(repository: &Path, arguments: &[&str]) -> Command {
    let mut command = rungs_in(repository);
    command.args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A revision of a repository. Every object names the revision; some are only in the
/// first, others only in the second.
fn repository(revision: u32) -> TempDir {
    let directory = TempDir::new().unwrap();
    let write = |path: &str, text: String| {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("rungs.yaml", "version: 1\nladder: [qa, prod]\n".to_owned());
    for app in 0..8 {
        write(&format!("environments/qa/app{app}.yaml"), "template: web\n".to_owned());
        write(&format!("environments/prod/app{app}.yaml"), "template: web\n".to_owned());
    }
    write(&format!("environments/prod/only{revision}.yaml"), "template: web\n".to_owned());
    for name in 0..10 {
        let kept = if name < 8 { format!("c{name}") } else { format!("r{revision}-{name}") };
        write(
            &format!("templates/web/{kept}.yaml"),
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: {kept} }}\ndata: {{ revision: \"{revision}\" }}\n"
            ),
        );
    }
    directory
}

/// Two revisions with the trees that they render to.
fn revisions() -> ([TempDir; 2], [BTreeMap<String, Vec<u8>>; 2]) {
    let repositories = [repository(1), repository(2)];
    let whole = repositories.each_ref().map(|repository| {
        let render = rungs(repository.path(), &["render"]).output().unwrap();
        assert_eq!(render.status.code(), Some(0), "{}", stderr(&render));
        snapshot(&repository.path().join("rendered"))
    });
    (repositories, whole)
}

/// Waits until a tracer reports a stopped process, and returns the process.
fn stopped(trace: &Path) -> Pid {
    let log = || fs::read_to_string(trace).unwrap_or_default();
    let is_stopped = || log().contains("--- stopped by SIGSTOP ---");
    assert!(wait_until(Duration::from_mins(1), is_stopped), "nothing stopped:\n{}", log());
    // The process that renders may be in there as well.
    let log = log();
    let line = log.lines().find(|line| line.contains("stopped by SIGSTOP")).unwrap();
    Pid::from_raw(line.split_whitespace().next().unwrap().parse().unwrap()).unwrap()
}

#[test]
fn what_another_run_wrote_just_before_the_lock_is_seen() {
    let tried = scrubbed("strace").args(["-o", "/dev/null", "true"]).output();
    if !tried.is_ok_and(|output| output.status.success()) {
        return absent("strace is not there, or may not trace");
    }
    let (repositories, whole) = revisions();
    let [first, second] = repositories.each_ref().map(TempDir::path);
    let shared = first.join("rendered");
    // Nearly what the first writes, so that the first would leave nearly everything alone.
    fs::remove_file(shared.join("qa/app0/configmap-c0.yaml")).unwrap();
    let trace = first.join("trace");
    // It ensures that the directory exists, and then locks it.
    let late = scrubbed("strace")
        .args(["-f", "-qq", "-o", trace.to_str().unwrap(), "-P", shared.to_str().unwrap()])
        .args(["-e", "trace=?mkdir,mkdirat", "-e", "inject=?mkdir,mkdirat:signal=STOP:when=1"])
        .args([env!("CARGO_BIN_EXE_rungs"), "render"])
        .current_dir(first)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let waiting = stopped(&trace);
    let between = rungs(second, &["render", "--output", shared.to_str().unwrap()]).output();
    assert_eq!(between.unwrap().status.code(), Some(0));
    rustix::process::kill_process(waiting, Signal::CONT).unwrap();
    let late = late.wait_with_output().unwrap();
    assert_eq!(late.status.code(), Some(0), "{}", stderr(&late));
    let found = snapshot(&shared);
    assert!(whole.contains(&found), "a mix of both: {:?}", found.keys());
}

#[test]
fn a_tree_that_two_runs_write_at_once_is_entirely_one_of_theirs() {
    let (repositories, whole) = revisions();
    assert_ne!(whole[0], whole[1]);
    let shared = TempDir::new().unwrap();
    let output = shared.path().to_str().unwrap();
    let mut written = [0, 0];
    for round in 0..few_or_all(8, 30) {
        let start = |repository: &TempDir| {
            rungs(repository.path(), &["render", "--output", output]).spawn().unwrap()
        };
        // The run that starts second sometimes ends first.
        let (first, second) = (round % 2, 1 - round % 2);
        let runs = [start(&repositories[first]), start(&repositories[second])];
        let ends = runs.map(Child::wait_with_output).map(Result::unwrap);
        for (end, which) in ends.iter().zip([first, second]) {
            match end.status.code() {
                Some(0) => written[which] += 1,
                Some(BUSY) => assert!(stderr(end).contains("output-busy"), "{}", stderr(end)),
                other => panic!("{other:?}: {}", stderr(end)),
            }
        }
        let found = snapshot(shared.path());
        assert!(whole.contains(&found), "round {round} left a mix of both: {:?}", found.keys());
    }
    assert!(written.iter().all(|&times| times > 0), "{written:?}");
}

#[test]
fn a_shared_namespace_is_in_one_place_whether_all_or_a_part_is_rendered() {
    let repository = repository(1);
    let root = repository.path();
    for environment in ["qa", "prod"] {
        let app = root.join(format!("environments/{environment}/app0.yaml"));
        fs::write(app, "template: web\nnamespace: shared\n").unwrap();
        for name in 1..8 {
            fs::remove_file(root.join(format!("environments/{environment}/app{name}.yaml")))
                .unwrap();
        }
    }
    // The two have no object in common.
    for entry in fs::read_dir(root.join("templates/web")).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    fs::write(
        root.join("templates/web/a.yaml.tera"),
        "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: \"{{ environment }}\" }\n",
    )
    .unwrap();
    let run = |arguments: &[&str]| {
        let run = rungs(root, arguments).output().unwrap();
        assert_eq!(run.status.code(), Some(0), "{arguments:?}: {}", stderr(&run));
    };
    let namespace = |environment: &str| {
        root.join(format!("rendered/{environment}/_environment/namespace-shared.yaml")).exists()
    };
    run(&["render", "prod"]);
    assert!(!namespace("prod"));
    run(&["render", "qa"]);
    assert!(namespace("qa"));
    run(&["render", "--check"]);
    run(&["render"]);
    run(&["render", "--check", "prod"]);
    assert!(namespace("qa") && !namespace("prod"));
}

#[test]
fn files_below_another_output_are_named_there_and_a_check_does_not_create_it() {
    let (repository, elsewhere) = (repository(1), TempDir::new().unwrap());
    let output = elsewhere.path().join("out");
    let shown = output.to_str().unwrap();
    let run = |arguments: &[&str]| rungs(repository.path(), arguments).output().unwrap();

    let check = run(&["render", "--check", "--output", shown]);
    assert_eq!(check.status.code(), Some(1));
    let line = format!("missing   {shown}/qa/app0/configmap-c0.yaml\n");
    assert!(stdout(&check).contains(&line), "{}", stdout(&check));
    assert!(!stdout(&check).contains("rendered/"), "{}", stdout(&check));
    // `rungs render` alone would write the other tree.
    let advice = "run the same `rungs render` command without `--check`";
    assert!(stderr(&check).contains(advice), "{}", stderr(&check));
    assert!(!output.exists());
    let check = run(&["render", "--check", "--output", shown, "--format", "json"]);
    let message = format!("`{shown}/qa/app0/configmap-c0.yaml` is not there");
    assert!(stdout(&check).contains(&message), "{}", stdout(&check));
    assert!(stdout(&check).contains(advice), "{}", stdout(&check));

    let write = run(&["render", "--output", shown, "-v"]);
    assert_eq!(write.status.code(), Some(0));
    let line = format!("wrote    {shown}/qa/app0/configmap-c0.yaml\n");
    assert!(stderr(&write).contains(&line), "{}", stderr(&write));
    let write = run(&["render", "-v"]);
    let line = "wrote    rendered/qa/app0/configmap-c0.yaml\n";
    assert!(stderr(&write).contains(line), "{}", stderr(&write));
}

#[test]
fn a_run_that_removes_more_than_it_writes_says_so() {
    let repository = repository(1);
    let render = |arguments: &[&str]| rungs(repository.path(), arguments).output().unwrap();
    let first = render(&["render"]);
    assert!(!stderr(&first).contains("removes-more"), "{}", stderr(&first));
    fs::remove_file(repository.path().join("templates/web/c3.yaml")).unwrap();
    let said = "rendering removes 17 files and writes none";
    let check = render(&["render", "--check"]);
    assert_eq!(check.status.code(), Some(1));
    assert!(stderr(&check).contains(said), "{}", stderr(&check));
    let write = render(&["render"]);
    assert_eq!(write.status.code(), Some(0));
    assert!(stderr(&write).contains(said), "{}", stderr(&write));
    assert!(stderr(&write).contains("nor are this and 12 more"), "{}", stderr(&write));
    let again = render(&["render"]);
    assert!(!stderr(&again).contains("removes"), "{}", stderr(&again));
}

#[test]
fn a_template_file_that_was_misnamed_removes_nothing() {
    let repository = repository(1);
    let render = |arguments: &[&str]| rungs(repository.path(), arguments).output().unwrap();
    assert_eq!(render(&["render"]).status.code(), Some(0));
    let before = snapshot(&repository.path().join("rendered"));
    let template = repository.path().join("templates/web");
    for name in ["c3.tera", "c3.yaml.tpl", "c3.jsonnet", "c3.YAML", "c3.yaml.bak"] {
        fs::rename(template.join("c3.yaml"), template.join(name)).unwrap();
        for arguments in [&["render"][..], &["render", "--check"]] {
            let output = render(arguments);
            assert_eq!(output.status.code(), Some(2), "{name}");
            let said = format!("`templates/web/{name}` is neither rendered nor included");
            assert!(stderr(&output).contains(&said), "{}", stderr(&output));
        }
        assert!(snapshot(&repository.path().join("rendered")) == before, "{name}");
        fs::rename(template.join(name), template.join("c3.yaml")).unwrap();
    }
}
