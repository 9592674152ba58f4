//! The changes that bring an output tree up to date.

use serde::Serialize;

use super::code::{REMOVES_MORE, STALE_FILE};
use super::file::RenderedFiles;
use super::on_disk::OutputDirectory;
use crate::diagnostic::{Finding, Findings};
use crate::source::{Location, RepoPath};

/// What happens to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FileAction {
    /// The file is not there yet.
    Create,
    /// The file has other contents.
    Update,
    /// The file is ours and no longer rendered.
    Remove,
}

/// One file that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct OutputChange {
    /// The path below the output directory.
    pub path: RepoPath,
    /// What happens to the file.
    pub action: FileAction,
}

/// The number of files by what happened to them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// New files.
    pub created: usize,
    /// Files with new contents.
    pub updated: usize,
    /// Removed files.
    pub removed: usize,
    /// Files that were not touched.
    pub unchanged: usize,
}

/// All changes to an output tree, made only if nothing is in their way.
#[derive(Debug)]
pub struct OutputChanges {
    pub(super) files: RenderedFiles,
    pub(super) environments: Vec<EnvironmentChanges>,
    /// Temporary directories in the output directory itself, left by a run that
    /// was killed.
    pub(super) leftovers: Vec<String>,
}

/// The changes in an environment's directory.
#[derive(Debug)]
pub(super) struct EnvironmentChanges {
    pub(super) path: RepoPath,
    /// Whether the directory exists already.
    pub(super) exists: bool,
    /// Temporary directories, left by a run that was killed.
    pub(super) leftovers: Vec<String>,
    pub(super) directories: Vec<DirectoryChanges>,
    /// Whether everything in it is ours and is removed.
    pub(super) vanishes: bool,
}

/// The changes in the directory of an app, or of an environment's own files.
#[derive(Debug)]
pub(super) struct DirectoryChanges {
    pub(super) path: RepoPath,
    /// Whether the directory exists already.
    pub(super) exists: bool,
    /// Names of files, and what happens to them.
    pub(super) changes: Vec<(String, FileAction)>,
    pub(super) unchanged: usize,
    /// Temporary files, left by a run that was killed.
    pub(super) leftovers: Vec<String>,
    /// Whether everything in it is ours and is removed.
    pub(super) vanishes: bool,
}

impl OutputChanges {
    /// The files that are not as they should be, by path.
    pub fn list(&self) -> Vec<OutputChange> {
        let changes = self.directories().flat_map(|directory| {
            directory.changes.iter().map(|(name, action)| OutputChange {
                path: directory.path.child(name),
                action: *action,
            })
        });
        let mut changes: Vec<_> = changes.collect();
        changes.sort();
        changes
    }

    /// Whether every file is as it should be.
    pub fn is_empty(&self) -> bool {
        self.directories().all(|directory| directory.changes.is_empty())
    }

    /// The number of files by what happens to them.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for directory in self.directories() {
            summary.unchanged += directory.unchanged;
            for (_, action) in &directory.changes {
                match action {
                    FileAction::Create => summary.created += 1,
                    FileAction::Update => summary.updated += 1,
                    FileAction::Remove => summary.removed += 1,
                }
            }
        }
        summary
    }

    /// A warning if more files are removed than are written to `output`.
    pub fn removals(&self, output: &OutputDirectory) -> Option<Finding> {
        const SHOWN: usize = 5;
        let Summary { created, updated, removed, .. } = self.summary();
        let written = created + updated;
        if removed <= written {
            return None;
        }
        let list = self.list();
        let gone = list.iter().filter(|change| change.action == FileAction::Remove);
        let mut paths: Vec<_> = gone.map(|change| output.name(&change.path)).collect();
        let more = paths.split_off(paths.len().min(SHOWN)).len();
        let mut places = paths.iter().map(Location::of_path);
        let files = if removed == 1 { "1 file".to_owned() } else { format!("{removed} files") };
        let message = match written {
            0 => format!("rendering removes {files} and writes none"),
            _ => format!("rendering removes {files} and writes only {written}"),
        };
        let first = Finding::new(&REMOVES_MORE, message, places.next()?);
        let first = first.because("is no longer rendered");
        let mut finding = places.fold(first, |finding, place| finding.label(place, "nor is this"));
        if more > 0
            && let Some(last) = finding.labels.last_mut()
        {
            last.message = format!("nor are this and {more} more");
        }
        Some(
            finding
                .help("if they were not meant to go, look for a file or a condition that changed"),
        )
    }

    pub(super) fn directories(&self) -> impl Iterator<Item = &DirectoryChanges> {
        self.environments.iter().flat_map(|environment| &environment.directories)
    }

    pub(super) fn has_work(&self) -> bool {
        !self.leftovers.is_empty() || self.environments.iter().any(EnvironmentChanges::has_work)
    }
}

impl EnvironmentChanges {
    pub(super) fn has_work(&self) -> bool {
        self.vanishes
            || !self.leftovers.is_empty()
            || self.directories.iter().any(DirectoryChanges::has_work)
    }
}

impl DirectoryChanges {
    pub(super) fn has_work(&self) -> bool {
        !self.changes.is_empty() || !self.leftovers.is_empty()
    }
}

/// A finding for each file that is not what would be written to `output`. `help` says
/// how it is brought up to date.
pub fn stale(changes: &[OutputChange], output: &OutputDirectory, help: &str) -> Findings {
    let findings = changes.iter().map(|change| {
        let why = match change.action {
            FileAction::Create => "is not there, and would be written",
            FileAction::Update => "is not what would be written",
            FileAction::Remove => "is no longer rendered, and would be removed",
        };
        let message = format!("`{}` {why}", output.display(&change.path));
        Finding::new(&STALE_FILE, message, Location::of_path(&output.name(&change.path))).help(help)
    });
    findings.collect()
}
