//! The reader compared with what kubectl and kustomize were seen to read.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use rungs::source::{RepoPath, SourceFile};
use rungs::yaml::{Dialect, Value, emit, parse};
use serde_json::Value as Json;

use crate::support::corpora;

/// The documents that we deliberately do not read as kubectl does; the reasons
/// are in `docs/reference/yaml.md`.
const DIFFERENCES: [&str; 2] = ["structure-dup", "structure-dupyes"];

/// The same for kustomize.
const KUSTOMIZE_DIFFERENCES: [&str; 1] = ["structure-multi"];

fn read(text: String, dialect: Dialect) -> Option<Vec<Value>> {
    let file = SourceFile::new(RepoPath::new("case.yaml").unwrap(), text);
    parse(&Arc::new(file), dialect).ok()
}

fn json(documents: &[Value]) -> Vec<Json> {
    documents.iter().map(|document| serde_json::to_value(document.root()).unwrap()).collect()
}

/// The data with numbers by their value, however they are written.
fn comparable(json: &Json) -> Json {
    match json {
        Json::Number(number) => Json::from(number.as_f64()),
        Json::Array(items) => items.iter().map(comparable).collect(),
        Json::Object(map) => {
            let sorted: BTreeMap<_, _> = map.iter().collect();
            sorted.into_iter().map(|(key, value)| (key.clone(), comparable(value))).collect()
        }
        other => other.clone(),
    }
}

/// Each case's name and text, with a tool's answer.
fn cases(folder: &Path, tool: &str) -> Vec<(String, String, Json)> {
    let mut cases: Vec<_> = fs::read_dir(folder.join("cases"))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let answer = fs::read(folder.join(tool).join(format!("{name}.json"))).unwrap();
            (name, fs::read_to_string(path).unwrap(), serde_json::from_slice(&answer).unwrap())
        })
        .collect();
    cases.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(cases.len(), 86);
    cases
}

#[test]
fn every_difference_has_its_reason_in_the_documentation() {
    let page = include_str!("../../docs/reference/yaml.md");
    let mut differences = DIFFERENCES.iter().chain(&KUSTOMIZE_DIFFERENCES);
    assert!(differences.all(|name| page.contains(&format!("`{name}`"))));
}

#[test]
fn documents_mean_what_they_mean_to_kubectl() {
    let Some(folder) = corpora::folder("yaml-dialect") else { return };
    let mut differences = Vec::new();
    for (name, text, answer) in cases(&folder, "kubectl") {
        let ours = read(text, Dialect::Kubectl).map(|documents| json(&documents));
        let theirs = answer["documents"].as_array().filter(|_| answer["accepted"] == true);
        let as_compared =
            |documents: &Vec<Json>| -> Vec<_> { documents.iter().map(comparable).collect() };
        if ours.as_ref().map(as_compared) != theirs.map(as_compared) {
            differences.push(name);
        }
    }
    assert_eq!(differences, DIFFERENCES);
}

#[test]
fn documents_mean_what_they_mean_to_kustomize() {
    let Some(folder) = corpora::folder("yaml-dialect") else { return };
    let mut differences = Vec::new();
    for (name, text, answer) in cases(&folder, "kustomize") {
        let ours = read(text, Dialect::Kustomize);
        // kustomize quotes what it writes so that it reads it as we do.
        let output = answer["output"].as_str().filter(|_| answer["accepted"] == true);
        let theirs = output.map(|output| read(output.to_owned(), Dialect::Kustomize).unwrap());
        let as_compared =
            |documents: Vec<Value>| -> Vec<_> { json(&documents).iter().map(comparable).collect() };
        if ours.map(as_compared) != theirs.map(as_compared) {
            differences.push(name);
        }
    }
    assert_eq!(differences, KUSTOMIZE_DIFFERENCES);
}

#[test]
fn emitted_text_reads_back_as_the_same_data() {
    let Some(folder) = corpora::folder("yaml-dialect") else { return };
    for (name, text, _) in cases(&folder, "kubectl") {
        for document in read(text, Dialect::Kubectl).unwrap_or_default() {
            let emitted = emit(document.root());
            for dialect in [Dialect::Kubectl, Dialect::Kustomize] {
                let again = read(emitted.clone(), dialect).expect("what we emit is YAML");
                assert!(again[0].root().equals(document.root()), "{name}:\n{emitted}");
            }
        }
    }
}
