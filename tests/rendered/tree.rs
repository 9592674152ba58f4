//! What is written to the output tree, and what is never touched.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use proptest::prelude::*;
use rungs::diagnostic::ProblemKind;
use rungs::rendered::{
    FileAction as Action, HEADER, InStore, OutputChanges as Changes, OutputDirectory as Output,
    RenderScope as Scope, RenderedFile as File, RenderedFiles as Files,
};
use rungs::source::{Memory, RepoPath};
use tempfile::TempDir;

use crate::sample::{apply, codes, compare, file, files, list, object, snapshot, try_apply};

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

fn app(text: &str) -> Scope {
    Scope::directories([path(text)])
}

#[test]
fn names_are_those_of_the_design() {
    let name = |kind: &str, namespace: Option<&str>, name: &str, home: Option<&str>| {
        let file = File::of(&object(kind, namespace, name, ""), &path("qa/web"), home);
        file.path().name().to_owned()
    };
    let home = Some("web-qa");
    assert_eq!(name("apps/v1 Deployment", home, "web", home), "deployment-web.yaml");
    assert_eq!(name("apps/v1 Deployment", Some("x"), "web", home), "deployment-x..web.yaml");
    assert_eq!(name("apps/v1 Deployment", home, "web", None), "deployment-web-qa..web.yaml");
    assert_eq!(name("v1 Namespace", None, "web-qa", None), "namespace-web-qa.yaml");
    assert_eq!(name("example.com/v1 Shop", home, "a", home), "shop.example.com-a.yaml");
    let rbac = "rbac.authorization.k8s.io/v1";
    assert_eq!(
        name(&format!("{rbac} ClusterRole"), None, "system:a b", home),
        "clusterrole-system%3Aa%20b.yaml"
    );
    assert_eq!(name("v1 Secret", home, &"a".repeat(250), home).len(), 200 + ".yaml".len());
}

#[test]
fn a_written_tree_is_up_to_date() {
    let directory = TempDir::new().unwrap();
    let tree = [("qa/web", "a", "1"), ("qa/web", "b", "1"), ("prod.eu/web", "a", "1")];
    let summary = apply(directory.path(), files(&tree), &Scope::everything());
    assert_eq!((summary.created, summary.unchanged), (3, 0));
    assert_eq!(
        list(directory.path()),
        ["prod.eu/web/configmap-a.yaml", "qa/web/configmap-a.yaml", "qa/web/configmap-b.yaml"]
    );
    let text = fs::read_to_string(directory.path().join("qa/web/configmap-a.yaml")).unwrap();
    assert_eq!(text.lines().next(), Some(HEADER));
    assert!(compare(directory.path(), files(&tree), &Scope::everything()).is_empty());
}

#[test]
fn only_what_differs_is_written_and_what_is_gone_is_removed() {
    let directory = TempDir::new().unwrap();
    let before = [("qa/web", "a", "1"), ("qa/web", "b", "1"), ("qa/old", "c", "1")];
    apply(directory.path(), files(&before), &Scope::everything());
    let unchanged = directory.path().join("qa/web/configmap-a.yaml");
    let touched = fs::metadata(&unchanged).unwrap().modified().unwrap();

    let after = [("qa/web", "a", "1"), ("qa/web", "b", "2"), ("qa/web", "d", "1")];
    let changes = compare(directory.path(), files(&after), &Scope::everything());
    let changes: Vec<_> =
        changes.list().into_iter().map(|c| (c.action, c.path.as_str().to_owned())).collect();
    assert_eq!(
        changes,
        [
            (Action::Remove, "qa/old/configmap-c.yaml".to_owned()),
            (Action::Update, "qa/web/configmap-b.yaml".to_owned()),
            (Action::Create, "qa/web/configmap-d.yaml".to_owned()),
        ]
    );
    let summary = apply(directory.path(), files(&after), &Scope::everything());
    assert_eq!((summary.created, summary.updated), (1, 1));
    assert_eq!((summary.removed, summary.unchanged), (1, 1));
    assert!(!directory.path().join("qa/old").exists());
    assert_eq!(fs::metadata(&unchanged).unwrap().modified().unwrap(), touched);
}

