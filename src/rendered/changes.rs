//! What has to change for a tree to hold what it should.

use serde::Serialize;

use super::file::Files;
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

/// How many files were and are as they should be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// New files.
    pub created: usize,
    /// Files with new contents.
    pub updated: usize,
    /// Files that are no more.
    pub removed: usize,
    /// Files that were not touched.
    pub unchanged: usize,
}

/// Everything that has to happen. Nothing stands in its way: that was checked
/// before there are any.
#[derive(Debug)]
pub struct Changes {
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

impl Changes {
    /// The files that are not as they should be, by path.
    pub fn list(&self) -> Vec<Change> {
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

    /// Whether every file is as it should be.
    pub fn is_empty(&self) -> bool {
        self.directories().all(|directory| directory.changes.is_empty())
    }

    /// How many files there are of each kind.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for directory in self.directories() {
            summary.unchanged += directory.unchanged;
            for (_, action) in &directory.changes {
                match action {
                    Action::Create => summary.created += 1,
                    Action::Update => summary.updated += 1,
                    Action::Remove => summary.removed += 1,
                }
            }
        }
        summary
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
