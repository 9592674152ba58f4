//! The few operations on the disk that writing needs, each of them whole: what
//! they leave behind when they fail or are ended has a temporary name.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::fs::{AtFlags, Dir, Mode, OFlags};
use rustix::io::Errno;

/// How names begin that exist only while a run writes. What is left of them
/// is removed by the next run that writes there.
pub(super) const TEMPORARY: &str = ".rungs-tmp-";

/// Opens a directory, and no link in its place.
pub(super) const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// What the user's mask leaves of it.
const NEW_DIRECTORY: Mode = Mode::from_raw_mode(0o777);
/// What the user's mask leaves of it.
const NEW_FILE: Mode = Mode::from_raw_mode(0o666);

/// Gives names that no other run of this moment uses.
#[derive(Debug, Default)]
pub(super) struct TemporaryNames(AtomicUsize);

impl TemporaryNames {
    pub(super) fn next(&self) -> String {
        let count = self.0.fetch_add(1, Ordering::Relaxed);
        format!("{TEMPORARY}{}-{count}", std::process::id())
    }
}

pub(super) fn open(parent: impl AsFd, name: &str) -> Result<OwnedFd, Errno> {
    rustix::fs::openat(parent, name, DIRECTORY, Mode::empty())
}

pub(super) fn make(parent: impl AsFd, name: &str) -> Result<(), Errno> {
    rustix::fs::mkdirat(parent, name, NEW_DIRECTORY)
}

/// Opens a directory, which is made where it is not there.
pub(super) fn open_or_make(parent: impl AsFd, name: &str) -> Result<OwnedFd, Errno> {
    match open(&parent, name) {
        Err(Errno::NOENT) => {
            make(&parent, name)?;
            open(parent, name)
        }
        opened => opened,
    }
}

/// Writes a file that is not there yet.
pub(super) fn write_new(directory: impl AsFd, name: &str, bytes: &[u8]) -> Result<(), Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(directory, name, flags, NEW_FILE)?;
    let mut rest = bytes;
    while !rest.is_empty() {
        match rustix::io::write(&file, rest) {
            Ok(count) => rest = &rest[count..],
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

pub(super) fn rename_over(directory: BorrowedFd<'_>, from: &str, to: &str) -> Result<(), Errno> {
    rustix::fs::renameat(directory, from, directory, to)
}

/// Renames to a name that nobody has: what somebody put there after it was
/// looked at stays.
pub(super) fn rename_new(directory: BorrowedFd<'_>, from: &str, to: &str) -> Result<(), Errno> {
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    {
        let flags = rustix::fs::RenameFlags::NOREPLACE;
        match rustix::fs::renameat_with(directory, from, directory, to, flags) {
            // A file system or a kernel that does not know the flag.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            renamed => return renamed,
        }
    }
    rename_over(directory, from, to)
}

/// Removes a file; one that is gone already is removed.
pub(super) fn remove(directory: impl AsFd, name: &str) -> Result<(), Errno> {
    match rustix::fs::unlinkat(directory, name, AtFlags::empty()) {
        Err(Errno::NOENT) => Ok(()),
        removed => removed,
    }
}

pub(super) fn remove_directory(parent: impl AsFd, name: &str) -> Result<(), Errno> {
    rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR)
}

/// Makes a directory of which everything is ours vanish at once, and then
/// empties it by `empty`. Where something is in it that was not there when it
/// was looked at, it comes back with that.
pub(super) fn vanish(
    parent: BorrowedFd<'_>,
    name: &str,
    temporary: &str,
    empty: impl FnOnce(&OwnedFd) -> Result<(), Errno>,
) -> Result<(), Errno> {
    rename_new(parent, name, temporary)?;
    let emptied = open(parent, temporary)
        .and_then(|directory| empty(&directory))
        .and_then(|()| remove_directory(parent, temporary));
    match emptied {
        Ok(()) => Ok(()),
        Err(error) => {
            rename_new(parent, temporary, name)?;
            if error == Errno::NOTEMPTY || error == Errno::EXIST { Ok(()) } else { Err(error) }
        }
    }
}

/// Removes a temporary directory with what is in it, as far as that goes: what
/// cannot be removed now is removed by the next run. A directory that was
/// about to vanish may have directories in it, and those have none.
pub(super) fn sweep(parent: impl AsFd, name: &str) {
    if let Ok(directory) = open(&parent, name) {
        for_each_name(&directory, |inner| {
            if remove(&directory, inner).is_err()
                && let Ok(below) = open(&directory, inner)
            {
                for_each_name(&below, |file| {
                    let _ = remove(&below, file);
                });
                let _ = remove_directory(&directory, inner);
            }
        });
    }
    let _ = remove_directory(parent, name);
}

fn for_each_name(directory: &OwnedFd, mut act: impl FnMut(&str)) {
    let Ok(entries) = Dir::read_from(directory) else { return };
    for entry in entries.flatten() {
        match entry.file_name().to_str() {
            Ok("." | "..") | Err(_) => {}
            Ok(name) => act(name),
        }
    }
}