#[test]
fn an_environment_that_is_gone_is_removed_with_its_directory() {
    let directory = TempDir::new().unwrap();
    let before = [("qa/web", "a", "1"), ("qa/_environment", "b", "1"), ("prod/web", "a", "1")];
    apply(directory.path(), files(&before), &Scope::everything());
    apply(directory.path(), files(&[("prod/web", "a", "1")]), &Scope::everything());
    assert!(!directory.path().join("qa").exists());
    assert_eq!(list(directory.path()), ["prod/web/configmap-a.yaml"]);
}

#[test]
fn a_part_is_written_and_the_rest_is_not_looked_at() {
    let directory = TempDir::new().unwrap();
    let before = [("qa/web", "a", "1"), ("qa/cart", "a", "1"), ("prod/web", "a", "1")];
    apply(directory.path(), files(&before), &Scope::everything());
    // Everything differs, but only one app is to be written.
    let after = [("qa/web", "b", "2"), ("qa/cart", "b", "2"), ("prod/web", "b", "2")];
    apply(directory.path(), files(&after), &app("qa/web"));
    assert_eq!(
        list(directory.path()),
        ["prod/web/configmap-a.yaml", "qa/cart/configmap-a.yaml", "qa/web/configmap-b.yaml"]
    );
    apply(directory.path(), files(&[]), &app("qa"));
    assert_eq!(list(directory.path()), ["prod/web/configmap-a.yaml"]);
}

#[test]
fn what_is_not_ours_is_left_alone_wherever_it_is() {
    let directory = TempDir::new().unwrap();
    let root = directory.path();
    apply(root, files(&[("qa/web", "a", "1"), ("qa/old", "a", "1")]), &Scope::everything());
    let ours = fs::read(root.join("qa/web/configmap-a.yaml")).unwrap();
    let foreign: &[(&str, &[u8])] = &[
        ("README.md", b"mine"),
        ("qa/kustomization.yaml", b"resources: []\n"),
        ("qa/old/notes.yaml", b"a: 1\n"),
        ("qa/web/almost.yaml", b"# Rendered by rungs. Do not edit. \na: 1\n"),
        ("qa/web/later.yaml", b"a: 1\n# Rendered by rungs. Do not edit.\n"),
        ("qa/web/secret-x.sops.yaml", b"sops: {}\n"),
        // Deeper than ours ever are, and in hidden directories.
        ("qa/web/backup/configmap-a.yaml", &ours),
        (".git/hooks/configmap-a.yaml", &ours),
        ("qa/.cache/configmap-a.yaml", &ours),
        ("configmap-a.yaml", &ours),
    ];
    for (path, bytes) in foreign {
        fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs::write(root.join(path), bytes).unwrap();
    }
    fs::create_dir_all(root.join(".git/refs/tags")).unwrap();
    fs::create_dir_all(root.join("tmp/empty")).unwrap();
    symlink("/etc", root.join("qa/link")).unwrap();
    apply(root, files(&[]), &Scope::everything());
    let mut expected: Vec<_> = foreign.iter().map(|(path, _)| (*path).to_owned()).collect();
    expected.push("qa/link".to_owned());
    expected.sort();
    assert_eq!(list(root), expected);
    for (path, bytes) in foreign {
        assert_eq!(&fs::read(root.join(path)).unwrap(), bytes, "{path}");
    }
    assert!(root.join(".git/refs/tags").is_dir() && root.join("tmp/empty").is_dir());
}

#[test]
fn a_foreign_file_in_the_way_stops_the_run_before_anything_is_written() {
    let directory = TempDir::new().unwrap();
    let root = directory.path();
    fs::create_dir_all(root.join("qa/web")).unwrap();
    fs::write(root.join("qa/web/configmap-a.yaml"), "mine\n").unwrap();
    fs::create_dir(root.join("qa/web/configmap-b.yaml")).unwrap();
    fs::write(root.join("prod"), "mine\n").unwrap();
    fs::write(root.join("qa/cart"), "mine\n").unwrap();
    let before = snapshot(root);
    let tree = [
        ("qa/web", "a", "1"),
        ("qa/web", "b", "1"),
        ("qa/web", "c", "1"),
        ("qa/cart", "a", "1"),
        ("prod/web", "a", "1"),
    ];
    let findings = Output::at(root).compare(files(&tree), &Scope::everything()).unwrap_err();
    assert_eq!(codes(&findings), ["foreign-file"; 4].to_vec());
    assert_eq!(findings.kind(), Some(ProblemKind::Answer));
    assert_eq!(snapshot(root), before);
}

