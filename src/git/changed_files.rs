//! The files that differ between two commits, found by their trees alone.

use std::collections::{BTreeMap, BTreeSet};

use super::{FileMode, LocalClone, ObjectDatabase, ObjectError, ObjectName, TreeEntry};
use crate::source::{MAX_DEPTH, MAX_DIRECTORIES, RepoPath};

/// The entries of a directory by name.
type TreeEntries = BTreeMap<Vec<u8>, (FileMode, ObjectName)>;

/// The files that differ between two commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFiles {
    /// Their paths.
    pub paths: BTreeSet<RepoPath>,
    /// The directories in which others differ too, whose names no path can have.
    pub unnamed: BTreeSet<RepoPath>,
}

impl ChangedFiles {
    /// Whether these are all: there is no file whose name no path can have.
    pub fn is_complete(&self) -> bool {
        self.unnamed.is_empty()
    }

    /// Adds the files that others differ in.
    pub fn add<'f>(&mut self, others: impl IntoIterator<Item = &'f Self>) {
        for other in others {
            self.paths.extend(other.paths.iter().cloned());
            self.unnamed.extend(other.unnamed.iter().cloned());
        }
    }
}

impl LocalClone {
    /// The files that differ between two commits, new and removed ones included, below
    /// the directory that the clone is seen from.
    ///
    /// # Errors
    ///
    /// A tree cannot be read.
    pub fn changed_files(
        &self,
        one: &ObjectName,
        other: &ObjectName,
    ) -> Result<ChangedFiles, ObjectError> {
        let objects = self.objects();
        let (_, one) = objects.commit(one)?;
        let (_, other) = objects.commit(other)?;
        let mut files = ChangedFiles { paths: BTreeSet::new(), unnamed: BTreeSet::new() };
        let mut pending = vec![(RepoPath::root(), Some(one), Some(other))];
        while let Some((directory, one, other)) = pending.pop() {
            let (one, other) = (entries(&*objects, one)?, entries(&*objects, other)?);
            let new = other.keys().filter(|name| !one.contains_key(*name));
            for name in one.keys().chain(new) {
                let both = [one.get(name), other.get(name)];
                if both[0] == both[1] {
                    continue;
                }
                let Some(path) = path_of(&directory, name) else {
                    // One above the directory that is seen counts as if it were in it.
                    files.unnamed.insert(self.seen(&directory).unwrap_or_else(RepoPath::root));
                    continue;
                };
                if both.into_iter().flatten().any(|(mode, _)| *mode != FileMode::Tree) {
                    files.paths.extend(self.seen(&path));
                }
                let [one, other] = both.map(tree_of);
                if (one.is_some() || other.is_some()) && self.is_on_the_way(&path) {
                    pending.push((path, one, other));
                }
            }
        }
        Ok(files)
    }

    /// Whether each file of a commit at and below these paths is found by its own path and
    /// by no other: without symbolic links and submodules, there or on the way, without
    /// names that no path can have, and without more or deeper directories than a search
    /// enters. Paths are relative to the directory that the clone is seen from.
    ///
    /// # Errors
    ///
    /// A tree cannot be read.
    pub fn has_plain_files(
        &self,
        commit: &ObjectName,
        paths: &[RepoPath],
    ) -> Result<bool, ObjectError> {
        let objects = self.objects();
        let full = paths.iter().map(|path| self.prefix().join(path.as_str()));
        let Ok(wanted) = full.collect::<Result<Vec<_>, _>>() else { return Ok(false) };
        let leads = |path: &RepoPath| {
            wanted.iter().any(|wanted| wanted.is_within(path) || path.is_within(wanted))
        };
        let (_, tree) = objects.commit(commit)?;
        let mut listed = 0;
        let mut pending = vec![(RepoPath::root(), tree)];
        while let Some((directory, tree)) = pending.pop() {
            listed += 1;
            if listed > MAX_DIRECTORIES || directory.segments().count() > MAX_DEPTH {
                return Ok(false);
            }
            for TreeEntry { name, mode, id } in objects.tree(&tree)? {
                let Some(path) = path_of(&directory, &name) else { return Ok(false) };
                match mode {
                    FileMode::Tree if leads(&path) => pending.push((path, id)),
                    FileMode::Link | FileMode::Submodule if leads(&path) => return Ok(false),
                    _ => {}
                }
            }
        }
        Ok(true)
    }

    /// A path from the clone's root, as it is seen; none outside of the directory.
    pub(super) fn seen(&self, full: &RepoPath) -> Option<RepoPath> {
        RepoPath::new(full.below(self.prefix())?).ok()
    }

    /// Whether a directory is in the one that the clone is seen from, or the other way
    /// round.
    fn is_on_the_way(&self, full: &RepoPath) -> bool {
        full.is_within(self.prefix()) || self.prefix().is_within(full)
    }
}

/// The path of a directory's entry; none if no path can have its name.
fn path_of(directory: &RepoPath, name: &[u8]) -> Option<RepoPath> {
    directory.child_named(std::str::from_utf8(name).ok()?)
}

fn entries(
    objects: &dyn ObjectDatabase,
    tree: Option<ObjectName>,
) -> Result<TreeEntries, ObjectError> {
    let entries = tree.map(|tree| objects.tree(&tree)).transpose()?.unwrap_or_default();
    Ok(entries.into_iter().map(|entry| (entry.name, (entry.mode, entry.id))).collect())
}

fn tree_of(entry: Option<&(FileMode, ObjectName)>) -> Option<ObjectName> {
    entry.filter(|(mode, _)| *mode == FileMode::Tree).map(|(_, id)| id.clone())
}
