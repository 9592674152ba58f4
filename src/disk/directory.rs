//! A directory that is held open, and what is done to its entries.
//!
//! Every operation takes the open directory and one name, and follows no link: if
//! somebody exchanges a directory above meanwhile, nothing is written elsewhere.

use std::fs;
use std::ops::Deref;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, Dir, FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::DiskError;
use super::temporary::{is_temporary, temporary_name};
use crate::source::EntryKind;

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
const EXISTING: OFlags = OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const NEW: OFlags = OFlags::WRONLY
    .union(OFlags::CREATE)
    .union(OFlags::EXCL)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);
/// The mode of a new directory, before the user's mask.
const NEW_DIRECTORY: Mode = Mode::from_raw_mode(0o777);
/// The mode of a new file, before the user's mask.
const NEW_FILE: Mode = Mode::from_raw_mode(0o666);

/// How many temporary names are tried if they are already taken.
const MOST_NAMES: usize = 1000;

/// What happens if a name is already taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnConflict {
    /// An error: what somebody put there meanwhile is kept.
    Fail,
    /// The file of that name is replaced.
    Replace,
}

/// A directory of this machine, open until this is dropped.
#[derive(Debug)]
pub struct OpenDirectory(OwnedFd);

impl OpenDirectory {
    /// Opens a directory by its path. Links on the way are followed; the
    /// directory itself may be a link only if `follow` says so.
    pub fn at(path: &Path, follow: bool) -> Result<Self, DiskError> {
        let flags = if follow { DIRECTORY } else { DIRECTORY.union(OFlags::NOFOLLOW) };
        Ok(Self(rustix::fs::openat(CWD, path, flags, Mode::empty())?))
    }

    /// Opens a directory as [`OpenDirectory::at`] does, and makes it and those
    /// above it if they do not exist.
    pub fn at_or_new(path: &Path, follow: bool) -> Result<Self, DiskError> {
        fs::create_dir_all(path)?;
        Self::at(path, follow)
    }

    /// Opens a directory in this one.
    pub fn child(&self, name: &str) -> Result<Self, DiskError> {
        let flags = DIRECTORY.union(OFlags::NOFOLLOW);
        Ok(Self(rustix::fs::openat(&self.0, name, flags, Mode::empty())?))
    }

    /// Opens a directory in this one, and makes it if it does not exist.
    pub fn child_or_new(&self, name: &str) -> Result<Self, DiskError> {
        match self.child(name) {
            Err(error) if error.is_missing() => {
                self.make(name)?;
                self.child(name)
            }
            opened => opened,
        }
    }

    /// Makes a directory that does not exist yet.
    pub fn make(&self, name: &str) -> Result<(), DiskError> {
        Ok(rustix::fs::mkdirat(&self.0, name, NEW_DIRECTORY)?)
    }

    /// Writes a file that does not exist yet, directly in its place: for a
    /// directory that nobody looks into before it is complete.
    pub fn create(&self, name: &str, bytes: &[u8]) -> Result<(), DiskError> {
        fill(&rustix::fs::openat(&self.0, name, NEW, NEW_FILE)?, bytes)
    }

    /// Writes a file under a temporary name and renames it.
    pub fn put(&self, name: &str, bytes: &[u8], on_conflict: OnConflict) -> Result<(), DiskError> {
        let staged = self.stage(bytes, None, false)?;
        let placed = self.rename(&staged, name, on_conflict);
        if placed.is_err() {
            let _ = self.remove(&staged);
        }
        placed
    }

    /// Writes bytes under a temporary name, and returns that name. The file
    /// gets `mode`, or what the user's mask leaves, and is flushed to the disk
    /// if `flush` says so.
    pub(super) fn stage(
        &self,
        bytes: &[u8],
        mode: Option<Mode>,
        flush: bool,
    ) -> Result<String, DiskError> {
        let open = |name: &str| rustix::fs::openat(&self.0, name, NEW, NEW_FILE);
        let (file, name) = under_temporary_name(open)?;
        let filled = fill(&file, bytes).and_then(|()| {
            mode.map_or(Ok(()), |mode| rustix::fs::fchmod(&file, mode))?;
            if flush { Ok(rustix::fs::fsync(&file)?) } else { Ok(()) }
        });
        match filled {
            Ok(()) => Ok(name),
            Err(error) => {
                let _ = self.remove(&name);
                Err(error)
            }
        }
    }

    /// Gives an entry of this directory another name.
    pub(super) fn rename(
        &self,
        from: &str,
        to: &str,
        on_conflict: OnConflict,
    ) -> Result<(), DiskError> {
        #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
        if on_conflict == OnConflict::Fail {
            let flags = rustix::fs::RenameFlags::NOREPLACE;
            match rustix::fs::renameat_with(&self.0, from, &self.0, to, flags) {
                // A file system or a kernel that does not know the flag.
                Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
                renamed => return Ok(renamed?),
            }
        }
        Ok(rustix::fs::renameat(&self.0, from, &self.0, to)?)
    }

