//! The fixtures of kubeconform: the same verdicts, but for those that the guide lists.

use std::fs;
use std::path::Path;

use super::support::corpora;
use super::support::program::{rungs, transcript};

/// Fixtures that `kubeconform -strict` takes, after its own tests.
const TAKEN: [&str; 17] = [
    "blank.yaml",
    "comment.yaml",
    "folder",
    "full_domain_group.yaml",
    "generate_name.yaml",
    "int_or_string.yaml",
    "list_empty_valid.yaml",
    "list_valid.yaml",
    "multi_valid.yaml",
    "multi_valid_source.yaml",
    "multi_with_list.yaml",
    "null_array.yaml",
    "null_string.yaml",
    "quantity.yaml",
    "unconventional_keys.yaml",
    "valid.json",
    "valid.yaml",
];

/// Fixtures that it refuses.
const REFUSED: [&str; 9] = [
    "duplicate_property.yaml",
    "extra_property.yaml",
    "invalid.yaml",
    "list_invalid.yaml",
    "missing_apiversion.yaml",
    "missing_kind.yaml",
    "missing_kind_value.yaml",
    "multi_invalid.yaml",
    "test_crd.yaml",
];

/// Those with another verdict of ours, which the guide explains.
const DIFFERENT: [&str; 2] = ["generate_name.yaml", "test_crd.yaml"];

#[test]
fn verdicts_on_the_fixtures_of_kubeconform() {
    let Some(folder) = corpora::folder("kubeconform") else { return };
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide/validate.md");
    let guide = fs::read_to_string(guide).unwrap();
    let mut wrong = Vec::new();
    let taken = TAKEN.iter().map(|name| (name, true));
    for (name, is_taken) in taken.chain(REFUSED.iter().map(|name| (name, false))) {
        let output = rungs(&folder, &["validate", "--in", name]);
        let is_different = output.status.success() != is_taken;
        if is_different != DIFFERENT.contains(name) {
            wrong.push(format!("{name}: {}", transcript(&output)));
        }
        assert!(!is_different || guide.contains(&format!("`{name}`")), "the guide lacks {name}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A repository, a directory of it, and how many findings of each code it has.
type RealManifests = (&'static str, &'static str, &'static [(&'static str, usize)]);

/// Real manifests, with all that is found in them: each was looked at, and is right.
const REAL: [RealManifests; 5] = [
    // Patches are judged as if they were objects.
    ("flux2-kustomize-helm-example", "apps", &[("missing-field", 2)]),
    ("gitops-environment-promotion", "base", &[]),
    ("gitopsbook", "chapter-02", &[]),
    // The port is `placeholder`, and a patch sets it.
    ("kargo-demo", ".", &[("wrong-field-type", 1)]),
    ("lyzhang1999-kubernetes-example", "kustomize/base", &[]),
];

#[test]
fn what_is_found_in_real_manifests() {
    let Some(folder) = corpora::folder("repos") else { return };
    for (repository, directory, expected) in REAL {
        let output =
            rungs(&folder.join(repository), &["validate", "--in", directory, "--format", "json"]);
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for finding in report["findings"].as_array().unwrap() {
            let code = finding["code"].as_str().unwrap();
            match counts.iter_mut().find(|(known, _)| *known == code) {
                Some((_, count)) => *count += 1,
                None => counts.push((code, 1)),
            }
        }
        assert_eq!(counts, expected, "{repository}: {report:#}");
        assert!(report["objects"].as_u64().unwrap() > 0, "{repository}: {report:#}");
    }
}