#[test]
fn links_in_the_way_stop_the_run_and_are_never_followed() {
    let directory = TempDir::new().unwrap();
    let (root, outside) = (directory.path().join("out"), directory.path().join("outside"));
    fs::create_dir_all(root.join("prod")).unwrap();
    fs::create_dir_all(&outside).unwrap();
    apply(&outside, files(&[("web/x", "a", "1")]), &Scope::everything());
    let before = snapshot(&outside);
    // An environment, an app, and a file.
    symlink(&outside, root.join("qa")).unwrap();
    symlink(&outside, root.join("prod/web")).unwrap();
    fs::create_dir_all(root.join("stage/web")).unwrap();
    symlink(outside.join("a"), root.join("stage/web/configmap-a.yaml")).unwrap();
    let tree = [("qa/web", "a", "1"), ("prod/web", "a", "1"), ("stage/web", "a", "1")];
    let findings = Output::at(&root).compare(files(&tree), &Scope::everything()).unwrap_err();
    assert_eq!(codes(&findings), ["output-link"; 3].to_vec());
    // If nothing has to be written there, they are somebody else's.
    apply(&root, files(&[]), &Scope::everything());
    apply(&root, files(&[]), &app("qa/web"));
    assert_eq!(snapshot(&outside), before);
}

#[test]
fn the_output_directory_of_a_repository_may_not_be_a_link() {
    let directory = TempDir::new().unwrap();
    let root = directory.path();
    fs::create_dir_all(root.join("elsewhere/rendered")).unwrap();
    symlink("elsewhere", root.join("out")).unwrap();
    symlink("elsewhere/rendered", root.join("rendered")).unwrap();
    for output in ["rendered", "out/rendered"] {
        let finding = Output::within(root, &path(output)).unwrap_err();
        assert_eq!(finding.code.name, "output-link", "{output}");
    }
    let output = Output::within(root, &path("elsewhere/rendered")).unwrap();
    fs::write(root.join("elsewhere/rendered/qa"), "mine\n").unwrap();
    let tree = files(&[("qa/web", "a", "1")]);
    let findings = output.compare(tree, &Scope::everything()).unwrap_err();
    let shown = findings.iter().next().unwrap().location().path().clone();
    assert_eq!(shown, path("elsewhere/rendered/qa"));
    fs::remove_file(root.join("elsewhere/rendered/qa")).unwrap();
    assert!(Output::within(root, &path("not/there/yet")).is_ok());
    // One that the user names may be reached through a link.
    apply(&root.join("rendered"), files(&[("qa/web", "a", "1")]), &Scope::everything());
    assert!(root.join("elsewhere/rendered/qa/web/configmap-a.yaml").is_file());
}

#[test]
fn what_appears_between_comparing_and_writing_is_left_alone_and_reported_as_a_change() {
    let directory = TempDir::new().unwrap();
    let root = directory.path();
    let tree = [("qa/web", "a", "1"), ("qa/cart", "a", "1")];
    apply(root, files(&tree[..1]), &Scope::everything());
    let more = [("qa/web", "a", "1"), ("qa/web", "b", "1")];
    let output = Output::at(root);
    let late = output.lock().unwrap().compare(files(&more), &app("qa/web")).unwrap();
    fs::write(root.join("qa/web/configmap-b.yaml"), "mine\n").unwrap();
    let findings = late.apply(&|_| {}).unwrap_err();
    assert_eq!(codes(&findings), ["output-changed"]);
    let help = findings.iter().next().unwrap().help.clone().unwrap();
    assert!(help.contains("other files may be written"), "{help}");
    assert_eq!(fs::read_to_string(root.join("qa/web/configmap-b.yaml")).unwrap(), "mine\n");

    let late = output.lock().unwrap().compare(files(&tree), &app("qa/cart")).unwrap();
    fs::create_dir(root.join("qa/cart")).unwrap();
    fs::write(root.join("qa/cart/mine"), "mine\n").unwrap();
    assert_eq!(codes(&late.apply(&|_| {}).unwrap_err()), ["output-changed"]);
    assert_eq!(list(root), ["qa/cart/mine", "qa/web/configmap-a.yaml", "qa/web/configmap-b.yaml"]);

    // A directory that was to be removed is kept with what was put into it.
    let late = output.lock().unwrap().compare(files(&[]), &app("qa/web")).unwrap();
    fs::write(root.join("qa/web/new"), "mine\n").unwrap();
    late.apply(&|_| {}).unwrap();
    assert!(root.join("qa/web/new").is_file());
    assert!(!root.join("qa/web/configmap-a.yaml").exists());

    // A file in place of a directory is not a link.
    let late = output.lock().unwrap().compare(files(&tree), &app("qa/web")).unwrap();
    fs::remove_dir_all(root.join("qa/web")).unwrap();
    fs::write(root.join("qa/web"), "mine\n").unwrap();
    let findings = late.apply(&|_| {}).unwrap_err();
    assert_eq!(codes(&findings), ["output-changed"]);
    assert!(!findings.iter().next().unwrap().message.contains("link"));
}

