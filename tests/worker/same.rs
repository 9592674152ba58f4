//! What a worker says is what would be said without one: files, findings and their excerpts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rungs::codes;
use rungs::config::{TimeLimit, WorkerSettings};
use rungs::diagnostic::{Findings, Format, TextStyle, render};
use rungs::source::{Disk, FileChanges, Memory, RepoPath, Store, StoreEntry, StoreError, Tree};
use rungs::worker::{
    InProcess, RenderRequest, RenderResult, Renderer, Wanted, Worker, WorkerOptions,
};

use crate::support::repository::native;

fn options(sandbox: bool) -> WorkerOptions {
    WorkerOptions {
        program: PathBuf::from(env!("CARGO_BIN_EXE_rungs")),
        threads: None,
        sandbox,
        time: None,
        memory: None,
        output: None,
    }
}

/// A worker, in a sandbox or not.
fn worker(sandbox: bool) -> Worker {
    Worker::new(options(sandbox), codes::find)
}

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

/// Everything that there is to say about a result.
fn described(wanted: &Wanted, result: &Result<RenderResult, Findings>) -> String {
    let style = TextStyle { colour: false, unicode: true, width: 100 };
    let findings = |findings: &Findings| {
        let findings = findings.clone().settled();
        let text = render(&findings, Format::Text, &style, &RepoPath::root());
        format!("{text}{}", render(&findings, Format::Json, &style, &RepoPath::root()))
    };
    match result {
        Ok(result) => {
            let files = result
                .files
                .iter()
                .map(|(path, bytes)| format!("{path}: {}\n", String::from_utf8_lossy(bytes)));
            let files: String = files.collect();
            let scope = result.scope(wanted);
            let environments = &result.environments;
            format!("{environments:?} {scope:?}\n{files}{}", findings(&result.findings))
        }
        Err(found) => findings(found),
    }
}

/// The worker and this process agree about a request. Returns what they say.
#[track_caller]
fn agree(worker: &Worker, tree: &Tree, changes: &FileChanges, wanted: &Wanted) -> String {
    let request = RenderRequest {
        tree,
        changes,
        wanted: wanted.clone(),
        unused_values: true,
        validates: false,
        settings: WorkerSettings::default(),
    };
    let here = described(wanted, &InProcess.render(&request, &|_| ()));
    let there = described(wanted, &worker.render(&request, &|_| ()));
    assert_eq!(there, here);
    here
}

fn everything() -> Wanted {
    Wanted::Named { environments: Vec::new(), app: None }
}

fn named(environments: &[&str], app: Option<&str>) -> Wanted {
    let environments = environments.iter().map(|&name| name.to_owned()).collect();
    Wanted::Named { environments, app: app.map(str::to_owned) }
}

fn app(environment: &str, app: &str) -> Wanted {
    Wanted::App { environment: environment.to_owned(), app: app.to_owned() }
}

#[test]
fn the_demo_is_rendered_alike() {
    let tree = Tree::new(Disk::new(env!("CARGO_MANIFEST_DIR")));
    for sandbox in [false, true] {
        let worker = worker(sandbox);
        for wanted in [
            everything(),
            named(&["prod/eu", "qa"], None),
            named(&[], Some("guestbook")),
            named(&["qa"], Some("nothing")),
            named(&["nowhere"], None),
            app("qa", "guestbook"),
            app("qa", "nothing"),
            app("nowhere", "guestbook"),
        ] {
            agree(&worker, &tree, &FileChanges::new(), &wanted);
        }
    }
}

#[test]
fn every_wrong_configuration_is_told_alike() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/invalid");
    let workers = [worker(true), worker(false)];
    let mut count = 0;
    for case in std::fs::read_dir(cases).unwrap() {
        let tree = Tree::new(Disk::new(case.unwrap().path()));
        for worker in &workers {
            agree(worker, &tree, &FileChanges::new(), &everything());
        }
        count += 1;
    }
    assert!(count > 50, "{count} cases");
}

#[test]
fn findings_about_values_show_the_same_lines_and_the_same_stars() {
    let template = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: A }\ndata:\n  \
                    password: {{ values.password }}\n  x: {{ values.list }}\n";
    let tree = Tree::new(Memory::of([
        ("rungs.yaml", "version: 1\nladder: [qa]\n"),
        ("environments/qa/environment.yaml", "namespace: shop\n"),
        ("environments/qa/web.yaml", "values: { password: hunter22, list: ü }\n"),
        ("templates/web/a.yaml.tera", template),
        ("templates/web/b.yaml", "apiVersion: v1\nkind: Service\nmetadata: { name: 'ü' }\n"),
    ]));
    let said = agree(&worker(true), &tree, &FileChanges::new(), &everything());
    assert!(said.contains("templates/web"), "{said}");
    assert!(!said.contains("hunter22"), "{said}");
}

