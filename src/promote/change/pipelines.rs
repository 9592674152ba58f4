//! The files that have the gates run: pipelines, and the scripts that they call.

use std::collections::BTreeSet;

use crate::source::{RepoPath, Tree};

/// The directories of forges' and other servers' pipelines.
const DIRECTORIES: [&str; 7] =
    [".github", ".gitea", ".forgejo", ".gitlab", ".circleci", ".woodpecker", ".buildkite"];

/// Pipelines that are files of their own, and what runs for people as well as for pipelines.
const FILES: [&str; 12] = [
    ".gitlab-ci.yml",
    ".woodpecker.yml",
    ".drone.yml",
    ".travis.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "Jenkinsfile",
    "Makefile",
    "justfile",
    "Justfile",
    "Taskfile.yml",
    "Taskfile.yaml",
];

/// What a directory's name calls: `uses: ./action`, `make -C directory`.
const CALLED_BY_DIRECTORY: [&str; 3] = ["action.yml", "action.yaml", "Makefile"];

/// The most files that are followed from pipelines.
const MOST_FOLLOWED: usize = 500;

/// Endings of files that are read and not run.
const DATA: [&str; 9] =
    ["yaml", "yml", "json", "md", "txt", "tera", "jsonnet", "libsonnet", "lock"];

/// Those of the changed files that have rungs run: pipelines that name it, whatever they call,
/// and pipelines that call something which names it.
pub(super) fn changed<'f>(tree: &Tree, files: &'f BTreeSet<RepoPath>) -> Vec<&'f RepoPath> {
    let candidates: Vec<_> = files.iter().filter(|path| is_called(path)).collect();
    if candidates.is_empty() {
        return candidates;
    }
    let pipelines = all_pipelines(tree);
    let reached = pipelines.iter().map(|path| reached(tree, path));
    let running = reached.filter(|reached| reached.names_rungs).flat_map(|one| one.files);
    let running: BTreeSet<_> = running.collect();
    candidates.into_iter().filter(|path| running.contains(*path)).collect()
}

/// Whether a file may say what a forge's or another server's pipelines do.
fn is_pipeline(path: &RepoPath) -> bool {
    let is_within = |directory: &&str| path.is_within(&RepoPath::root().child(directory));
    DIRECTORIES.iter().any(is_within) || FILES.contains(&path.as_str())
}

/// Whether a file may be a pipeline, or called by one.
fn is_called(path: &RepoPath) -> bool {
    is_pipeline(path)
        || !path.name().rsplit_once('.').is_some_and(|(_, ending)| DATA.contains(&ending))
}

fn all_pipelines(tree: &Tree) -> Vec<RepoPath> {
    let directories = DIRECTORIES.iter().map(|one| RepoPath::root().child(one));
    let within = directories.flat_map(|one| tree.walk(&one, |_| true).unwrap_or_default());
    within.chain(FILES.iter().map(|one| RepoPath::root().child(one))).collect()
}

/// A pipeline with all that it calls.
struct ReachedFiles {
    files: BTreeSet<RepoPath>,
    /// Whether one of them names rungs.
    names_rungs: bool,
}

/// What a pipeline calls, by the paths in its text and in theirs.
fn reached(tree: &Tree, pipeline: &RepoPath) -> ReachedFiles {
    let mut reached = ReachedFiles { files: BTreeSet::new(), names_rungs: false };
    let mut pending = vec![pipeline.clone()];
    while let Some(path) = pending.pop() {
        let Ok(file) = tree.read(&path) else { continue };
        if reached.files.len() == MOST_FOLLOWED || !reached.files.insert(path.clone()) {
            continue;
        }
        reached.names_rungs |= file.text().contains("rungs");
        pending.extend(named_in(tree, file.text(), &path));
    }
    reached
}

/// The files that a text names, from the repository's root or from beside its own file; of a
/// directory, what is called by the directory's name.
fn named_in(tree: &Tree, text: &str, own: &RepoPath) -> Vec<RepoPath> {
    let is_part = |char: char| char.is_alphanumeric() || "_./-".contains(char);
    let words: BTreeSet<&str> = text.split(|char| !is_part(char)).collect();
    let beside = own.parent().unwrap_or_else(RepoPath::root);
    let mut named = Vec::new();
    for word in words.into_iter().filter(|word| !word.is_empty() && !word.starts_with('/')) {
        for directory in [&RepoPath::root(), &beside] {
            let Ok(path) = directory.join(word) else { continue };
            if path == *own || path.is_root() {
                continue;
            }
            if tree.has_directory(&path).unwrap_or(false) {
                named.extend(CALLED_BY_DIRECTORY.map(|name| path.child(name)));
            } else if is_called(&path) {
                named.push(path);
            }
        }
    }
    named.retain(|path| tree.read(path).is_ok());
    named
}