#[test]
fn objects_that_would_share_a_file_are_refused() {
    let clash = |a: (&str, &str), b: (&str, &str)| {
        let of = |(kind, name): (&str, &str)| {
            File::of(&object(kind, Some("ns"), name, ""), &path("qa/web"), Some("ns"))
        };
        Files::of([of(a), of(b)]).map(|files| files.len())
    };
    let ingress = clash(("networking.k8s.io/v1 Ingress", "a"), ("extensions/v1beta1 Ingress", "a"));
    let findings = ingress.unwrap_err();
    assert_eq!(codes(&findings), ["rendered-path-clash"]);
    let message = &findings.iter().next().unwrap().message;
    assert!(message.contains("Ingress.networking.k8s.io ns/a"), "{message}");
    assert!(message.contains("Ingress.extensions ns/a"), "{message}");

    let role = "rbac.authorization.k8s.io/v1 Role";
    assert!(clash((role, "Admin"), (role, "admin")).is_err());
    assert_eq!(clash((role, "a:b"), (role, "a-b")).unwrap(), 2);
}

const SOPS: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: ns}\nsops: {}\n";

fn encrypted(text: &str) -> Files {
    let objects = crate::sample::objects(text);
    Files::of(objects.iter().map(|object| File::of(object, &path("qa/web"), Some("ns")))).unwrap()
}

#[test]
fn an_encrypted_file_is_written_byte_for_byte_and_known_by_its_mark() {
    let directory = TempDir::new().unwrap();
    let root = directory.path();
    apply(root, encrypted(SOPS), &Scope::everything());
    assert_eq!(list(root), ["qa/web/secret-db.sops.yaml", "qa/web/secret-db.sops.yaml.rungs"]);
    assert_eq!(fs::read_to_string(root.join("qa/web/secret-db.sops.yaml")).unwrap(), SOPS);

    let other = SOPS.replace("sops: {}", "sops: {mac: x}");
    apply(root, encrypted(&other), &Scope::everything());
    assert_eq!(fs::read_to_string(root.join("qa/web/secret-db.sops.yaml")).unwrap(), other);
    apply(root, files(&[]), &Scope::everything());
    assert_eq!(list(root), Vec::<String>::new());
}

#[test]
fn an_encrypted_file_without_a_mark_is_somebody_elses() {
    let directory = TempDir::new().unwrap();
    let root = directory.path();
    fs::create_dir_all(root.join("qa/web")).unwrap();
    let file = root.join("qa/web/secret-db.sops.yaml");
    fs::write(&file, SOPS.replace("{}", "{mac: mine}")).unwrap();
    let findings = try_apply(root, encrypted(SOPS), &Scope::everything()).unwrap_err();
    assert_eq!(codes(&findings), ["foreign-file"]);
    apply(root, files(&[]), &Scope::everything());
    assert!(file.is_file());
    // A file that is exactly what would be written is not in the way.
    fs::write(&file, SOPS).unwrap();
    apply(root, encrypted(SOPS), &Scope::everything());
    assert!(root.join("qa/web/secret-db.sops.yaml.rungs").is_file());
}

