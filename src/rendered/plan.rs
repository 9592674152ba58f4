//! What has to change for a tree to hold what it should.

use serde::Serialize;

use super::compare::survey;
use super::file::Files;
use super::standing::{Existing, Output};
use super::write::{Summary, write};
use crate::diagnostic::Findings;
use crate::source::RepoPath;

/// How much of the tree a run answers for. Outside of it nothing is written,
/// removed or looked into.
#[derive(Debug, Clone)]
pub struct Scope {
    /// Directories of environments, or of apps in them; none for everything.
    directories: Option<Vec<RepoPath>>,
}

impl Scope {
    /// The whole tree: environments that are no more are removed.
    pub fn everything() -> Self {
        Self { directories: None }
    }

    /// Only these directories: of apps, as [`super::directory`] names them, or
    /// of environments, as [`super::environment_directory`] does.
    pub fn directories(directories: impl IntoIterator<Item = RepoPath>) -> Self {
        Self { directories: Some(directories.into_iter().collect()) }
    }

    pub(super) fn covers(&self, path: &RepoPath) -> bool {
        match &self.directories {
            None => true,
            Some(directories) => directories.iter().any(|at| path.is_within(at)),
        }
    }

    /// The environments' directories that the scope names; none for everything.
    pub(super) fn environments(&self) -> Option<impl Iterator<Item = RepoPath>> {
        let directories = self.directories.as_ref()?.iter();
        Some(directories.filter_map(|path| Some(RepoPath::root().child(path.segments().next()?))))
    }
}

/// What happens to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is not there yet.
    Create,
    /// It says something else.
    Update,
    /// It is ours and no longer rendered.
    Remove,
}

/// One file that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// Where it stands below the output directory.
    pub path: RepoPath,
    /// What happens to it.
    pub action: Action,
}

/// Everything that has to happen. Nothing stands in its way: a plan that
/// exists was checked.
#[derive(Debug)]
pub struct Plan {
    pub(super) files: Files,
    pub(super) environments: Vec<Environment>,
    /// Temporary directories in the output directory itself, which a run left
    /// behind when it was ended.
    pub(super) leftovers: Vec<String>,
}

/// What happens in an environment's directory.
#[derive(Debug)]
pub(super) struct Environment {
    pub(super) path: RepoPath,
    /// Whether it is there already.
    pub(super) exists: bool,
    /// Temporary directories that a run left behind when it was ended.
    pub(super) leftovers: Vec<String>,
    pub(super) directories: Vec<Directory>,
    /// Whether everything in it is ours and has to go.
    pub(super) vanishes: bool,
}

/// What happens in the directory of an app, or of an environment's own files.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) path: RepoPath,
    /// Whether it is there already.
    pub(super) exists: bool,
    /// Names and what happens to them.
    pub(super) changes: Vec<(String, Action)>,
    pub(super) unchanged: usize,
    /// Temporary files that a run left behind when it was ended.
    pub(super) leftovers: Vec<String>,
    /// Whether everything in it is ours and has to go.
    pub(super) vanishes: bool,
}

impl Plan {
    /// Compares what stands in `output` with what should. Whatever stands in
    /// the way is a finding; all of them are reported together. Files outside
    /// the scope are not looked at.
    pub fn new(output: &Output, files: Files, scope: &Scope) -> Result<Self, Findings> {
        Self::against(&output.open()?, files, scope)
    }

    /// The same for a tree that need not be on disk.
    pub fn against(existing: &dyn Existing, files: Files, scope: &Scope) -> Result<Self, Findings> {
        survey(existing, files, scope)
    }

    /// The files that are not as they should be, by path.
    pub fn changes(&self) -> Vec<Change> {
        let changes = self.directories().flat_map(|directory| {
            directory
                .changes
                .iter()
                .map(|(name, action)| Change { path: directory.path.child(name), action: *action })
        });
        let mut changes: Vec<_> = changes.collect();
        changes.sort();
        changes
    }

    /// What a file that is created or updated will hold.
    pub fn contents(&self, path: &RepoPath) -> Option<&[u8]> {
        self.files.get(path)
    }

    /// Whether every file is as it should be.
    pub fn is_empty(&self) -> bool {
        self.directories().all(|directory| directory.changes.is_empty())
    }

    /// Makes it so. `progress` is told how many more files are done, from any
    /// thread.
    ///
    /// A file is written beside its place and renamed, so that whoever looks
    /// sees the old one or the new one. It is not forced to the disk: what is
    /// rendered can be rendered again, and waiting for the disk thousands of
    /// times takes longer than everything else. Where a run is ended or fails,
    /// the next one finishes its work.
    pub fn apply(
        &self,
        output: &Output,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Summary, Findings> {
        write(self, output, progress)
    }

    pub(super) fn directories(&self) -> impl Iterator<Item = &Directory> {
        self.environments.iter().flat_map(|environment| &environment.directories)
    }

    pub(super) fn has_work(&self) -> bool {
        !self.leftovers.is_empty() || self.environments.iter().any(Environment::has_work)
    }
}

impl Environment {
    pub(super) fn has_work(&self) -> bool {
        self.vanishes
            || !self.leftovers.is_empty()
            || self.directories.iter().any(Directory::has_work)
    }
}

impl Directory {
    pub(super) fn has_work(&self) -> bool {
        !self.changes.is_empty() || !self.leftovers.is_empty()
    }
}
