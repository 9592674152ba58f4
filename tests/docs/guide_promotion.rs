//! The guides to adopting and promoting work as they are written: the files that
//! they show are laid out, and their commands are run in order.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::git::git;
use crate::support::program::{rungs, transcript};
use crate::support::repository::{Remote, files_in, lay_out};

fn guide(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide").join(name);
    fs::read_to_string(path).unwrap()
}

/// A section of a guide, below its heading.
fn section(guide: &str, heading: &str) -> String {
    let (_, rest) = guide.split_once(&format!("\n## {heading}\n")).expect("the guide has it");
    rest.split("\n## ").next().unwrap().to_owned()
}

/// The fenced blocks of a language.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|block| block.split("```").next().unwrap()).collect()
}

/// The files that a text shows: blocks whose first line is a comment with a
/// path and nothing else.
fn files(text: &str) -> BTreeMap<String, String> {
    let file = |block: &&str| {
        let (heading, body) = block.split_once('\n')?;
        let path = heading.strip_prefix("# ")?;
        Path::new(path).extension()?.eq("yaml").then(|| (path.to_owned(), body.to_owned()))
    };
    blocks(text, "yaml").iter().filter_map(file).collect()
}

/// The commands of a text, as words.
fn commands(text: &str) -> Vec<Vec<String>> {
    let lines = blocks(text, "console").into_iter().flat_map(str::lines);
    lines.filter_map(|line| line.strip_prefix("$ rungs ")).map(words).collect()
}

/// Splits a command as a shell does, as far as the guides need it.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in line.split('"').enumerate() {
        match at % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

/// Lays out a section's repository, runs its commands, and returns its files
/// before and after.
fn followed(heading: &str) -> [BTreeMap<String, Vec<u8>>; 2] {
    let section = section(&guide("adopt.md"), heading);
    let remote = Remote::new(&files(&section));
    let clone = remote.cloned("reader");
    let before = files_in(&clone);
    let commands = commands(&section);
    assert_eq!(commands.len(), 3, "{commands:?}");
    for command in &commands {
        let arguments: Vec<_> = command.iter().map(String::as_str).collect();
        let output = rungs(&clone, &arguments);
        assert!(output.status.success(), "{command:?}: {}", transcript(&output));
        let warnings = String::from_utf8_lossy(&output.stderr).contains("warning");
        assert!(!warnings, "{command:?}: {}", transcript(&output));
    }
    [before, files_in(&clone)]
}

/// Every file is as it was before, except for these texts.
fn has_become([before, after]: &[BTreeMap<String, Vec<u8>>; 2], changes: &[(&str, &str, &str)]) {
    let mut expected = before.clone();
    for (path, from, to) in changes {
        let text = String::from_utf8(expected[*path].clone()).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{path}");
        expected.insert((*path).to_owned(), text.replace(from, to).into_bytes());
    }
    assert_eq!(*after, expected);
}

#[test]
fn kustomize_overlays_are_adopted_as_the_guide_says() {
    let followed = followed("Kustomize overlays");
    has_become(&followed, &[("overlays/production/kustomization.yaml", "v7", "v8")]);
}

#[test]
fn helm_values_are_adopted_as_the_guide_says() {
    let followed = followed("Helm values");
    has_become(&followed, &[("charts/web/values-production.yaml", "1.9", "1.10")]);
}

#[test]
fn plain_yaml_is_adopted_as_the_guide_says() {
    let followed = followed("Plain YAML");
    let changes = [
        ("deploy/production/web.yaml", "shop/web:v7", "shop/web:v8"),
        ("versions/production.yaml", "91d04e7", "3f9c2ab"),
    ];
    has_become(&followed, &changes);
}

#[test]
fn every_finding_that_the_guide_names_can_be_explained() {
    let section = section(&guide("adopt.md"), "What the findings mean");
    let directory = crate::support::directory::temporary().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let mut count = 0;
    for code in rows {
        let output = rungs(directory.path(), &["explain", code]);
        assert!(output.status.success(), "{code}: {}", transcript(&output));
        count += 1;
    }
    assert!(count > 5, "the guide has a table of codes");
}

/// The kustomize example with a remote, on which all of the guide's commands are
/// run.
#[test]
fn promotions_go_as_the_guide_says() {
    let promote = guide("promote.md");
    let example = files(&section(&guide("adopt.md"), "Kustomize overlays"));
    let remote = Remote::new(&example);
    let clone = remote.cloned("ci");
    let (before_gates, gates) = promote.split_once("\n## Gates\n").unwrap();
    run_all(&clone, before_gates);
    assert!(says(&remote, "production", "newTag: v9   # set by a promotion"));

    let mut configuration = example["rungs.yaml"].clone();
    configuration.push_str(&files(gates)["rungs.yaml"]);
    git(&clone, &["pull", "-q", "--ff-only"]);
    lay_out(&clone, &BTreeMap::from([("rungs.yaml".to_owned(), configuration)]));
    git(&clone, &["commit", "-qam", "ImageRequest for a day in qa"]);
    git(&clone, &["push", "-q"]);
    run_all(&clone, gates);
    assert!(says(&remote, "production", "newTag: v7   # set by a promotion"), "rolled back");
    assert!(!remote.files("main").keys().any(|path| path.contains("holds")), "and lifted");
}

fn run_all(clone: &Path, text: &str) {
    let commands = commands(text);
    assert!(!commands.is_empty());
    for command in commands {
        let arguments: Vec<_> = command.iter().map(String::as_str).collect();
        let output = rungs(clone, &arguments);
        assert!(output.status.success(), "{command:?}: {}", transcript(&output));
    }
}

fn says(remote: &Remote, environment: &str, line: &str) -> bool {
    let path = format!("overlays/{environment}/kustomization.yaml");
    remote.files("main")[&path].lines().any(|found| found.trim() == line)
}