#[test]
fn what_a_killed_run_left_is_swept() {
    let directory = TempDir::new().unwrap();
    let root = directory.path();
    let tree = [("qa/web", "a", "1")];
    apply(root, files(&tree), &Scope::everything());
    fs::write(root.join("qa/web/.rungs-tmp-1-0"), "# Rend").unwrap();
    fs::create_dir(root.join("qa/.rungs-tmp-1-1")).unwrap();
    fs::write(root.join("qa/.rungs-tmp-1-1/x.yaml"), "").unwrap();
    fs::create_dir_all(root.join(".rungs-tmp-1-2/web")).unwrap();
    fs::write(root.join(".rungs-tmp-1-2/web/x.yaml"), "").unwrap();
    let before = compare(root, files(&tree), &Scope::everything());
    assert!(before.is_empty(), "leftovers are not changes to the tree");
    apply(root, files(&tree), &Scope::everything());
    assert_eq!(list(root), ["qa/web/configmap-a.yaml"]);
    assert_eq!(fs::read_dir(root.join("qa")).unwrap().count(), 1);
    assert_eq!(fs::read_dir(root).unwrap().count(), 1);
}

#[test]
fn a_checkout_with_other_line_breaks_and_an_emptied_file_are_still_ours() {
    let directory = TempDir::new().unwrap();
    let root = directory.path();
    let tree = [("qa/web", "a", "1"), ("qa/web", "b", "1")];
    apply(root, files(&tree), &Scope::everything());
    let (a, b) = (root.join("qa/web/configmap-a.yaml"), root.join("qa/web/configmap-b.yaml"));
    let text = fs::read_to_string(&a).unwrap();
    fs::write(&a, text.replace('\n', "\r\n")).unwrap();
    fs::write(&b, "").unwrap();
    let summary = apply(root, files(&tree), &Scope::everything());
    assert_eq!(summary.updated, 2);
    assert_eq!(fs::read_to_string(&a).unwrap(), text);
}

#[test]
fn two_runs_do_not_write_one_tree_at_once() {
    let directory = TempDir::new().unwrap();
    let root = fs::File::open(directory.path()).unwrap();
    root.lock().unwrap();
    let tree = [("qa/web", "a", "1")];
    let findings = try_apply(directory.path(), files(&tree), &Scope::everything()).unwrap_err();
    assert_eq!(codes(&findings), ["output-busy"]);
    assert_eq!(findings.kind(), Some(ProblemKind::Outside));
    // Comparing needs no lock.
    assert!(!compare(directory.path(), files(&tree), &Scope::everything()).is_empty());
    drop(root);
    apply(directory.path(), files(&tree), &Scope::everything());
}

#[test]
fn a_tree_in_a_commit_is_compared_like_one_on_disk() {
    let tree = [("qa/web", "a", "1"), ("qa/web", "b", "1")];
    let mut memory = Memory::of([("rendered/qa/old/mine.yaml", "a: 1\n")]);
    for (at, bytes) in files(&[("qa/web", "a", "1"), ("qa/old", "c", "1")]).iter() {
        memory.insert(path(&format!("rendered/{at}")), bytes.to_vec());
    }
    let existing = InStore { store: &memory, output: path("rendered") };
    let changes = Changes::of(&existing, files(&tree), &Scope::everything()).unwrap();
    let changes: Vec<_> =
        changes.list().into_iter().map(|c| (c.action, c.path.as_str().to_owned())).collect();
    assert_eq!(
        changes,
        [
            (Action::Remove, "qa/old/configmap-c.yaml".to_owned()),
            (Action::Create, "qa/web/configmap-b.yaml".to_owned()),
        ]
    );
    let empty = Memory::new();
    let nothing = InStore { store: &empty, output: path("rendered") };
    assert!(Changes::of(&nothing, files(&[]), &Scope::everything()).unwrap().is_empty());
}

#[test]
fn progress_counts_every_file() {
    let directory = TempDir::new().unwrap();
    let tree = [("qa/web", "a", "1"), ("qa/web", "b", "1"), ("qa/cart", "a", "1")];
    let count = std::sync::atomic::AtomicUsize::new(0);
    let step = |n: usize| {
        count.fetch_add(n, std::sync::atomic::Ordering::Relaxed);
    };
    let output = Output::at(directory.path());
    for tree in [files(&tree), files(&[])] {
        let writing = output.lock().unwrap().compare(tree, &Scope::everything()).unwrap();
        writing.apply(&step).unwrap();
    }
    assert_eq!(count.into_inner(), 6);
}

