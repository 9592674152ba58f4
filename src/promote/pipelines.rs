//! The files that have the gates run: pipelines, and the scripts that they call.

use std::collections::BTreeSet;

use crate::source::{RepoPath, Tree};

/// The directories of forges' and other servers' pipelines.
const DIRECTORIES: [&str; 8] = [
    ".github",
    ".gitea",
    ".forgejo",
    ".gitlab",
    ".circleci",
    ".woodpecker",
    ".buildkite",
    ".azure-pipelines",
];

/// Pipelines that are files of their own, and what runs for people as well as for pipelines.
const FILES: [&str; 15] = [
    ".gitlab-ci.yml",
    ".woodpecker.yml",
    ".drone.yml",
    ".travis.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "Jenkinsfile",
    "Makefile",
    "makefile",
    "GNUmakefile",
    "justfile",
    "Justfile",
    "Taskfile.yml",
    "Taskfile.yaml",
    "package.json",
];

/// What a directory's name calls: `uses: ./action`, `make -C directory`.
const CALLED_BY_DIRECTORY: [&str; 6] =
    ["action.yml", "action.yaml", "Makefile", "makefile", "GNUmakefile", "package.json"];

/// The most files that are followed from pipelines.
const MOST_FOLLOWED: usize = 500;

/// Endings of files that are read and not run, unless a line says that it includes one.
const DATA: [&str; 9] =
    ["yaml", "yml", "json", "md", "txt", "tera", "jsonnet", "libsonnet", "lock"];

/// Words of a line that takes over what another file says.
const INCLUDING: [&str; 6] = ["uses", "include", "local:", "template", "extends", "import"];

/// Those of the changed files that have rungs run: pipelines that name it, whatever they call,
/// and pipelines that call something which names it.
pub(super) fn changed<'f>(
    [before, after]: [&Tree; 2],
    files: &'f BTreeSet<RepoPath>,
) -> Vec<&'f RepoPath> {
    let running: BTreeSet<_> = [before, after].into_iter().flat_map(running).collect();
    // One of these takes the place of another.
    let makes = |path: &RepoPath| {
        let twins = MAKEFILES.iter().filter_map(|name| Some(path.parent()?.child(name)));
        MAKEFILES.contains(&path.name()) && { twins }.any(|twin| running.contains(&twin))
    };
    files.iter().filter(|path| running.contains(*path) || makes(path)).collect()
}

/// The files that `make` reads, the first of them that is there.
const MAKEFILES: [&str; 3] = ["GNUmakefile", "makefile", "Makefile"];

/// The pipelines of a tree that run rungs, and all that they call.
fn running(tree: &Tree) -> BTreeSet<RepoPath> {
    let pipelines = all_pipelines(tree);
    let reached = pipelines.iter().map(|path| reached(tree, path));
    reached.filter(|reached| reached.names_rungs).flat_map(|one| one.files).collect()
}

/// Whether a file may say what a forge's or another server's pipelines do.
pub(super) fn is_pipeline(path: &RepoPath) -> bool {
    let is_within = |directory: &&str| path.is_within(&RepoPath::root().child(directory));
    DIRECTORIES.iter().any(is_within) || FILES.contains(&path.as_str())
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

/// The files that a text names, from the repository's root, from beside its own file or from a
/// directory that it names as well; of a directory, what is called by the directory's name.
fn named_in(tree: &Tree, text: &str, own: &RepoPath) -> Vec<RepoPath> {
    let root = RepoPath::root();
    let beside = own.parent().unwrap_or_else(RepoPath::root);
    let is_directory =
        |path: &RepoPath| !path.is_root() && tree.has_directory(path).unwrap_or(false);
    let all: BTreeSet<&str> = text.lines().flat_map(words).collect();
    let named = all.iter().flat_map(|word| [&root, &beside].map(|from| from.join(word).ok()));
    let directories: BTreeSet<RepoPath> = named.flatten().filter(is_directory).collect();
    let called = |directory: &RepoPath| CALLED_BY_DIRECTORY.map(|name| directory.child(name));
    let mut found: BTreeSet<RepoPath> = directories.iter().flat_map(called).collect();
    let starts: Vec<_> = [&root, &beside].into_iter().chain(&directories).collect();
    for line in text.lines() {
        let includes = INCLUDING.iter().any(|word| line.contains(word));
        for word in words(line) {
            // A module of Python is named without its ending.
            let without_variable = word.split_once('/').map_or(word, |(_, rest)| rest);
            for name in [word.to_owned(), format!("{word}.py"), without_variable.to_owned()] {
                let paths = starts.iter().filter_map(|from| from.join(&name).ok());
                found.extend(paths.filter(|path| path != own && (includes || is_run(path))));
            }
        }
    }
    found.retain(|path| tree.read(path).is_ok());
    found.into_iter().collect()
}

/// Whether a file is run, and not only read.
fn is_run(path: &RepoPath) -> bool {
    is_pipeline(path)
        || !path.name().rsplit_once('.').is_some_and(|(_, ending)| DATA.contains(&ending))
}

/// What may be paths in a line.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let is_part = |char: char| char.is_alphanumeric() || "_./-".contains(char);
    line.split(move |char| !is_part(char))
        .map(|word| word.trim_start_matches('/'))
        .filter(|word| !word.is_empty() && !word.chars().all(|char| char == '.' || char == '-'))
}
