//! The reader compared with the YAML test suite, and with kubectl where kubectl
//! does not follow the suite.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rungs::source::{RepoPath, SourceFile};
use rungs::yaml::{Dialect, parse};
use serde_json::Value as Json;

use crate::support::corpora;

/// The answers of kubectl's own libraries, recorded by `tests/oracles/yaml`.
const KUBECTL: &str = include_str!("../oracles/yaml/suite.json");

/// Cases that we read neither as the suite nor as kubectl does; the reasons are
/// in `docs/reference/yaml.md`.
const DIFFERENCES: [&str; 3] = ["4ABK", "6WLZ", "9WXW"];

/// The documents; none if the text is refused.
type Answer = Option<Vec<Json>>;

fn case_folders(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            case_folders(&path, into);
        } else if path.ends_with("in.yaml") {
            into.push(folder.to_owned());
        }
    }
}

fn ours(case: &Path) -> Answer {
    let text = fs::read_to_string(case.join("in.yaml")).expect("every case is UTF-8");
    let file = SourceFile::new(RepoPath::new("in.yaml").unwrap(), text);
    let documents = parse(&Arc::new(file), Dialect::Kubectl).ok()?;
    Some(documents.iter().map(|document| serde_json::to_value(document.root()).unwrap()).collect())
}

/// The suite's answer; none if it only says that the text is valid, but not what
/// it means.
fn suite(case: &Path) -> Option<Answer> {
    if case.join("error").exists() {
        return Some(None);
    }
    let json = fs::read_to_string(case.join("in.json")).ok()?;
    let documents = serde_json::Deserializer::from_str(&json).into_iter::<Json>();
    Some(Some(documents.map(Result::unwrap).collect()))
}

fn kubectl(name: &str) -> Answer {
    let facts: Json = serde_json::from_str(KUBECTL).unwrap();
    let fact = facts[name].as_object().expect("every case is recorded");
    if fact.contains_key("error") {
        return None;
    }
    Some(fact.get("documents").and_then(Json::as_array).cloned().unwrap_or_default())
}

/// An answer without empty documents, which kubectl leaves out.
fn comparable(answer: Answer) -> Answer {
    let documents = answer?;
    Some(documents.iter().filter(|document| !document.is_null()).map(canonical).collect())
}

fn canonical(json: &Json) -> Json {
    match json {
        Json::Number(number) => Json::from(number.as_f64()),
        Json::Array(items) => items.iter().map(canonical).collect(),
        Json::Object(map) => {
            let sorted: BTreeMap<_, _> = map.iter().collect();
            sorted.into_iter().map(|(key, value)| (key.clone(), canonical(value))).collect()
        }
        other => other.clone(),
    }
}

#[test]
fn every_difference_has_its_reason_in_the_documentation() {
    let page = include_str!("../../docs/reference/yaml.md");
    assert!(DIFFERENCES.iter().all(|name| page.contains(&format!("`{name}`"))));
}

#[test]
fn each_case_is_read_as_the_suite_says_or_as_kubectl_does() {
    let Some(folder) = corpora::folder("yaml") else { return };
    let mut cases = Vec::new();
    case_folders(&folder, &mut cases);
    cases.sort();
    assert_eq!(cases.len(), 402);
    let (mut as_suite, mut as_kubectl) = (0, 0);
    let mut differences = Vec::new();
    for case in cases {
        let name = case.strip_prefix(&folder).unwrap().to_str().unwrap();
        let answer = comparable(ours(&case));
        if suite(&case).is_some_and(|suite| comparable(suite) == answer) {
            as_suite += 1;
        } else if comparable(kubectl(name)) == answer {
            as_kubectl += 1;
        } else {
            differences.push(name.to_owned());
        }
    }
    assert_eq!(differences, DIFFERENCES);
    assert_eq!((as_suite, as_kubectl), (344, 55), "say so in docs/reference/yaml.md");
}