type Content = Vec<(&'static str, &'static str, &'static str)>;

fn content() -> impl Strategy<Value = Content> {
    let directory = prop::sample::select(vec!["qa/web", "qa/cart", "qa/_environment", "prod/web"]);
    let name = prop::sample::select(vec!["a", "b", "c"]);
    let data = prop::sample::select(vec!["1", "2"]);
    prop::collection::btree_map((directory, name), data, 0..8)
        .prop_map(|map| map.into_iter().map(|((d, n), v)| (d, n, v)).collect())
}

fn foreign() -> impl Strategy<Value = BTreeMap<&'static str, &'static str>> {
    let paths = vec!["qa/web/x.yaml", "qa/cart/README.md", "qa/x", "x", "prod/web/a.sops.yaml"];
    prop::collection::btree_map(
        prop::sample::select(paths),
        prop::sample::select(vec!["", "a: 1"]),
        0..4,
    )
}

fn scopes() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::select(vec![
        vec![],
        vec!["qa"],
        vec!["qa/web"],
        vec!["qa/cart", "prod"],
        vec!["new/x"],
    ])
}

proptest! {
    #[test]
    fn any_tree_becomes_any_other_and_nothing_else_is_touched(
        before in content(), after in content(), foreign in foreign(), scope in scopes()
    ) {
        let directory = TempDir::new().unwrap();
        let root = directory.path();
        apply(root, files(&before), &Scope::everything());
        for (path, text) in &foreign {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), text).unwrap();
        }
        let everything = scope.is_empty();
        let covers = |at: &str| everything || scope.iter().any(|s| path(at).is_within(&path(s)));
        let scope = if everything {
            Scope::everything()
        } else {
            Scope::directories(scope.iter().map(|s| path(s)))
        };
        apply(root, files(&after), &scope);
        prop_assert!(compare(root, files(&after), &scope).is_empty());

        let mut expected: BTreeMap<String, Vec<u8>> =
            foreign.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
        for (at, bytes) in files(&before).iter().filter(|(at, _)| !covers(at.as_str())) {
            expected.insert(at.as_str().to_owned(), bytes.to_vec());
        }
        for (at, bytes) in files(&after).iter().filter(|(at, _)| covers(at.as_str())) {
            expected.insert(at.as_str().to_owned(), bytes.to_vec());
        }
        prop_assert_eq!(snapshot(root), expected);
    }
}

#[test]
fn the_bytes_of_a_file_are_the_header_and_the_object() {
    let file = file("qa/web", "a", "1");
    assert_eq!(
        std::str::from_utf8(file.bytes()).unwrap(),
        format!(
            "{HEADER}\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: ns\ndata:\n  text: \"1\"\n"
        )
    );
}

#[test]
fn an_output_directory_is_created_with_its_parents() {
    let directory = TempDir::new().unwrap();
    let root: &Path = &directory.path().join("a/b");
    apply(root, files(&[("qa/web", "a", "1")]), &Scope::everything());
    assert_eq!(list(root), ["qa/web/configmap-a.yaml"]);
}

#[test]
fn comparing_creates_no_directory() {
    let directory = TempDir::new().unwrap();
    let root = directory.path().join("out");
    assert!(!compare(&root, files(&[("qa/web", "a", "1")]), &Scope::everything()).is_empty());
    assert!(!root.exists());
}

#[test]
fn the_mark_of_an_encrypted_file_is_not_a_manifest() {
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nsops: {mac: one}\n";
    let encrypted = File::of(&crate::sample::objects(text)[0], &path("qa/web"), None);
    let tree = Files::of([encrypted, file("qa/web", "a", "1")]).unwrap();
    assert_eq!((tree.len(), tree.manifests().count()), (3, 2));
    let stream = tree.stream(&path("rendered"));
    let documents: Vec<_> = stream.lines().filter(|line| line.starts_with("# ")).collect();
    assert_eq!(
        documents,
        ["# rendered/qa/web/configmap-a.yaml", "# rendered/qa/web/secret-db.sops.yaml"]
    );
    assert!(stream.ends_with(text));
}
