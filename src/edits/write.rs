//! Bytes onto the disk: all of them, or none.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::source::RepoPath;

/// How names begin that exist only while a run writes.
const TEMPORARY: &str = ".rungs-tmp-";

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
const EXISTING: OFlags = OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const NEW: OFlags = OFlags::WRONLY
    .union(OFlags::CREATE)
    .union(OFlags::EXCL)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// What becomes of a file.
#[derive(Debug, Clone, Copy)]
pub struct Rewrite<'t> {
    /// A directory of this machine. A link in its path is followed: who asks
    /// has named it.
    pub root: &'t Path,
    /// The file below it. No directory on the way, and not the file, may be a
    /// link: whoever can change the files could put one there.
    pub path: &'t RepoPath,
    /// What it says now; none where it is not there.
    pub old: Option<&'t [u8]>,
    /// What it is to say; none where it goes.
    pub new: Option<&'t [u8]>,
}

/// Changes files, each by a temporary file beside it and a rename; one that is
/// there keeps its mode. All of them are written before the first is put in
/// its place, so that a full disk is noticed while every file is as it was.
/// Where one cannot be put, or was changed meanwhile, all are as they were.
///
/// # Errors
///
/// The place among `files` of the first that could not be changed, and why.
pub fn write(files: &[Rewrite<'_>]) -> Result<(), (usize, io::Error)> {
    let mut staged = Vec::with_capacity(files.len());
    for (at, file) in files.iter().enumerate() {
        staged.push(Staged::of(file).map_err(|error| (at, explained(error)))?);
    }
    for at in 0..staged.len() {
        if let Err(error) = staged[at].put() {
            staged[..at].iter().for_each(Staged::restore);
            return Err((at, error));
        }
    }
    Ok(())
}

/// A file whose new bytes stand beside it; they are removed where they are not
/// put.
struct Staged<'t> {
    file: &'t Rewrite<'t>,
    directory: OwnedFd,
    temporary: String,
    mode: Option<Mode>,
}

impl<'t> Staged<'t> {
    fn of(file: &'t Rewrite<'t>) -> Result<Self, Errno> {
        let directory = directory(file)?;
        let name = file.path.name();
        let mode = mode(&directory, name)?;
        let temporary = format!("{TEMPORARY}{}-{name}", std::process::id());
        let staged = Self { file, directory, temporary, mode };
        if let Some(new) = file.new {
            staged.fill(new)?;
        }
        Ok(staged)
    }

    fn fill(&self, bytes: &[u8]) -> Result<(), Errno> {
        let default = Mode::from_raw_mode(0o666);
        let file = rustix::fs::openat(&self.directory, &*self.temporary, NEW, default)?;
        let mut rest = bytes;
        while !rest.is_empty() {
            match rustix::io::write(&file, rest) {
                Ok(count) => rest = &rest[count..],
                Err(Errno::INTR) => {}
                Err(error) => return Err(error),
            }
        }
        if let Some(mode) = self.mode {
            rustix::fs::fchmod(&file, mode)?;
        }
        rustix::fs::fsync(&file)
    }

    fn put(&self) -> io::Result<()> {
        let (directory, name) = (&self.directory, self.file.path.name());
        // What somebody wrote since it was read stays.
        if read(directory, name).map_err(explained)?.as_deref() != self.file.old {
            return Err(io::Error::other("it was changed meanwhile"));
        }
        let put = match self.file.new {
            Some(_) => rustix::fs::renameat(directory, &*self.temporary, directory, name),
            None => rustix::fs::unlinkat(directory, name, AtFlags::empty()),
        };
        put.map_err(explained)
    }

    /// Puts back what was there, as far as that goes.
    fn restore(&self) {
        let (directory, name) = (&self.directory, self.file.path.name());
        match self.file.old {
            Some(old) if self.fill(old).is_ok() => {
                let _ = rustix::fs::renameat(directory, &*self.temporary, directory, name);
            }
            Some(_) => {}
            None => {
                let _ = rustix::fs::unlinkat(directory, name, AtFlags::empty());
            }
        }
    }
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        let _ = rustix::fs::unlinkat(&self.directory, &*self.temporary, AtFlags::empty());
    }
}