    /// Removes a file; it is not an error if it is already gone.
    pub fn remove(&self, name: &str) -> Result<(), DiskError> {
        match rustix::fs::unlinkat(&self.0, name, AtFlags::empty()) {
            Err(Errno::NOENT) => Ok(()),
            removed => Ok(removed?),
        }
    }

    /// Removes an empty directory.
    pub fn remove_directory(&self, name: &str) -> Result<(), DiskError> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }

    /// Makes a directory appear with everything in it: `fill` gets it under
    /// another name. That takes one rename instead of one for each file. What
    /// the system refuses for the directory itself becomes `refused`.
    pub fn appear<E>(
        &self,
        name: &str,
        fill: impl FnOnce(&Self) -> Result<(), E>,
        refused: impl Fn(DiskError) -> E,
    ) -> Result<(), E> {
        let make = |name: &str| rustix::fs::mkdirat(&self.0, name, NEW_DIRECTORY);
        let ((), temporary) = under_temporary_name(make).map_err(&refused)?;
        let filled = self.child(&temporary).map_err(&refused).and_then(|directory| {
            fill(&directory)?;
            self.rename(&temporary, name, OnConflict::Fail).map_err(&refused)
        });
        if filled.is_err() {
            self.sweep(&temporary);
        }
        filled
    }

    /// Makes a directory with nothing but our own files vanish at once, and
    /// then empties it with `empty`. If something is in it that was not there
    /// before, it comes back with that.
    pub fn vanish(
        &self,
        name: &str,
        empty: impl FnOnce(&Self) -> Result<(), DiskError>,
    ) -> Result<(), DiskError> {
        let temporary = temporary_name();
        self.rename(name, &temporary, OnConflict::Fail)?;
        let emptied = self
            .child(&temporary)
            .and_then(|directory| empty(&directory))
            .and_then(|()| self.remove_directory(&temporary));
        let Err(error) = emptied else { return Ok(()) };
        self.rename(&temporary, name, OnConflict::Fail)?;
        if error.is_full_directory() { Ok(()) } else { Err(error) }
    }

    /// Removes a temporary directory with what is in it, as far as possible:
    /// what cannot be removed now is removed by the next run. A directory that
    /// was about to vanish may have directories in it, but those have none.
    pub fn sweep(&self, name: &str) {
        if let Ok(directory) = self.child(name) {
            directory.for_each_name(|inner| {
                if directory.remove(inner).is_err()
                    && let Ok(below) = directory.child(inner)
                {
                    below.for_each_name(|file| {
                        let _ = below.remove(file);
                    });
                    let _ = directory.remove_directory(inner);
                }
            });
        }
        let _ = self.remove_directory(name);
    }

    fn for_each_name(&self, mut act: impl FnMut(&str)) {
        let Ok(entries) = Dir::read_from(&self.0) else { return };
        for entry in entries.flatten() {
            match entry.file_name().to_str() {
                Ok("." | "..") | Err(_) => {}
                Ok(name) => act(name),
            }
        }
    }

    /// Keeps other runs from writing here until the result is dropped, or the
    /// process ends; none if one is writing already. On a file system without
    /// locks nothing is locked.
    pub fn lock(self) -> Option<LockedDirectory> {
        let locked = rustix::fs::flock(&self.0, FlockOperation::NonBlockingLockExclusive);
        (locked != Err(Errno::WOULDBLOCK)).then_some(LockedDirectory(self))
    }

    /// Removes the temporary files that killed runs left here, unless another
    /// run is writing, and marks the directory as being written to until the
    /// result is dropped.
    pub(super) fn sweep_and_lock(self) -> LockedDirectory {
        if rustix::fs::flock(&self.0, FlockOperation::NonBlockingLockExclusive).is_ok() {
            self.for_each_name(|name| {
                if is_temporary(name) {
                    let _ = self.remove(name);
                }
            });
        }
        // Runs that write files do not exclude each other: each temporary file
        // has a name of its own.
        let _ = rustix::fs::flock(&self.0, FlockOperation::NonBlockingLockShared);
        LockedDirectory(self)
    }

    /// Whether entries of a directory below this one, or of `.`, can be made
    /// and removed.
    pub fn check_writable(&self, path: &str) -> Result<(), DiskError> {
        // With a `/` at the end, the error for what is no longer a directory differs from that for
        // a directory without permission.
        let inside = format!("{path}/");
        let needed = Access::WRITE_OK | Access::EXEC_OK;
        Ok(rustix::fs::accessat(&self.0, inside, needed, AtFlags::empty())?)
    }

    /// What is at a path below this directory; none if nothing is.
    pub fn kind(&self, path: &str) -> Result<Option<EntryKind>, DiskError> {
        match rustix::fs::statat(&self.0, path, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(kind_of(FileType::from_raw_mode(stat.st_mode)))),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The mode of a file in this directory; none if nothing is there.
    pub(super) fn mode(&self, name: &str) -> Result<Option<Mode>, DiskError> {
        match rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode).is_file() => {
                Ok(Some(Mode::from_raw_mode(stat.st_mode & 0o7777)))
            }
            Ok(_) => Err(Errno::LOOP.into()),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The entries of a directory below this one, or of `.`, in any order. A
    /// name that is not text is [`EntryKind::Other`].
    pub fn entries(&self, path: &str) -> Result<Vec<(String, EntryKind)>, DiskError> {
        let flags = DIRECTORY.union(OFlags::NOFOLLOW);
        let directory = rustix::fs::openat(&self.0, path, flags, Mode::empty())?;
        let mut entries = Vec::new();
        for entry in Dir::new(directory)? {
            let entry = entry?;
            match entry.file_name().to_str() {
                Ok("." | "..") => {}
                Ok(name) => {
                    let kind = match entry.file_type() {
                        // Some file systems leave it out of the listing.
                        FileType::Unknown => self.kind(&format!("{path}/{name}"))?,
                        known => Some(kind_of(known)),
                    };
                    entries.push((name.to_owned(), kind.unwrap_or(EntryKind::Other)));
                }
                Err(_) => {
                    let name = entry.file_name().to_string_lossy().into_owned();
                    entries.push((name, EntryKind::Other));
                }
            }
        }
        Ok(entries)
    }

    /// The first bytes of a file below this directory, at most `most`.
    pub fn head(&self, path: &str, most: usize) -> Result<Vec<u8>, DiskError> {
        let file = rustix::fs::openat(&self.0, path, EXISTING, Mode::empty())?;
        let mut bytes = vec![0; most];
        let mut filled = 0;
        while filled < most {
            match rustix::io::read(&file, &mut bytes[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    /// Whether a file of this directory holds exactly these bytes; without
    /// bytes, whether nothing is there.
    pub(super) fn holds(&self, name: &str, bytes: Option<&[u8]>) -> Result<bool, DiskError> {
        match (self.head(name, bytes.map_or(0, <[u8]>::len) + 1), bytes) {
            (Ok(found), Some(bytes)) => Ok(found == bytes),
            (Ok(_), None) => Ok(false),
            (Err(error), _) if error.is_missing() => Ok(bytes.is_none()),
            (Err(error), _) => Err(error),
        }
    }
}

/// An open directory with a lock on it, until this is dropped.
#[derive(Debug)]
pub struct LockedDirectory(OpenDirectory);

impl Deref for LockedDirectory {
    type Target = OpenDirectory;

    fn deref(&self) -> &OpenDirectory {
        &self.0
    }
}

impl Drop for LockedDirectory {
    /// Closing the directory would be enough, were it not for processes that
    /// are being started at this moment: until they run a program of their own
    /// they have it open too, and would hold the lock.
    fn drop(&mut self) {
        let _ = rustix::fs::flock(&self.0.0, FlockOperation::Unlock);
    }
}

/// Does something under a temporary name that is not taken.
fn under_temporary_name<T>(
    act: impl Fn(&str) -> Result<T, Errno>,
) -> Result<(T, String), DiskError> {
    for _ in 0..MOST_NAMES {
        let name = temporary_name();
        match act(&name) {
            Err(Errno::EXIST) => {}
            done => return Ok((done?, name)),
        }
    }
    Err(Errno::EXIST.into())
}

fn fill(file: &OwnedFd, bytes: &[u8]) -> Result<(), DiskError> {
    let mut rest = bytes;
    while !rest.is_empty() {
        match rustix::io::write(file, rest) {
            Ok(count) => rest = &rest[count..],
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn kind_of(kind: FileType) -> EntryKind {
    match kind {
        FileType::RegularFile => EntryKind::File,
        FileType::Directory => EntryKind::Directory,
        FileType::Symlink => EntryKind::Link,
        _ => EntryKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_is_being_started_does_not_keep_the_lock() {
        let directory = tempfile::tempdir().unwrap();
        let open = || OpenDirectory::at(directory.path(), true).unwrap();
        let locked = open().lock().unwrap();
        assert!(open().lock().is_none());
        let inherited = locked.0.0.try_clone().unwrap();
        drop(locked);
        assert!(open().lock().is_some());
        drop(inherited);
    }
}
