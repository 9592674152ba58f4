//! Keeping other runs away from a tree while one writes it.

use std::fs;
use std::os::fd::OwnedFd;

use rustix::fs::{CWD, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::code::{OUTPUT_BUSY, OUTPUT_UNWRITABLE};
use super::disk;
use super::standing::{OnDisk, Output, words};
use crate::diagnostic::Finding;
use crate::source::{Location, RepoPath};

/// An output directory that no other run writes until this is dropped, or the
/// process ends.
#[derive(Debug)]
pub struct Lock<'a> {
    pub(super) output: &'a Output,
    /// The directory; the lock is on what it is open as.
    pub(super) root: OwnedFd,
}

impl Output {
    /// Keeps other runs away, and makes the directory where it is not there.
    /// A file system without locks is written without.
    pub fn lock(&self) -> Result<Lock<'_>, Finding> {
        let root = open_root(self)?;
        let locked = rustix::fs::flock(&root, FlockOperation::NonBlockingLockExclusive);
        if locked == Err(Errno::WOULDBLOCK) {
            let message = format!("another rungs is writing `{}`", self.directory.display());
            let place = Location::of_path(&self.name(&RepoPath::root()));
            return Err(
                Finding::new(&OUTPUT_BUSY, message, place).help("try again when it is done")
            );
        }
        Ok(Lock { output: self, root })
    }
}

impl Lock<'_> {
    pub(super) fn standing(&self) -> OnDisk<'_> {
        self.output.standing(Some(&self.root))
    }
}

fn open_root(output: &Output) -> Result<OwnedFd, Finding> {
    let directory = &output.directory;
    let failed = |reason: String| {
        let message =
            format!("the output directory `{}` cannot be written: {reason}", directory.display());
        let place = Location::of_path(&output.name(&RepoPath::root()));
        Finding::new(&OUTPUT_UNWRITABLE, message, place)
    };
    fs::create_dir_all(directory).map_err(|error| failed(error.to_string()))?;
    let flags = if output.follow { disk::DIRECTORY - OFlags::NOFOLLOW } else { disk::DIRECTORY };
    rustix::fs::openat(CWD, directory, flags, Mode::empty()).map_err(|error| failed(words(error)))
}
