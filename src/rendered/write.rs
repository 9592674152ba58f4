//! Writing the changes.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::changes::{DirectoryChanges, EnvironmentChanges, FileAction, OutputChanges, Summary};
use super::code::{OUTPUT_CHANGED, OUTPUT_UNWRITABLE};
use super::file::{MARK, RenderedFiles};
use super::on_disk::{Lock, OutputDirectory};
use super::scope::RenderScope;
use crate::diagnostic::{Finding, Findings};
use crate::disk::{DiskError, OnConflict, OpenDirectory};
use crate::source::{Location, RepoPath};

/// The changes that a tree needs, with the lock under which they were found.
#[derive(Debug)]
pub struct Writing<'a> {
    lock: Lock<'a>,
    changes: OutputChanges,
}

impl<'a> Lock<'a> {
    /// Compares the output directory with what should be in it. The lock is held
    /// from before the comparison: otherwise, what another run writes meanwhile
    /// would be half undone.
    pub fn compare(
        self,
        files: RenderedFiles,
        scope: &RenderScope,
    ) -> Result<Writing<'a>, Findings> {
        let changes = OutputChanges::of(&self.on_disk(), files, scope)?;
        Ok(Writing { lock: self, changes })
    }
}

impl Writing<'_> {
    /// The changes that will be made.
    pub fn changes(&self) -> &OutputChanges {
        &self.changes
    }

    /// Makes the changes. `progress` is called with the number of further files
    /// that are done, from any thread.
    ///
    /// Nothing is forced to the disk: what is rendered can be rendered again,
    /// and waiting for the disk thousands of times takes longer than everything
    /// else. Nothing is undone either: if a run is killed or fails, the next one
    /// finishes its work.
    pub fn apply(self, progress: &(dyn Fn(usize) + Sync)) -> Result<Summary, Findings> {
        let Self { lock, changes } = &self;
        if changes.has_work() {
            let (output, root) = (lock.output, &lock.root);
            check_permissions(changes, output, root)?;
            TreeWriter { changes, output, progress, has_failed: AtomicBool::new(false) }
                .run(root)?;
        }
        Ok(changes.summary())
    }
}

struct TreeWriter<'a> {
    changes: &'a OutputChanges,
    output: &'a OutputDirectory,
    progress: &'a (dyn Fn(usize) + Sync),
    /// Set by the first failure: a disk that is full for one file is full for
    /// the next.
    has_failed: AtomicBool,
}

impl TreeWriter<'_> {
    fn run(&self, root: &OpenDirectory) -> Result<(), Finding> {
        self.changes.leftovers.iter().for_each(|name| root.sweep(name));
        let busy = self.changes.environments.par_iter().filter(|at| at.has_work());
        let failures = busy.flat_map_iter(|environment| {
            if environment.vanishes {
                self.vanish(environment, root).err().into_iter().collect()
            } else {
                self.environment(environment, root)
            }
        });
        let failures: Vec<Halt> = failures.collect();
        let failures = failures.into_iter().filter_map(|stop| match stop {
            Halt::Failed(failure) => Some(failure),
            Halt::AnotherFailed => None,
        });
        match failures.min_by(|a, b| a.path.cmp(&b.path)) {
            Some(failure) => Err(failure.finding(self.output)),
            None => Ok(()),
        }
    }

    /// Makes an environment's changes. Its directory is open only while this
    /// runs: there may be more environments than files that a process may have
    /// open.
    fn environment(&self, environment: &EnvironmentChanges, root: &OpenDirectory) -> Vec<Halt> {
        let opened = match root.child_or_new(environment.path.as_str()) {
            Ok(opened) => opened,
            Err(error) => return vec![self.failed(&environment.path, error)],
        };
        environment.leftovers.iter().for_each(|name| opened.sweep(name));
        let busy = environment.directories.par_iter().filter(|at| at.has_work());
        busy.filter_map(|directory| self.directory(directory, &opened).err()).collect()
    }

    fn directory(&self, directory: &DirectoryChanges, parent: &OpenDirectory) -> Result<(), Halt> {
        let (name, path) = (directory.path.name(), &directory.path);
        if directory.vanishes {
            parent
                .vanish(name, |inside| self.empty(directory, inside))
                .map_err(|error| self.failed(path, error))
        } else if directory.exists {
            self.change(directory, parent)
        } else {
            let refused = |error| self.failed(path, error);
            parent.appear(name, |inside| self.fill(directory, inside), refused)
        }
    }

    fn fill(&self, directory: &DirectoryChanges, inside: &OpenDirectory) -> Result<(), Halt> {
        for (name, _) in &directory.changes {
            self.check_failed()?;
            let path = directory.path.child(name);
            inside.create(name, self.bytes(&path)).map_err(|error| self.failed(&path, error))?;
            (self.progress)(1);
        }
        Ok(())
    }

    /// Changes the files of a directory that exists.
    fn change(&self, directory: &DirectoryChanges, parent: &OpenDirectory) -> Result<(), Halt> {
        let inside = parent
            .child(directory.path.name())
            .map_err(|error| self.failed(&directory.path, error))?;
        for name in &directory.leftovers {
            inside.remove(name).map_err(|error| self.failed(&directory.path.child(name), error))?;
        }
        for (name, action) in in_order(directory) {
            self.check_failed()?;
            let path = directory.path.child(name);
            let done = match action {
                FileAction::Remove => inside.remove(name),
                FileAction::Create => inside.put(name, self.bytes(&path), OnConflict::Fail),
                FileAction::Update => inside.put(name, self.bytes(&path), OnConflict::Replace),
            };
            done.map_err(|error| self.failed(&path, error))?;
            (self.progress)(1);
        }
        Ok(())
    }

    /// Makes an environment's directory vanish with everything in it.
    fn vanish(&self, environment: &EnvironmentChanges, root: &OpenDirectory) -> Result<(), Halt> {
        let vanished = root.vanish(environment.path.as_str(), |opened| {
            environment.leftovers.iter().for_each(|name| opened.sweep(name));
            for directory in &environment.directories {
                let name = directory.path.name();
                self.empty(directory, &opened.child(name)?)?;
                opened.remove_directory(name)?;
            }
            Ok(())
        });
        vanished.map_err(|error| self.failed(&environment.path, error))
    }

    fn empty(&self, directory: &DirectoryChanges, inside: &OpenDirectory) -> Result<(), DiskError> {
        let changes = directory.changes.iter().map(|(name, _)| name);
        for name in changes.chain(&directory.leftovers) {
            inside.remove(name)?;
        }
        (self.progress)(directory.changes.len());
        Ok(())
    }

    fn check_failed(&self) -> Result<(), Halt> {
        if self.has_failed.load(Ordering::Relaxed) { Err(Halt::AnotherFailed) } else { Ok(()) }
    }

    fn failed(&self, path: &RepoPath, error: DiskError) -> Halt {
        self.has_failed.store(true, Ordering::Relaxed);
        Halt::Failed(Failure { path: path.clone(), error })
    }

    fn bytes(&self, path: &RepoPath) -> &[u8] {
        self.changes.files.get(path).expect("a file that is written is planned")
    }
}