#[test]
fn changes_links_and_odd_names_are_seen_alike() {
    let mut memory = Memory::of([
        ("rungs.yaml", "version: 1\nladder: [qa]\n"),
        ("environments/qa/environment.yaml", "namespace: shop\n"),
        ("environments/qa/web.yaml", "values: { a: 1 }\n"),
        (
            "shared/web/a.yaml.tera",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { a: \"{{ values.a }}\" }\n",
        ),
        ("shared/web/empty.yaml", ""),
    ]);
    memory.link(path("templates/web"), "../shared/web");
    memory.link(path("templates/out"), "../../outside");
    memory.link(path("environments/qa/loop.yaml"), "loop.yaml");
    memory.insert(path("shared/web/latin1.yaml"), b"a: gr\xfcn\n".to_vec());
    let tree = Tree::new(memory);
    let worker = worker(true);
    agree(&worker, &tree, &FileChanges::new(), &everything());
    let removed = |more: &[(&str, Option<&str>)]| -> FileChanges {
        let files = [("environments/qa/loop.yaml", None), ("shared/web/latin1.yaml", None)];
        let files = files.iter().chain(more);
        files.map(|(at, text)| (path(at), text.map(|text| text.as_bytes().to_vec()))).collect()
    };
    let said = agree(&worker, &tree, &removed(&[]), &everything());
    assert!(said.contains("a: \"1\""), "{said}");
    let changed = [("environments/qa/web.yaml", Some("values: { a: 2 }\n"))];
    let said = agree(&worker, &tree, &removed(&changed), &app("qa", "web"));
    assert!(said.contains("a: \"2\""), "{said}");
    let said =
        agree(&worker, &tree, &removed(&[("environments/qa/web.yaml", None)]), &app("qa", "web"));
    assert!(said.starts_with("[]"), "{said}");
    let said = agree(&worker, &tree, &removed(&[]), &app("qa", "web"));
    assert!(said.contains("a: \"1\""), "what another job changed is still there: {said}");
}

#[test]
fn links_and_changes_on_a_disk_are_seen_alike() {
    let outside = crate::support::directory::temporary().unwrap();
    let root = outside.path().join("repository");
    let files = [
        ("repository/rungs.yaml", "version: 1\nladder: [qa]\n"),
        ("repository/environments/qa/environment.yaml", "namespace: shop\n"),
        ("repository/environments/qa/web.yaml", "values: { a: 1 }\n"),
        ("repository/environments/qa/api.yaml", "{}\n"),
        ("repository/shared/a.yaml.tera", "{{ values.a }}: kein Objekt\n"),
        ("repository/.git/config.yaml", "not: this\n"),
        ("secret/b.yaml", "not: that\n"),
    ];
    for (at, text) in files {
        let at = outside.path().join(at);
        std::fs::create_dir_all(at.parent().unwrap()).unwrap();
        std::fs::write(at, text).unwrap();
    }
    std::fs::create_dir(root.join("templates")).unwrap();
    for (target, at) in [
        ("../shared", "templates/web"),
        ("../../secret", "templates/api"),
        ("../.git", "templates/git"),
        ("../../secret/b.yaml", "shared/b.yaml"),
        ("nowhere", "shared/c.yaml"),
    ] {
        std::os::unix::fs::symlink(target, root.join(at)).unwrap();
    }
    std::os::unix::fs::symlink("repository", outside.path().join("link")).unwrap();
    let changed: FileChanges = [
        ("environments/qa/api.yaml", None),
        ("shared/b.yaml", None),
        ("shared/c.yaml", None),
        ("environments/qa/web.yaml", Some("values: { a: kind }\n")),
    ]
    .into_iter()
    .map(|(at, text)| (path(at), text.map(|text| text.as_bytes().to_vec())))
    .collect();
    for worker in [worker(true), worker(false)] {
        for root in [root.clone(), outside.path().join("link")] {
            let tree = Tree::new(Disk::new(root));
            let said = agree(&worker, &tree, &FileChanges::new(), &everything());
            assert!(!said.contains("not: "), "{said}");
            let said = agree(&worker, &tree, &changed, &everything());
            assert!(said.contains("kind: kein Objekt"), "{said}");
        }
    }
}

/// Files that take a while.
struct Slow(Memory);

impl Store for Slow {
    fn entry(&self, path: &RepoPath) -> Result<Option<StoreEntry>, StoreError> {
        self.0.entry(path)
    }

    fn list(&self, directory: &RepoPath) -> Result<Vec<(String, StoreEntry)>, StoreError> {
        self.0.list(directory)
    }

    fn read(&self, path: &RepoPath) -> Result<Vec<u8>, StoreError> {
        std::thread::sleep(Duration::from_millis(1500));
        self.0.read(path)
    }
}

#[test]
fn files_that_are_slow_to_come_take_no_time_of_an_app() {
    let tree = Tree::new(Slow(Memory::of([
        ("rungs.yaml", "version: 1\nladder: [qa]\n"),
        ("environments/qa/environment.yaml", "namespace: shop\n"),
        ("environments/qa/web.yaml", "{}\n"),
        // The engine asks for these while it works.
        ("templates/web/main.jsonnet", "function(rungs) [import 'a.libsonnet']\n"),
        ("templates/web/a.libsonnet", "(import 'b.libsonnet') { kind: 'ConfigMap' }\n"),
        ("templates/web/b.libsonnet", "{ apiVersion: 'v1', metadata: { name: 'a' } }\n"),
    ])));
    let options = WorkerOptions { time: Some(TimeLimit::named("1s").unwrap()), ..options(true) };
    agree(&Worker::new(options, codes::find), &tree, &FileChanges::new(), &everything());
}

#[test]
fn a_directory_of_many_files_is_read_whole() {
    let files =
        native(&[("qa", "v1")], &(0..300).map(|at| format!("app{at}")).collect::<Vec<_>>(), &[]);
    let files: BTreeMap<&str, &str> = files.iter().map(|(at, text)| (&**at, &**text)).collect();
    let directory = crate::support::directory::temporary().unwrap();
    for (at, text) in &files {
        let at = directory.path().join(at);
        std::fs::create_dir_all(at.parent().unwrap()).unwrap();
        std::fs::write(at, text).unwrap();
    }
    let trees = [Tree::new(Disk::new(directory.path())), Tree::new(Memory::of(files))];
    for worker in [worker(true), worker(false)] {
        for tree in &trees {
            agree(&worker, tree, &FileChanges::new(), &everything());
            agree(&worker, tree, &FileChanges::new(), &app("qa", "app7"));
        }
    }
}
