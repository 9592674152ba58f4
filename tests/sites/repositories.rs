//! What stands in repositories that people wrote.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use rungs::sites::{Form, Site, sites_of_content};
use rungs::source::SourceFile;
use rungs::yaml::{Dialect, parse};

use crate::corpora;
use crate::support::path;

/// Every edit of real commits lies at a site, but for 13 of 500: ten are in
/// templates of a chart, which are no YAML; one stands inside of an expression of
/// an admission policy; and two are the `version` of a custom resource that
/// nothing tells from any other version.
#[test]
fn people_change_references_at_sites() {
    let Some(replay) = corpora::folder("replay") else { return };
    let mut missed: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    let mut found = 0;
    for repository in fs::read_dir(replay).unwrap() {
        for commit in fs::read_dir(repository.unwrap().path()).unwrap() {
            let commit = commit.unwrap().path();
            let edits = fs::read_to_string(commit.join("edits.json")).unwrap();
            let edits: serde_json::Value = serde_json::from_str(&edits).unwrap();
            for edit in edits["edits"].as_array().unwrap() {
                match why_missed(&commit, edit) {
                    None => found += 1,
                    Some(why) => missed.entry(why).or_default().push(format!(
                        "{} {}:{} {}",
                        commit.file_name().unwrap().to_string_lossy(),
                        edit["file"].as_str().unwrap(),
                        edit["line"],
                        edit["old"].as_str().unwrap()
                    )),
                }
            }
        }
    }
    let counts: Vec<_> = missed.iter().map(|(why, edits)| (*why, edits.len())).collect();
    assert_eq!(counts, [("no YAML", 10), ("of no kind", 3)], "{missed:#?}");
    assert_eq!(found, 487);
}

fn why_missed(commit: &Path, edit: &serde_json::Value) -> Option<&'static str> {
    let name = edit["file"].as_str().unwrap();
    let text = fs::read_to_string(commit.join("before").join(name)).unwrap();
    let file = Arc::new(SourceFile::new(path(name), text));
    let Ok(documents) = parse(&file, Dialect::Kubectl) else { return Some("no YAML") };
    let (sites, _) = sites_of_content(&file, &documents);
    let line = edit["line"].as_u64().unwrap();
    let says = |site: &Site| {
        site.parts.iter().any(|part| {
            let node = part.at.route.find(documents[part.at.document].root());
            let at = node.map(|node| u64::from(node.location().start().line));
            let old = edit["old"].as_str().unwrap();
            at == Some(line) && (part.text.contains(old) || part.form == Form::Reference)
        })
    };
    if sites.iter().any(says) {
        return None;
    }
    Some("of no kind")
}
