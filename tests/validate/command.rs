//! `rungs validate`, as it is called.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use super::support::directory::temporary;
use super::support::program::{rungs, rungs_in, stderr, stdout, transcript};

fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn piped(directory: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = rungs_in(directory);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

const REPOSITORY: &[(&str, &str)] = &[
    ("rungs.yaml", "version: 1\nladder: [qa, prod]\nkubernetes: \"1.31\"\n"),
    ("environments/qa/web.yaml", "values: { replicas: 1, policy: Always }\n"),
    ("environments/prod/web.yaml", "values: { replicas: two, policy: always }\n"),
    ("environments/prod/environment.yaml", "kubernetes: \"1.33\"\n"),
    (
        "templates/web/deployment.yaml.tera",
        "apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: {{ values.replicas }}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: nginx:1.27
          imagePullPolicy: {{ values.policy }}
",
    ),
];

#[test]
fn findings_point_at_the_template_and_the_value() {
    let directory = temporary().unwrap();
    write(directory.path(), REPOSITORY);
    let done = rungs(directory.path(), &["validate", "qa"]);
    assert_eq!(done.status.code(), Some(0), "{}", transcript(&done));
    let done = rungs(directory.path(), &["validate", "--format", "json"]);
    assert_eq!(done.status.code(), Some(1), "{}", transcript(&done));
    let report: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let brief: Vec<_> = findings
        .iter()
        .map(|finding| {
            let places = finding["labels"].as_array().unwrap().iter();
            let places: Vec<_> = places.map(|label| label["path"].as_str().unwrap()).collect();
            (finding["code"].as_str().unwrap(), finding["subject"]["environment"].clone(), places)
        })
        .collect();
    let places = vec!["templates/web/deployment.yaml.tera", "environments/prod/web.yaml"];
    assert_eq!(
        brief,
        [
            ("wrong-field-type", "prod".into(), places.clone()),
            ("invalid-value", "prod".into(), places),
        ]
    );
    // Nothing was written, and rendering goes on as before.
    assert!(!directory.path().join("rendered").exists());
    assert_eq!(rungs(directory.path(), &["render"]).status.code(), Some(0));
}

#[test]
fn each_environment_is_judged_by_its_own_version() {
    let directory = temporary().unwrap();
    write(directory.path(), REPOSITORY);
    write(
        directory.path(),
        &[
            ("environments/prod/web.yaml", "values: { replicas: 2, policy: Always }\n"),
            (
                "templates/web/flow.yaml",
                "apiVersion: flowcontrol.apiserver.k8s.io/v1beta3
kind: FlowSchema
metadata: { name: web-{{ environment }} }
spec: { priorityLevelConfiguration: { name: workload-low } }
",
            ),
        ],
    );
    fs::rename(
        directory.path().join("templates/web/flow.yaml"),
        directory.path().join("templates/web/flow.yaml.tera"),
    )
    .unwrap();
    let qa = rungs(directory.path(), &["validate", "qa"]);
    assert!(stderr(&qa).contains("deprecated-api"), "{}", transcript(&qa));
    assert_eq!(qa.status.code(), Some(0));
    let denied = rungs(directory.path(), &["validate", "qa", "--deny", "warnings"]);
    assert_eq!(denied.status.code(), Some(1));
    let prod = rungs(directory.path(), &["validate", "prod"]);
    assert!(stderr(&prod).contains("removed-api"), "{}", transcript(&prod));
    assert_eq!(prod.status.code(), Some(1));
}

#[test]
fn a_version_without_schemas_is_said_and_the_nearest_taken() {
    let directory = temporary().unwrap();
    write(directory.path(), REPOSITORY);
    let settings = "version: 1\nladder: [qa, prod]\nkubernetes: \"1.99\"\n";
    write(directory.path(), &[("rungs.yaml", settings)]);
    let qa = rungs(directory.path(), &["validate", "qa"]);
    assert!(stderr(&qa).contains("unknown-kubernetes"), "{}", transcript(&qa));
    assert_eq!(qa.status.code(), Some(0));
}

#[test]
fn kinds_of_the_repositorys_own_definitions() {
    let directory = temporary().unwrap();
    write(directory.path(), REPOSITORY);
    write(
        directory.path(),
        &[
            (
                "templates/web/foo.yaml",
                "apiVersion: x.io/v1\nkind: Foo\nmetadata: { name: a }\nspec: { sise: 1 }\n",
            ),
            (
                "schemas/crds/foo.yaml",
                "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: foos.x.io }
spec:
  group: x.io
  names: { kind: Foo, plural: foos }
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties: { spec: { type: object, properties: { size: { type: integer } } } }
",
            ),
        ],
    );
    let qa = rungs(directory.path(), &["validate", "qa"]);
    assert_eq!(qa.status.code(), Some(1), "{}", transcript(&qa));
    assert!(stderr(&qa).contains("did you mean `size`?"), "{}", transcript(&qa));
    fs::remove_dir_all(directory.path().join("schemas")).unwrap();
    let qa = rungs(directory.path(), &["validate", "qa"]);
    assert_eq!(qa.status.code(), Some(0), "{}", transcript(&qa));
    assert_eq!(stderr(&qa).matches("unknown-kind").count(), 1, "{}", transcript(&qa));
}

const WRONG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndatas: { a: b }\n";
const RIGHT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { a: b }\n";

#[test]
fn manifests_of_any_directory() {
    let directory = temporary().unwrap();
    write(
        directory.path(),
        &[
            ("a/right.yaml", RIGHT),
            ("a/kustomization.yaml", "resources: [right.yaml]\n"),
            ("a/package.json", "{ \"name\": \"a\" }\n"),
            ("a/chart/Chart.yaml", "apiVersion: v2\nname: a\nversion: 0.1.0\n"),
            ("a/chart/values.yaml", "a: 1\n"),
            ("a/chart/templates/a.yaml", "a: {{ .Values.a }}\n"),
            (
                "b.json",
                "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"b\"}, \"dota\": {}}\n",
            ),
        ],
    );
    let right = rungs(directory.path(), &["validate", "--in", "a"]);
    assert_eq!(right.status.code(), Some(0), "{}", transcript(&right));
    assert!(stderr(&right).contains("judged 1 object: nothing found"), "{}", transcript(&right));
    assert!(stderr(&right).contains("left out: 5"), "{}", transcript(&right));
    let both = rungs(directory.path(), &["validate", "--in", "a", "b.json"]);
    assert_eq!(both.status.code(), Some(1), "{}", transcript(&both));
    let missing = rungs(directory.path(), &["validate", "--in", "nowhere"]);
    assert_ne!(missing.status.code(), Some(0), "{}", transcript(&missing));
}

#[test]
fn a_stream_of_documents() {
    let directory = temporary().unwrap();
    let stream = format!("{RIGHT}---\n{WRONG}---\nkind: List\napiVersion: v1\nitems: []\n");
    let wrong = piped(directory.path(), &["validate", "--in", "-"], &stream);
    assert_eq!(wrong.status.code(), Some(1), "{}", transcript(&wrong));
    assert!(stderr(&wrong).contains("<stdin>:9:1"), "{}", transcript(&wrong));
    let empty = piped(directory.path(), &["validate", "--in", "-"], "");
    assert_eq!(empty.status.code(), Some(0));
    assert!(stderr(&empty).contains("nothing was judged"), "{}", transcript(&empty));
    let nameless =
        piped(directory.path(), &["validate", "--in", "-"], "apiVersion: v1\nkind: Pod\n");
    assert_eq!(nameless.status.code(), Some(2), "{}", transcript(&nameless));
}

#[test]
fn options_for_manifests() {
    let directory = temporary().unwrap();
    write(directory.path(), &[("a.yaml", RIGHT)]);
    for (arguments, code) in [
        (&["validate", "--in", "a.yaml", "--kubernetes", "1.30"][..], 0),
        (&["validate", "--in", "a.yaml", "--kubernetes", "v1.30.4"], 0),
        (&["validate", "--in", "a.yaml", "--kubernetes", "1.20"], 2),
        (&["validate", "--in", "a.yaml", "--kubernetes", "new"], 2),
        (&["validate", "--in", "a.yaml", "--app", "web"], 2),
        (&["validate", "qa", "--in", "a.yaml"], 2),
        (&["validate", "--kubernetes", "1.30"], 2),
    ] {
        let done = rungs(directory.path(), arguments);
        assert_eq!(done.status.code(), Some(code), "{arguments:?}: {}", transcript(&done));
        assert_eq!(stdout(&done), "");
    }
}
