//! Making a tree what it should be.

use std::collections::BTreeSet;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;
use rustix::fs::{Access, AtFlags};
use rustix::io::Errno;

use super::changes::{Action, Changes, Directory, Environment, Scope, Summary};
use super::code::{OUTPUT_CHANGED, OUTPUT_UNWRITABLE};
use super::disk::{self, TemporaryNames};
use super::file::{Files, MARK};
use super::lock::Lock;
use super::standing::{Output, words};
use crate::diagnostic::{Finding, Findings};
use crate::source::{Location, RepoPath};

/// The changes that a tree needs, with the lock under which they were found.
#[derive(Debug)]
pub struct Writing<'a> {
    lock: Lock<'a>,
    changes: Changes,
}

impl<'a> Lock<'a> {
    /// Compares what stands in the output directory with what should. Under
    /// the lock, because another run that wrote meanwhile would be undone by
    /// halves.
    pub fn compare(self, files: Files, scope: &Scope) -> Result<Writing<'a>, Findings> {
        let changes = Changes::of(&self.standing(), files, scope)?;
        Ok(Writing { lock: self, changes })
    }
}

impl Writing<'_> {
    /// What will be done.
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Does it. `progress` is told how many more files are done, from any
    /// thread.
    ///
    /// A file is written beside its place and renamed, so that whoever looks
    /// sees the old one or the new one. It is not forced to the disk: what is
    /// rendered can be rendered again, and waiting for the disk thousands of
    /// times takes longer than everything else. Where a run is ended or fails,
    /// the next one finishes its work.
    pub fn apply(self, progress: &(dyn Fn(usize) + Sync)) -> Result<Summary, Findings> {
        let Self { lock, changes } = &self;
        if changes.has_work() {
            let (output, root) = (lock.output, &lock.root);
            check_permissions(changes, output, root)?;
            let (names, stop) = (TemporaryNames::default(), AtomicBool::new(false));
            Writer { changes, output, progress, names, stop }.run(root)?;
        }
        Ok(changes.summary())
    }
}

struct Writer<'a> {
    changes: &'a Changes,
    output: &'a Output,
    progress: &'a (dyn Fn(usize) + Sync),
    names: TemporaryNames,
    /// Set by the first failure: a disk that is full for one file is full for
    /// the next.
    stop: AtomicBool,
}

impl Writer<'_> {
    fn run(&self, root: &OwnedFd) -> Result<(), Finding> {
        self.changes.leftovers.iter().for_each(|name| disk::sweep(root, name));
        let busy = self.changes.environments.par_iter().filter(|at| at.has_work());
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
        self.changes.files.get(path).expect("a file that is written is planned")
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
            Errno::EXIST
            | Errno::NOTEMPTY
            | Errno::NOENT
            | Errno::NOTDIR
            | Errno::ISDIR
            | Errno::LOOP => return changed(path),
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

/// Something came, went or was replaced between comparing and writing.
fn changed(path: &RepoPath) -> Finding {
    let message = format!("`{path}` was changed by something else while the tree was written");
    Finding::new(&OUTPUT_CHANGED, message, Location::of_path(path))
        .because("is not what it was a moment ago, and was left alone")
        .help("other files may be written already; run it again")
}

/// Sees that every directory that gets or loses an entry can be written, before
/// the first one is.
fn check_permissions(changes: &Changes, output: &Output, root: &OwnedFd) -> Result<(), Findings> {
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
    let needed = Access::WRITE_OK | Access::EXEC_OK;
    let refused = paths.into_iter().filter_map(|path| {
        // Behind a `/`, what is no directory any more is told from a directory without permission.
        let inside = format!("{path}/");
        let error = rustix::fs::accessat(root, inside, needed, AtFlags::empty()).err()?;
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
