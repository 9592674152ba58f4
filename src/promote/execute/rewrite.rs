//! Replacing files of a directory, all or none.

use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use crate::diagnostic::Finding;
use crate::git::Changes;
use crate::promote::code::UNWRITABLE_FILE;
use crate::source::{Location, RepoPath};

const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const NEW: OFlags = OFlags::WRONLY
    .union(OFlags::CREATE)
    .union(OFlags::EXCL)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// A file whose new bytes stand beside it.
struct Staged<'c> {
    path: &'c RepoPath,
    directory: OwnedFd,
    /// The name of the new bytes; none where the file goes.
    temporary: Option<String>,
}

/// Replaces the files below `root` by their new bytes. All of them are written
/// under other names first, so that a full disk is noticed while every file is
/// as it was. A link on the way is never followed.
pub(super) fn replace(root: &Path, files: &Changes) -> Result<(), Finding> {
    let mut staged = Vec::with_capacity(files.len());
    for (path, bytes) in files {
        match stage(root, path, bytes.as_deref()) {
            Ok(one) => staged.push(one),
            Err(error) => {
                staged.iter().for_each(discard);
                return Err(unwritable(path, error));
            }
        }
    }
    for (at, one) in staged.iter().enumerate() {
        if let Err(error) = settle(one) {
            staged[at..].iter().for_each(discard);
            return Err(unwritable(one.path, error));
        }
    }
    Ok(())
}

fn stage<'c>(root: &Path, path: &'c RepoPath, bytes: Option<&[u8]>) -> Result<Staged<'c>, Errno> {
    let mut directory =
        rustix::fs::open(root, DIRECTORY.difference(OFlags::NOFOLLOW), Mode::empty())?;
    let parent = path.parent().unwrap_or_else(RepoPath::root);
    for segment in parent.segments() {
        directory = match rustix::fs::openat(&directory, segment, DIRECTORY, Mode::empty()) {
            Err(Errno::NOENT) if bytes.is_some() => {
                rustix::fs::mkdirat(&directory, segment, Mode::from_raw_mode(0o777))?;
                rustix::fs::openat(&directory, segment, DIRECTORY, Mode::empty())?
            }
            opened => opened?,
        };
    }
    let Some(bytes) = bytes else { return Ok(Staged { path, directory, temporary: None }) };
    let mode = mode_of(&directory, path.name())?;
    let temporary = format!(".rungs-tmp-{}-{}", std::process::id(), path.name());
    let staged = Staged { path, directory, temporary: Some(temporary) };
    match write(&staged, bytes, mode) {
        Ok(()) => Ok(staged),
        Err(error) => {
            discard(&staged);
            Err(error)
        }
    }
}

/// The mode of the file that is there; none where there is none.
fn mode_of(directory: &OwnedFd, name: &str) -> Result<Option<Mode>, Errno> {
    match rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) if rustix::fs::FileType::from_raw_mode(stat.st_mode).is_file() => {
            Ok(Some(Mode::from_raw_mode(stat.st_mode & 0o7777)))
        }
        // A link leads elsewhere.
        Ok(_) => Err(Errno::LOOP),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(staged: &Staged<'_>, bytes: &[u8], mode: Option<Mode>) -> Result<(), Errno> {
    let name = staged.temporary.as_deref().unwrap_or_default();
    let default = Mode::from_raw_mode(0o666);
    let file = rustix::fs::openat(&staged.directory, name, NEW, default)?;
    let mut rest = bytes;
    while !rest.is_empty() {
        match rustix::io::write(&file, rest) {
            Ok(count) => rest = &rest[count..],
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    match mode {
        Some(mode) => rustix::fs::fchmod(&file, mode),
        None => Ok(()),
    }
}

fn settle(staged: &Staged<'_>) -> Result<(), Errno> {
    let (directory, name) = (&staged.directory, staged.path.name());
    match &staged.temporary {
        Some(temporary) => rustix::fs::renameat(directory, &**temporary, directory, name),
        None => match rustix::fs::unlinkat(directory, name, AtFlags::empty()) {
            Err(Errno::NOENT) => Ok(()),
            removed => removed,
        },
    }
}

fn discard(staged: &Staged<'_>) {
    if let Some(temporary) = &staged.temporary {
        let _ = rustix::fs::unlinkat(&staged.directory, &**temporary, AtFlags::empty());
    }
}

fn unwritable(path: &RepoPath, error: Errno) -> Finding {
    let because = match error {
        Errno::LOOP | Errno::NOTDIR => "a link stands there, and leads elsewhere".to_owned(),
        error => std::io::Error::from(error).to_string(),
    };
    Finding::new(
        &UNWRITABLE_FILE,
        format!("`{path}` could not be written"),
        Location::of_path(path),
    )
    .because(because)
    .help("nothing was changed; make room or mend the permissions, and try again")
}