/// Why a thread stopped.
enum Halt {
    Failed(Failure),
    /// Another thread failed, and reports it.
    AnotherFailed,
}

/// Where writing failed, and the system's reason.
struct Failure {
    path: RepoPath,
    error: DiskError,
}

impl Failure {
    fn finding(&self, output: &OutputDirectory) -> Finding {
        let (path, error) = (&output.name(&self.path), self.error);
        let help = match error {
            _ if error.is_change() => return changed(path),
            _ if error.is_full_disk() => "make room, then run it again",
            _ if error.is_forbidden() => "allow writing there, then run it again",
            _ => "check the disk, then run it again",
        };
        let message = format!("`{path}` cannot be written: {error}");
        Finding::new(&OUTPUT_UNWRITABLE, message, Location::of_path(path))
            .because("is as it was; no file is half written")
            .help(help)
    }
}

/// The finding that something appeared, vanished or was replaced between
/// comparing and writing.
fn changed(path: &RepoPath) -> Finding {
    let message = format!("`{path}` was changed by something else while the tree was written");
    Finding::new(&OUTPUT_CHANGED, message, Location::of_path(path))
        .because("is not what it was a moment ago, and was left alone")
        .help("other files may be written already; run it again")
}

/// Checks that every directory that gets or loses an entry can be written,
/// before the first one is.
fn check_permissions(
    changes: &OutputChanges,
    output: &OutputDirectory,
    root: &OpenDirectory,
) -> Result<(), Findings> {
    let mut paths = BTreeSet::new();
    for environment in changes.environments.iter().filter(|at| at.has_work()) {
        if environment.vanishes || !environment.exists {
            paths.insert(".");
        }
        for directory in environment.directories.iter().filter(|at| at.has_work()) {
            if environment.exists && (directory.vanishes || !directory.exists) {
                paths.insert(environment.path.as_str());
            }
            if directory.exists {
                paths.insert(directory.path.as_str());
            }
        }
    }
    let refused = paths.into_iter().filter_map(|path| {
        let error = root.check_writable(path).err()?;
        let path = RepoPath::new(path).ok()?;
        Some(Failure { path, error }.finding(output))
    });
    let findings: Findings = refused.collect();
    if findings.is_empty() { Ok(()) } else { Err(findings) }
}

/// The changes in an order that may stop anywhere: an object whose file gets
/// another name is never without one, and a mark exists as long as its encrypted
/// file.
fn in_order(directory: &DirectoryChanges) -> impl Iterator<Item = (&str, FileAction)> {
    let written = directory.changes.iter().filter(|(_, action)| *action != FileAction::Remove);
    let written: BTreeSet<String> = written.map(|(name, _)| name.to_lowercase()).collect();
    let mut changes: Vec<_> =
        directory.changes.iter().map(|(name, action)| (name.as_str(), *action)).collect();
    changes.sort_by_key(|(name, action)| {
        let is_mark = name.ends_with(MARK);
        match action {
            // On a disk that ignores case, this is the file that is written next.
            FileAction::Remove if written.contains(&name.to_lowercase()) => 0,
            FileAction::Create | FileAction::Update if is_mark => 1,
            FileAction::Create | FileAction::Update => 2,
            FileAction::Remove if !is_mark => 3,
            FileAction::Remove => 4,
        }
    });
    changes.into_iter()
}
