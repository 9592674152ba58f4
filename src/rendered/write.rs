//! Making a tree what a plan says.

use std::collections::BTreeSet;
use std::fs;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;
use rustix::fs::{Access, AtFlags, CWD, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use serde::Serialize;

use super::code::{OUTPUT_BUSY, OUTPUT_UNWRITABLE};
use super::disk::{self, TemporaryNames};
use super::file::MARK;
use super::plan::{Action, Directory, Environment, Plan};
use super::standing::{Output, Stands, in_the_way, words};
use crate::diagnostic::{Finding, Findings};
use crate::source::{Location, RepoPath};

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

impl Summary {
    pub(super) fn of(plan: &Plan) -> Self {
        let mut summary = Self::default();
        for directory in plan.directories() {
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
}

/// Writes what a plan says.
pub(super) fn write(
    plan: &Plan,
    output: &Output,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Summary, Findings> {
    if plan.has_work() {
        let root = open_root(output)?;
        lock(&root, output)?;
        check_permissions(plan, output, &root)?;
        let (names, stop) = (TemporaryNames::default(), AtomicBool::new(false));
        Writer { plan, output, progress, names, stop }.run(&root)?;
    }
    Ok(Summary::of(plan))
}

struct Writer<'a> {
    plan: &'a Plan,
    output: &'a Output,
    progress: &'a (dyn Fn(usize) + Sync),
    names: TemporaryNames,
    /// Set by the first failure: a disk that is full for one file is full for
    /// the next.
    stop: AtomicBool,
}

impl Writer<'_> {
    fn run(&self, root: &OwnedFd) -> Result<(), Finding> {
        self.plan.leftovers.iter().for_each(|name| disk::sweep(root, name));
        let busy = self.plan.environments.par_iter().filter(|at| at.has_work());
        let failures = busy.flat_map_iter(|environment| {
            if environment.vanishes {
                self.vanish(environment, root.as_fd()).err().into_iter().collect()
            } else {
                self.environment(environment, root)
            }
        });
        let failures: Vec<Failure> = failures.collect();
        // Threads that stopped because of another's failure say nothing new.
        let told = failures.into_iter().filter(|failure| failure.error != Errno::CANCELED);
        match told.min_by(|a, b| a.path.cmp(&b.path)) {
            Some(failure) => Err(failure.finding(self.output)),
            None => Ok(()),
        }
    }

    /// Does an environment's work. Its directory is open only meanwhile: there
    /// may be more environments than files that a process may have open.
    fn environment(&self, environment: &Environment, root: &OwnedFd) -> Vec<Failure> {
        let opened = match disk::open_or_make(root, environment.path.as_str()) {
            Ok(opened) => opened,
            Err(error) => return vec![self.failure(&environment.path, error)],
        };
        environment.leftovers.iter().for_each(|name| disk::sweep(&opened, name));
        let busy = environment.directories.par_iter().filter(|at| at.has_work());
        busy.filter_map(|directory| self.directory(directory, opened.as_fd()).err()).collect()
    }

    fn directory(&self, directory: &Directory, parent: BorrowedFd<'_>) -> Result<(), Failure> {
        if directory.vanishes {
            let (name, temporary) = (directory.path.name(), self.names.next());
            disk::vanish(parent, name, &temporary, |inside| self.empty(directory, inside))
                .map_err(|error| self.failure(&directory.path, error))
        } else if directory.exists {
            self.change(directory, parent)
        } else {
            self.create(directory, parent)
        }
    }

    /// A directory that is not there is filled under another name and appears
    /// as a whole: one renaming in place of one for each file.
    fn create(&self, directory: &Directory, parent: BorrowedFd<'_>) -> Result<(), Failure> {
        let temporary = self.names.next();
        let created = self.fill(directory, parent, &temporary).and_then(|()| {
            disk::rename_new(parent, &temporary, directory.path.name())
                .map_err(|error| self.failure(&directory.path, error))
        });
        if created.is_err() {
            disk::sweep(parent, &temporary);
        }
        created
    }

    fn fill(
        &self,
        directory: &Directory,
        parent: BorrowedFd<'_>,
        temporary: &str,
    ) -> Result<(), Failure> {
        let inside = disk::make(parent, temporary).and_then(|()| disk::open(parent, temporary));
        let inside = inside.map_err(|error| self.failure(&directory.path, error))?;
        for (name, _) in &directory.changes {
            let path = directory.path.child(name);
            self.go_on()
                .and_then(|()| disk::write_new(&inside, name, self.bytes(&path)))
                .map_err(|error| self.failure(&path, error))?;
            (self.progress)(1);
        }
        Ok(())
    }

    /// Changes the files of a directory that is there.
    fn change(&self, directory: &Directory, parent: BorrowedFd<'_>) -> Result<(), Failure> {
        let inside = disk::open(parent, directory.path.name())
            .map_err(|error| self.failure(&directory.path, error))?;
        for name in &directory.leftovers {
            disk::remove(&inside, name)
                .map_err(|error| self.failure(&directory.path.child(name), error))?;
        }
        for (name, action) in in_order(directory) {
            let path = directory.path.child(name);
            self.go_on()
                .and_then(|()| match action {
                    Action::Remove => disk::remove(&inside, name),
                    Action::Create => self.place(inside.as_fd(), &path, disk::rename_new),
                    Action::Update => self.place(inside.as_fd(), &path, disk::rename_over),
                })
                .map_err(|error| self.failure(&path, error))?;
            (self.progress)(1);
        }
        Ok(())
    }

    /// Writes a file beside its place and renames it.
    fn place(
        &self,
        directory: BorrowedFd<'_>,
        path: &RepoPath,
        rename: fn(BorrowedFd<'_>, &str, &str) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        let temporary = self.names.next();
        let placed = disk::write_new(directory, &temporary, self.bytes(path))
            .and_then(|()| rename(directory, &temporary, path.name()));
        if placed.is_err() {
            let _ = disk::remove(directory, &temporary);
        }
        placed
    }

    /// Makes an environment's directory vanish with everything in it.
    fn vanish(&self, environment: &Environment, root: BorrowedFd<'_>) -> Result<(), Failure> {
        let (name, temporary) = (environment.path.as_str(), self.names.next());
        disk::vanish(root, name, &temporary, |opened| {
            environment.leftovers.iter().for_each(|name| disk::sweep(opened, name));
            for directory in &environment.directories {
                let name = directory.path.name();
                self.empty(directory, &disk::open(opened, name)?)?;
                disk::remove_directory(opened, name)?;
            }
            Ok(())
        })
        .map_err(|error| self.failure(&environment.path, error))
    }

    fn empty(&self, directory: &Directory, inside: &OwnedFd) -> Result<(), Errno> {
        let changes = directory.changes.iter().map(|(name, _)| name);
        for name in changes.chain(&directory.leftovers) {
            disk::remove(inside, name)?;
        }
        (self.progress)(directory.changes.len());
        Ok(())
    }

    fn go_on(&self) -> Result<(), Errno> {
        if self.stop.load(Ordering::Relaxed) { Err(Errno::CANCELED) } else { Ok(()) }
    }

    fn failure(&self, path: &RepoPath, error: Errno) -> Failure {
        self.stop.store(true, Ordering::Relaxed);
        Failure { path: path.clone(), error }
    }

    fn bytes(&self, path: &RepoPath) -> &[u8] {
        self.plan.files.get(path).expect("a file that is written is planned")
    }
}

/// Where writing failed, and the system's reason.
struct Failure {
    path: RepoPath,
    error: Errno,
}

impl Failure {
    fn finding(&self, output: &Output) -> Finding {
        let path = &output.name(&self.path);
        let help = match self.error {
            Errno::LOOP | Errno::NOTDIR => return in_the_way(path, Stands::Link),
            Errno::EXIST | Errno::NOTEMPTY => return in_the_way(path, Stands::Other),
            Errno::NOSPC | Errno::DQUOT => "make room, then run it again",
            Errno::ROFS | Errno::ACCESS | Errno::PERM => "allow writing there, then run it again",
            _ => "look at the disk, then run it again",
        };
        let message = format!("`{path}` cannot be written: {}", words(self.error));
        Finding::new(&OUTPUT_UNWRITABLE, message, Location::of_path(path))
            .because("is as it was; no file is half written")
            .help(help)
    }
}

fn open_root(output: &Output) -> Result<OwnedFd, Finding> {
    let directory = &output.directory;
    let failed = |reason: String| {
        let message =
            format!("the output directory `{}` cannot be written: {reason}", directory.display());
        Finding::new(
            &OUTPUT_UNWRITABLE,
            message,
            Location::of_path(&output.name(&RepoPath::root())),
        )
    };
    fs::create_dir_all(directory).map_err(|error| failed(error.to_string()))?;
    let flags = if output.follow { disk::DIRECTORY - OFlags::NOFOLLOW } else { disk::DIRECTORY };
    rustix::fs::openat(CWD, directory, flags, Mode::empty()).map_err(|error| failed(words(error)))
}

/// Keeps other runs away until this one ends, however it ends. A file system
/// without locks is written without.
fn lock(root: &OwnedFd, output: &Output) -> Result<(), Finding> {
    if rustix::fs::flock(root, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK) {
        let message = format!("another rungs is writing `{}`", output.directory.display());
        return Err(Finding::new(
            &OUTPUT_BUSY,
            message,
            Location::of_path(&output.name(&RepoPath::root())),
        )
        .help("try again when it is done"));
    }
    Ok(())
}

/// Sees that every directory that gets or loses an entry can be written, before
/// the first one is.
fn check_permissions(plan: &Plan, output: &Output, root: &OwnedFd) -> Result<(), Findings> {
    let mut paths = BTreeSet::new();
    for environment in plan.environments.iter().filter(|at| at.has_work()) {
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
    let needed = Access::WRITE_OK | Access::EXEC_OK;
    let refused = paths.into_iter().filter_map(|path| {
        let error = rustix::fs::accessat(root, path, needed, AtFlags::empty()).err()?;
        let path = RepoPath::new(path).ok()?;
        Some(Failure { path, error }.finding(output))
    });
    let findings: Findings = refused.collect();
    if findings.is_empty() { Ok(()) } else { Err(findings) }
}

/// What is written and removed, in an order that is right wherever it stops:
/// an object whose file gets another name is never without one, and a mark is
/// there as long as the encrypted file that it speaks of.
fn in_order(directory: &Directory) -> impl Iterator<Item = (&str, Action)> {
    let written = directory.changes.iter().filter(|(_, action)| *action != Action::Remove);
    let written: BTreeSet<String> = written.map(|(name, _)| name.to_lowercase()).collect();
    let mut changes: Vec<_> =
        directory.changes.iter().map(|(name, action)| (name.as_str(), *action)).collect();
    changes.sort_by_key(|(name, action)| {
        let is_mark = name.ends_with(MARK);
        match action {
            // On a disk that knows no case it is the file that is written next.
            Action::Remove if written.contains(&name.to_lowercase()) => 0,
            Action::Create | Action::Update if is_mark => 1,
            Action::Create | Action::Update => 2,
            Action::Remove if !is_mark => 3,
            Action::Remove => 4,
        }
    });
    changes.into_iter()
}
