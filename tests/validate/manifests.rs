//! Manifests with one fault each, and manifests without any.

use std::fs;
use std::path::{Path, PathBuf};

use super::marked::{expected, found, marks};

fn files(directory: &str) -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/validate").join(directory);
    let mut files: Vec<_> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Fails with every file that is judged in another way than its comments say.
fn judge(directory: &str) -> usize {
    let mut wrong = Vec::new();
    let mut count = 0;
    for path in files(directory) {
        let text = fs::read_to_string(&path).unwrap();
        let (found, expected) = (found(&text), expected(&text));
        count += expected.len();
        let marks = marks(&found);
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for mark in marks.iter().filter(|mark| !expected.contains(mark)) {
            let says = found.iter().find(|one| one.location().start().line as usize == mark.0);
            wrong.push(format!("{name}: found {mark:?}: {}", says.unwrap().message));
        }
        let missed = expected.iter().filter(|mark| !marks.contains(mark));
        wrong.extend(missed.map(|mark| format!("{name}: missed {mark:?}")));
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    count
}

#[test]
fn each_fault_is_found_where_it_is() {
    let count = judge("wrong");
    assert!(count >= 60, "{count}");
}

#[test]
fn nothing_is_found_in_what_a_server_takes() {
    assert_eq!(judge("right"), 0);
}

#[test]
fn a_finding_names_the_object_and_the_path_and_says_what_to_do() {
    let found = found(
        "apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: nginx:1.27
          imagePullPolicy: always
          env: [{ name: A, vaule: b }]
",
    );
    let words: Vec<_> = found
        .iter()
        .map(|one| {
            let help = one.help.as_deref().unwrap_or_default();
            format!("{} | {} | {help}", one.message, one.labels[0].message)
        })
        .collect();
    assert_eq!(
        words,
        [
            "Deployment `web`: `spec.template.spec.containers[0].imagePullPolicy` cannot be \
             `always` | must be `Always`, `IfNotPresent` or `Never` | did you mean `Always`?",
            "Deployment `web`: unknown field `spec.template.spec.containers[0].env[0].vaule` | \
             is not a field here | did you mean `value`?",
        ]
    );
}

#[test]
fn values_of_secrets_are_not_shown() {
    let found = found(
        "apiVersion: v1
kind: Secret
metadata: { name: db }
data: { password: hunter2x }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: db }
data: { dbPassword: 1234567 }
",
    );
    assert_eq!(found.len(), 1, "{found:#?}");
    let shown = format!("{found:?}");
    assert!(!found[0].message.contains("1234567"), "{shown}");
}
