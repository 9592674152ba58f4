//! The files of patterns.

use std::collections::BTreeSet;

use crate::config::{FilePattern, PathPattern};
use crate::diagnostic::{Finding, Findings, nearest};
use crate::source::{ReadErrorKind, RepoPath, Tree};

/// Files that may match, and what could not be searched.
#[derive(Debug, Default)]
pub(super) struct Searched {
    pub(super) paths: BTreeSet<RepoPath>,
    pub(super) findings: Findings,
}

/// The files that may match one of the patterns: each directory is listed once,
/// however many patterns lead into it, and none that no pattern enters.
pub(super) fn files(tree: &Tree, patterns: &[FilePattern]) -> Searched {
    let mut searched = Searched::default();
    let mut prefixes: Vec<&RepoPath> = Vec::new();
    for pattern in patterns {
        if pattern.captures(pattern.prefix()).is_some() {
            searched.paths.insert(pattern.prefix().clone());
        } else {
            prefixes.push(pattern.prefix());
        }
    }
    prefixes.sort_by(|a, b| a.segments().cmp(b.segments()));
    let mut begun: Option<&RepoPath> = None;
    for prefix in prefixes {
        if begun.is_some_and(|begun| prefix.is_within(begun)) {
            continue;
        }
        begun = Some(prefix);
        walk(tree, prefix, patterns, &mut searched);
    }
    searched
}

fn walk(tree: &Tree, from: &RepoPath, patterns: &[FilePattern], searched: &mut Searched) {
    let inside: Vec<_> =
        patterns.iter().filter(|pattern| pattern.prefix().is_within(from)).collect();
    match tree.walk(from, |directory| inside.iter().any(|pattern| pattern.enters(directory))) {
        Ok(paths) => searched.paths.extend(paths),
        Err(errors) => {
            // A directory that is not there has no files, which the rule says itself.
            let is_serious = |kind: &ReadErrorKind| {
                !matches!(kind, ReadErrorKind::Missing | ReadErrorKind::NotADirectory)
            };
            let errors = errors.iter().filter(|error| is_serious(&error.kind));
            searched.findings.extend(errors.map(|error| Finding::of_read_error(error, None)));
        }
    }
}

/// What a pattern that matches nothing may have meant: the pattern with the
/// first segment mended that leads nowhere.
pub(super) fn nearest_path(
    tree: &Tree,
    pattern: &PathPattern,
    spellings: &[String],
) -> Option<String> {
    let segments: Vec<_> = pattern.as_str().split('/').collect();
    let mut at = RepoPath::root();
    for (index, segment) in segments.iter().enumerate() {
        let names: Vec<String> = if *segment == "{environment}" {
            spellings.to_vec()
        } else if segment.contains(['{', '*']) {
            return None;
        } else {
            vec![(*segment).to_owned()]
        };
        let listed = tree.list(&at).ok()?;
        let there = names.iter().find_map(|name| {
            let path = at.join(name).ok()?;
            (tree.has_directory(&path).ok()? || listed.iter().any(|one| one.path == path))
                .then_some(path)
        });
        if let Some(path) = there {
            at = path;
            continue;
        }
        let candidates = listed.iter().map(|one| one.path.name());
        let near = names.iter().find_map(|name| nearest(name, candidates.clone()))?;
        if *segment == "{environment}" {
            return Some(at.child(near).to_string());
        }
        let mut mended = segments.clone();
        mended[index] = near;
        return Some(mended.join("/"));
    }
    None
}
