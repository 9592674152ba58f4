//! The files whose changes are wanted.

use std::collections::{BTreeSet, HashSet};

use crate::source::RepoPath;

/// The most paths that git is given. It compares each name of each tree with
/// each path, and each commit that it finds that way twice: with more paths it
/// is faster to read everything and to choose here. Naming their directories
/// would not help, since those of all apps take twice the time of everything.
const MAX_SPECS: usize = 16;

/// The files whose changes are wanted.
#[derive(Debug, Clone)]
pub(super) struct PathFilter {
    /// The directory that holds `rungs.yaml`, from the clone's root.
    prefix: RepoPath,
    /// The files, and the directories with all that is below them, from the
    /// clone's root.
    wanted: HashSet<RepoPath>,
    /// The paths that git is given; none means everything.
    specs: Vec<RepoPath>,
}

impl PathFilter {
    /// A filter for the files at or below `paths`, which are relative to
    /// `prefix`; without any, for all files below `prefix`.
    pub(super) fn new(prefix: &RepoPath, paths: &[RepoPath]) -> Self {
        let full = |path: &RepoPath| prefix.join(path.as_str()).ok();
        let mut wanted: BTreeSet<RepoPath> = paths.iter().filter_map(full).collect();
        if wanted.is_empty() {
            wanted.insert(prefix.clone());
        }
        let wanted = outermost(&wanted);
        let is_many = wanted.len() > MAX_SPECS;
        let mut specs = if is_many { BTreeSet::from([prefix.clone()]) } else { wanted.clone() };
        // The root does not restrict anything.
        specs.remove(&RepoPath::root());
        Self {
            prefix: prefix.clone(),
            wanted: wanted.into_iter().collect(),
            specs: specs.into_iter().collect(),
        }
    }

    /// The paths that git is given, from the clone's root; none means
    /// everything.
    pub(super) fn specs(&self) -> &[RepoPath] {
        &self.specs
    }

    /// A changed file's path from the directory that holds `rungs.yaml`, if it
    /// is wanted. A name that is not a path here (not UTF-8, or crafted) is
    /// never wanted.
    pub(super) fn path(&self, full: &[u8]) -> Option<RepoPath> {
        let text = std::str::from_utf8(full).ok()?;
        let path = RepoPath::new(text).ok().filter(|path| path.as_str() == text)?;
        let mut above = Some(path.clone());
        while let Some(at) = above {
            if self.wanted.contains(&at) {
                return RepoPath::new(path.below(&self.prefix)?).ok();
            }
            above = at.parent();
        }
        None
    }
}

/// The paths that are not below another one.
fn outermost(paths: &BTreeSet<RepoPath>) -> BTreeSet<RepoPath> {
    let is_below_another = |path: &RepoPath| {
        let mut above = path.parent();
        while let Some(at) = above {
            if paths.contains(&at) {
                return true;
            }
            above = at.parent();
        }
        false
    };
    paths.iter().filter(|path| !is_below_another(path)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    fn specs(filter: &PathFilter) -> Vec<&str> {
        filter.specs().iter().map(RepoPath::as_str).collect()
    }

    #[test]
    fn paths_count_from_the_prefix() {
        let filter = PathFilter::new(&path("deploy"), &[path("a/b"), path("a"), path("c")]);
        assert_eq!(specs(&filter), ["deploy/a", "deploy/c"]);
        assert_eq!(filter.path(b"deploy/a/x"), Some(path("a/x")));
        assert_eq!(filter.path(b"deploy/ab"), None);
        assert_eq!(filter.path(b"a/x"), None);
        let all = PathFilter::new(&path("deploy"), &[]);
        assert_eq!(specs(&all), ["deploy"]);
        assert!(specs(&PathFilter::new(&RepoPath::root(), &[])).is_empty());
    }

    #[test]
    fn git_is_given_none_of_many_paths_and_they_are_chosen_here() {
        let many: Vec<RepoPath> = (0..100).map(|n| path(&format!("a/{n}/x"))).collect();
        assert_eq!(specs(&PathFilter::new(&path("deploy"), &many)), ["deploy"]);
        let filter = PathFilter::new(&RepoPath::root(), &many);
        assert!(specs(&filter).is_empty());
        assert_eq!(filter.path(b"a/7/x"), Some(path("a/7/x")));
        assert_eq!(filter.path(b"a/7/y"), None);
    }

    #[test]
    fn what_is_not_a_path_is_not_wanted() {
        let filter = PathFilter::new(&RepoPath::root(), &[]);
        for odd in [&b"a/../b"[..], b"a//b", b"\xff", b"./a"] {
            assert_eq!(filter.path(odd), None, "{odd:?}");
        }
    }
}
