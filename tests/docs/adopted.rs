//! Public repositories, adopted as they are: rungs finds there what a person
//! reads there, and changes what a person would.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::support::corpora;
use crate::support::git::git;
use crate::support::program::{rungs, transcript};
use crate::support::repository::{copy, files_in};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/adopted")
}

/// An example of the documentation with the repository that it adopts.
struct Adopted {
    directory: tempfile::TempDir,
    name: &'static str,
    expected: Json,
}

impl Adopted {
    /// The example; none if the repository is absent, which is printed.
    fn new(name: &'static str) -> Option<Self> {
        let source = corpora::folder("repos")?.join(name);
        let directory = crate::support::directory::temporary().unwrap();
        copy(&source, directory.path());
        let expected = fs::read_to_string(examples().join(name).join("expected.json")).unwrap();
        let expected = serde_json::from_str(&expected).unwrap();
        let adopted = Self { directory, name, expected };
        fs::copy(examples().join(name).join("rungs.yaml"), adopted.root().join("rungs.yaml"))
            .unwrap();
        git(adopted.root(), &["init", "-q"]);
        git(adopted.root(), &["config", "user.name", "Ann"]);
        git(adopted.root(), &["config", "user.email", "ann@example.com"]);
        adopted.commit("Adopt");
        Some(adopted)
    }

    fn root(&self) -> &Path {
        self.directory.path()
    }

    fn commit(&self, message: &str) {
        git(self.root(), &["add", "-A", "-f"]);
        git(self.root(), &["commit", "-q", "--allow-empty", "-m", message]);
    }

    fn status_is_as_it_was_read(&self) {
        let output = rungs(self.root(), &["status", "--format", "json"]);
        let code = output.status.code();
        assert!(matches!(code, Some(0 | 1)), "{}: {}", self.name, transcript(&output));
        let found: Json = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(self.references_in(&found), self.references_expected(), "{}", self.name);
        assert_eq!(findings(&found), findings(&self.expected), "{}", self.name);
    }

    /// App, environment and reference of everything that status shows, except
    /// promoted values.
    fn references_in(&self, found: &Json) -> BTreeMap<(String, String), BTreeSet<String>> {
        let values: Vec<_> = array(&self.expected["promoted"]).map(text).collect();
        let mut references = BTreeMap::new();
        for app in array(&found["apps"]) {
            for cell in array(&app["environments"]) {
                let shown = array(&cell["references"]);
                let shown = shown.filter(|one| !values.contains(&text(&one["key"])));
                let shown = shown.map(|one| text(&one["reference"])).collect();
                references.insert((text(&app["app"]), text(&cell["environment"])), shown);
            }
        }
        references
    }

    fn references_expected(&self) -> BTreeMap<(String, String), BTreeSet<String>> {
        let mut references = BTreeMap::new();
        for (app, environments) in self.expected["status"].as_object().unwrap() {
            for (environment, shown) in environments.as_object().unwrap() {
                let shown = array(shown).map(text).collect();
                references.insert((app.clone(), environment.clone()), shown);
            }
        }
        references
    }

    /// Makes every expected edit, each in the original repository.
    fn edits_are_those_of_a_careful_person(&self) {
        let base = git(self.root(), &["rev-parse", "HEAD"]);
        for edit in array(&self.expected["edits"]) {
            git(self.root(), &["reset", "-q", "--hard", &base]);
            let name = format!("{}: {}", self.name, text(&edit["name"]));
            let before = files_in(self.root());
            let exit = edit["exit"].as_i64().unwrap_or_default();
            for run in array(&edit["run"]) {
                let output = self.run(run, exit, &name);
                let finding = edit["finding"].as_str().unwrap_or_default();
                assert!(output.contains(finding), "{name}: {output}");
            }
            let expected = match edit["patch"].as_str() {
                Some(patch) => self.patched(patch, &base),
                None => before,
            };
            assert_same(&files_in(self.root()), &expected, &name);
        }
    }

    /// The output of one command, whose result is committed as a person would.
    fn run(&self, run: &Json, exit: i64, name: &str) -> String {
        let mut arguments: Vec<String> = array(run).map(text).collect();
        arguments.push("--write".to_owned());
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = rungs(self.root(), &arguments);
        assert_eq!(
            output.status.code().map(i64::from),
            Some(exit),
            "{name}: {}",
            transcript(&output)
        );
        self.commit(name);
        transcript(&output)
    }

    /// The files with a patch applied.
    fn patched(&self, patch: &str, base: &str) -> BTreeMap<String, Vec<u8>> {
        let directory = crate::support::directory::temporary().unwrap();
        let root = directory.path();
        git(root, &["clone", "-q", self.root().to_str().unwrap(), "."]);
        git(root, &["reset", "-q", "--hard", base]);
        let patch = examples().join(self.name).join(patch);
        git(root, &["apply", "--whitespace=nowarn", patch.to_str().unwrap()]);
        files_in(root)
    }
}

/// Compares file by file, so that a failure shows a file and not a repository.
fn assert_same(
    found: &BTreeMap<String, Vec<u8>>,
    expected: &BTreeMap<String, Vec<u8>>,
    name: &str,
) {
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(found), names(expected), "{name}");
    for (path, bytes) in expected {
        let (found, expected) =
            (String::from_utf8_lossy(&found[path]), String::from_utf8_lossy(bytes));
        assert_eq!(found, expected, "{name}: {path}");
    }
}

/// Code, file and line of each finding, as `status` writes them and as they are
/// expected.
fn findings(of: &Json) -> Vec<(String, String, u64)> {
    let place = |finding: &Json| {
        let label = finding.get("labels").map_or(finding, |labels| &labels[0]);
        (text(&finding["code"]), text(&label["path"]), label["line"].as_u64().unwrap_or_default())
    };
    let mut findings: Vec<_> = array(&of["findings"]).map(place).collect();
    findings.sort();
    findings
}

fn array(json: &Json) -> impl Iterator<Item = &Json> {
    json.as_array().into_iter().flatten()
}

fn text(json: &Json) -> String {
    json.as_str().unwrap_or_else(|| panic!("{json} is not text")).to_owned()
}

macro_rules! adopted {
    ($($test:ident: $name:literal,)*) => {$(
        mod $test {
            use super::Adopted;

            #[test]
            fn status_is_as_it_was_read() {
                if let Some(adopted) = Adopted::new($name) {
                    adopted.status_is_as_it_was_read();
                }
            }

            #[test]
            fn edits_are_those_of_a_careful_person() {
                if let Some(adopted) = Adopted::new($name) {
                    adopted.edits_are_those_of_a_careful_person();
                }
            }
        }
    )*};
}

adopted! {
    flux2_kustomize_helm_example: "flux2-kustomize-helm-example",
    gitops_environment_promotion: "gitops-environment-promotion",
    gitopsbook: "gitopsbook",
    kargo_demo: "kargo-demo",
    kubernetes_example: "lyzhang1999-kubernetes-example",
}

#[test]
fn every_example_is_compared_and_is_a_dozen_lines_at_most() {
    let this = include_str!("adopted.rs");
    for entry in fs::read_dir(examples()).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if !path.is_dir() {
            continue;
        }
        let name = entry.file_name().into_string().unwrap();
        assert!(this.contains(&format!(": \"{name}\",")), "{name} is not compared");
        let lines = fs::read_to_string(path.join("rungs.yaml")).unwrap().lines().count();
        assert!(lines <= 12, "{name} takes {lines} lines");
    }
}