/// The directory that a file is in, which is made where a new file is to be.
fn directory(file: &Rewrite<'_>) -> Result<OwnedFd, Errno> {
    let mut directory = rustix::fs::open(file.root, DIRECTORY, Mode::empty())?;
    let below = DIRECTORY.union(OFlags::NOFOLLOW);
    let parent = file.path.parent().unwrap_or_else(RepoPath::root);
    for segment in parent.segments() {
        directory = match rustix::fs::openat(&directory, segment, below, Mode::empty()) {
            Err(Errno::NOENT) if file.new.is_some() => {
                rustix::fs::mkdirat(&directory, segment, Mode::from_raw_mode(0o777))?;
                rustix::fs::openat(&directory, segment, below, Mode::empty())?
            }
            opened => opened?,
        };
    }
    Ok(directory)
}

/// The mode of the file that is there; none where there is none.
fn mode(directory: impl AsFd, name: &str) -> Result<Option<Mode>, Errno> {
    match rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) if FileType::from_raw_mode(stat.st_mode).is_file() => {
            Ok(Some(Mode::from_raw_mode(stat.st_mode & 0o7777)))
        }
        Ok(_) => Err(Errno::LOOP),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(directory: impl AsFd, name: &str) -> Result<Option<Vec<u8>>, Errno> {
    let file = match rustix::fs::openat(directory, name, EXISTING, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(None),
        opened => opened?,
    };
    let mut bytes = Vec::new();
    let mut part = [0; 16 << 10];
    loop {
        match rustix::io::read(&file, &mut part) {
            Ok(0) => return Ok(Some(bytes)),
            Ok(count) => bytes.extend_from_slice(&part[..count]),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

fn explained(error: Errno) -> io::Error {
    match error {
        Errno::LOOP | Errno::NOTDIR => {
            io::Error::other("a link or something else than a file stands there")
        }
        error => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    #[test]
    fn what_cannot_be_put_leaves_every_file_as_it_was() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        fs::write(root.join("a"), "a").unwrap();
        fs::write(root.join("b"), "somebody's").unwrap();
        let (a, b, new) = (path("a"), path("b"), path("d/new"));
        let files = [
            Rewrite { root, path: &a, old: Some(b"a"), new: Some(b"changed") },
            Rewrite { root, path: &new, old: None, new: Some(b"new") },
            Rewrite { root, path: &b, old: Some(b"b"), new: Some(b"changed") },
        ];
        let (at, error) = write(&files).unwrap_err();
        assert_eq!((at, error.to_string().as_str()), (2, "it was changed meanwhile"));
        assert_eq!(fs::read_to_string(root.join("a")).unwrap(), "a");
        assert_eq!(fs::read_to_string(root.join("b")).unwrap(), "somebody's");
        let names = |at: &Path| fs::read_dir(at).unwrap().count();
        assert_eq!((names(root), names(&root.join("d"))), (3, 0), "nothing is left behind");
    }

    #[test]
    fn files_come_change_and_go_together() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        fs::write(root.join("a"), "a").unwrap();
        fs::write(root.join("b"), "b").unwrap();
        let (a, b, new) = (path("a"), path("b"), path("d/new"));
        let files = [
            Rewrite { root, path: &a, old: Some(b"a"), new: Some(b"changed") },
            Rewrite { root, path: &b, old: Some(b"b"), new: None },
            Rewrite { root, path: &new, old: None, new: Some(b"new") },
        ];
        write(&files).unwrap();
        assert_eq!(fs::read_to_string(root.join("a")).unwrap(), "changed");
        assert_eq!(fs::read_to_string(root.join("d/new")).unwrap(), "new");
        assert!(!root.join("b").exists());
    }

    #[cfg(unix)]
    #[test]
    fn no_link_is_followed() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        fs::create_dir(root.join("real")).unwrap();
        fs::write(root.join("real/a"), "a").unwrap();
        std::os::unix::fs::symlink("real", root.join("link")).unwrap();
        std::os::unix::fs::symlink("real/a", root.join("a")).unwrap();
        for named in ["link/a", "a"] {
            let named = path(named);
            let file = Rewrite { root, path: &named, old: Some(b"a"), new: Some(b"b") };
            assert!(write(&[file]).is_err(), "{named}");
        }
        assert_eq!(fs::read_to_string(root.join("real/a")).unwrap(), "a");
    }
}
