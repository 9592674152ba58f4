//! Changes that people made in real commits, made again by the program.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Deserialize;

use crate::support::corpora;
use crate::support::program::{rungs, stderr};

/// A commit that changed nothing but references.
#[derive(Deserialize)]
struct Commit {
    edits: Vec<Edit>,
}

/// A line of it.
#[derive(Deserialize)]
struct Edit {
    file: String,
    line: usize,
    key: String,
    repo: String,
    old: String,
    new: String,
}

/// The commits that are refused, with the reason: `CODE: why`.
const REFUSED: &str = include_str!("refused.txt");

#[test]
fn real_commits_are_reproduced_byte_for_byte() {
    let Some(replay) = corpora::folder("replay") else { return };
    let commits = commits(&replay);
    let results = commits.par_iter().map(|commit| {
        let name = commit.strip_prefix(&replay).unwrap().display().to_string();
        (name, reproduce(commit))
    });
    let (mut reproduced, mut refused) = (0, BTreeMap::new());
    for (name, result) in results.collect::<Vec<_>>() {
        match result {
            Ok(()) => reproduced += 1,
            Err(why) => drop(refused.insert(name, why)),
        }
    }
    let lines = refused.iter().map(|(name, why)| format!("{name} {why}"));
    let lines = lines.chain([String::new()]).collect::<Vec<_>>().join("\n");
    if std::env::var_os("RUNGS_UPDATE").is_some() {
        let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/edits/refused.txt");
        fs::write(list, &lines).unwrap();
        return;
    }
    assert_eq!(lines, REFUSED, "`RUNGS_UPDATE=1 cargo test --test edits replay` writes the list");
    assert_eq!(reproduced + refused.len(), 245);
    assert!(reproduced >= 236, "{reproduced}");
}

fn commits(replay: &Path) -> Vec<PathBuf> {
    let children = |path: &Path| -> Vec<PathBuf> {
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    children(replay).iter().flat_map(|repository| children(repository)).collect()
}

/// Makes the edits of a commit with one call for each file. Files that are not
/// refused must come out as in the commit.
fn reproduce(commit: &Path) -> Result<(), String> {
    let edits = fs::read_to_string(commit.join("edits.json")).unwrap();
    let edits = serde_json::from_str::<Commit>(&edits).unwrap().edits;
    let directory = crate::support::directory::temporary().unwrap();
    let files: BTreeSet<&str> = edits.iter().map(|edit| &*edit.file).collect();
    let mut refused = BTreeSet::new();
    for file in files {
        let path = directory.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let before = fs::read_to_string(commit.join("before").join(file)).unwrap();
        fs::write(&path, &before).unwrap();
        let edits: Vec<&Edit> = edits.iter().filter(|edit| edit.file == file).collect();
        let mut arguments = vec!["set".to_owned(), "--in".to_owned(), file.to_owned()];
        arguments.extend(arguments_of(&before, &edits));
        let output = rungs(directory.path(), &arguments);
        let after = fs::read_to_string(&path).unwrap();
        let is_nowhere = stderr(&output).contains("[nothing-matches]");
        if output.status.code() == Some(if is_nowhere { 2 } else { 1 }) {
            assert_eq!(after, before, "{file} was refused and changed");
            refused.insert(why(stderr(&output), file));
            continue;
        }
        let errors = stderr(&output);
        assert_eq!(output.status.code(), Some(0), "{}: {arguments:?}\n{errors}", commit.display());
        let expected = fs::read_to_string(commit.join("after").join(file)).unwrap();
        assert_eq!(after, expected, "{}: {arguments:?}\n{errors}", commit.display());
    }
    let refused: Vec<_> = refused.into_iter().collect();
    if refused.is_empty() { Ok(()) } else { Err(refused.join(", ")) }
}

/// The code of a refusal, and the file.
fn why(errors: &str, file: &str) -> String {
    let code = errors.split(['[', ']']).nth(1).unwrap_or_default();
    format!("{code} {file}")
}

/// What a person would type for the edits of one file.
fn arguments_of(before: &str, edits: &[&Edit]) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut parted: BTreeMap<String, [Option<&str>; 2]> = BTreeMap::new();
    for edit in edits {
        match &*edit.key {
            "ref" => {
                let revision = edit.new.split_once("ref=").unwrap().1.split('&').next().unwrap();
                arguments.extend(["--git".to_owned(), format!("{}={revision}", edit.repo)]);
            }
            "image" if repository(&edit.old) == repository(&edit.new) => {
                arguments.push(edit.new.clone());
            }
            "image" => {
                let old = repository(&edit.old);
                arguments.extend(["--repository".to_owned(), format!("{old}={}", edit.new)]);
            }
            key => {
                let name = name_of(before, edit);
                parted.entry(name).or_default()[usize::from(key == "digest")] = Some(&edit.new);
            }
        }
    }
    for (name, [tag, digest]) in parted {
        let tag = tag.map(|tag| format!(":{tag}")).unwrap_or_default();
        let digest = digest.map(|digest| format!("@{digest}")).unwrap_or_default();
        arguments.push(format!("{name}={tag}{digest}"));
    }
    let mut seen = BTreeSet::new();
    let mut unique = Vec::new();
    for argument in arguments {
        if argument == "--git" || seen.insert(argument.clone()) {
            unique.push(argument);
        } else if unique.last().is_some_and(|last| last == "--git") {
            unique.pop();
        }
    }
    unique
}

/// The image that a `tag` or `digest` belongs to: beside it in its map, or in an
/// artifact's `url`.
fn name_of(before: &str, edit: &Edit) -> String {
    let lines: Vec<&str> = before.lines().collect();
    let at = edit.line - 1;
    assert!(lines[at].contains(&edit.old), "{}:{}", edit.file, edit.line);
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '-']).len();
    let begins_item = |line: &str| line.trim_start().starts_with("- ");
    let own = indent(lines[at]);
    let mut first = at;
    while first > 0
        && indent(lines[first]) >= own
        && !(begins_item(lines[first]) && indent(lines[first]) == own)
    {
        first -= 1;
    }
    let is_next = |line: &&str| indent(line) < own || begins_item(line) && indent(line) == own;
    let last = lines[at + 1..].iter().position(is_next).map_or(lines.len(), |end| at + 1 + end);
    let mut beside = lines[first..last].iter().filter(|line| indent(line) == own);
    let keys: &[&str] = if edit.key == "tag" { &["repository", "image"] } else { &["name"] };
    let name = beside.find_map(|line| keys.iter().find_map(|key| value(line, key)));
    let artifact = || {
        let begin =
            lines[..at].iter().rposition(|line| line.starts_with("---")).unwrap_or_default();
        lines[begin..]
            .iter()
            .find_map(|line| value(line, "url").filter(|url| url.starts_with("oci://")))
    };
    name.or_else(artifact).unwrap_or_else(|| panic!("{}:{} has no name", edit.file, edit.line))
}

/// A reference without tag and digest.
fn repository(reference: &str) -> &str {
    let name = reference.split('@').next().unwrap();
    match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => name,
    }
}

/// The value of a key on its line.
fn value(line: &str, key: &str) -> Option<String> {
    let text = line.trim_start().trim_start_matches("- ").trim_start();
    let rest = text.strip_prefix(key)?.strip_prefix(':')?.trim();
    Some(rest.split(" #").next().unwrap().trim_matches(['"', '\'']).to_owned())
}
