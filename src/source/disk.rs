//! The work tree on disk.

use std::ffi::CStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, open, openat, readlinkat, statat};
use rustix::io::Errno;

use super::{EntryKind, MAX_FILE_BYTES, ReadErrorKind, RepoPath, Store, StoreEntry, StoreError};

/// The files below a directory of this machine.
///
/// A [`super::Tree`] resolves links before it asks, so none is followed here, wherever in
/// a path it is: what was a directory when it was looked at may be a link to another
/// place when it is opened. Paths are opened from the root, and not by their names.
#[derive(Debug)]
pub struct Disk {
    root: PathBuf,
    opened: OnceLock<OwnedFd>,
}

impl Disk {
    /// The files below `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), opened: OnceLock::new() }
    }

    /// The root, opened. It may itself be reached through a link.
    fn opened_root(&self) -> io::Result<BorrowedFd<'_>> {
        if let Some(opened) = self.opened.get() {
            return Ok(opened.as_fd());
        }
        let opened = open(&self.root, DIRECTORY, Mode::empty())?;
        Ok(self.opened.get_or_init(|| opened).as_fd())
    }

    /// A directory, opened; no link leads to it.
    fn directory_at(&self, path: &str) -> io::Result<OwnedFd> {
        let root = self.opened_root()?;
        if path.is_empty() {
            return root.try_clone_to_owned();
        }
        beneath(root, path)
    }

    /// The open directory that a path's last segment is in, with that segment.
    fn place<'p>(&self, path: &'p RepoPath) -> io::Result<(OwnedFd, &'p str)> {
        let (directory, name) = path.split();
        Ok((self.directory_at(directory)?, name))
    }

    /// The names in a directory, each with what `of` returns for it.
    fn children<T>(
        &self,
        directory: &RepoPath,
        of: impl Fn(BorrowedFd<'_>, &CStr, FileType) -> io::Result<T>,
    ) -> Result<Vec<(String, T)>, StoreError> {
        let opened = self.directory_at(directory.as_str()).map_err(|e| failed(&e))?;
        // Reading a directory needs a position of its own.
        let listed = openat(&opened, c".", DIRECTORY_TO_LIST, Mode::empty());
        let mut children = Vec::new();
        for child in
            Dir::new(listed.map_err(|e| failed(&e.into()))?).map_err(|e| failed(&e.into()))?
        {
            let child = child.map_err(|e| failed(&e.into()))?;
            let name = child.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let text = name.to_str().map_err(|_| ReadErrorKind::name_not_utf8(name.to_bytes()))?;
            let value = of(opened.as_fd(), name, child.file_type()).map_err(|e| failed(&e))?;
            children.push((text.to_owned(), value));
        }
        Ok(children)
    }
}

/// How a directory is opened that is only on the way.
#[cfg(target_os = "linux")]
const DIRECTORY: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const DIRECTORY: OFlags = DIRECTORY_TO_LIST;

const DIRECTORY_TO_LIST: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Opens a directory below another one, without following any link.
#[cfg(target_os = "linux")]
fn beneath(root: BorrowedFd<'_>, path: &str) -> io::Result<OwnedFd> {
    use rustix::fs::{ResolveFlags, openat2};
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match openat2(root, path, DIRECTORY, Mode::empty(), resolve) {
        // Older kernels do not have it, and what confines containers may not know it.
        Err(Errno::NOSYS | Errno::PERM | Errno::AGAIN) => step_by_step(root, path),
        opened => Ok(opened?),
    }
}

#[cfg(not(target_os = "linux"))]
fn beneath(root: BorrowedFd<'_>, path: &str) -> io::Result<OwnedFd> {
    step_by_step(root, path)
}

/// Opens one directory after the other.
fn step_by_step(root: BorrowedFd<'_>, path: &str) -> io::Result<OwnedFd> {
    let mut at = root.try_clone_to_owned()?;
    for segment in path.split('/') {
        at = openat(&at, segment, DIRECTORY | OFlags::NOFOLLOW, Mode::empty())?;
    }
    Ok(at)
}

impl Store for Disk {
    fn entry(&self, path: &RepoPath) -> Result<Option<StoreEntry>, StoreError> {
        if path.is_root() {
            // A root that cannot be entered is there all the same.
            return match fs::metadata(&self.root) {
                Ok(root) if root.is_dir() => Ok(Some(StoreEntry::Directory)),
                Ok(root) if root.is_file() => Ok(Some(StoreEntry::File { size: Some(root.len()) })),
                Ok(_) => Ok(Some(StoreEntry::Other)),
                Err(error) if is_absence(&error) => Ok(None),
                Err(error) => Err(failed(&error)),
            };
        }
        let entry =
            self.place(path).and_then(|(directory, name)| entry_at(directory.as_fd(), name));
        match entry {
            Ok(entry) => Ok(Some(entry)),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(failed(&error)),
        }
    }

    fn list(&self, directory: &RepoPath) -> Result<Vec<(String, StoreEntry)>, StoreError> {
        self.children(directory, |directory, name, _| entry_at(directory, name))
    }

    fn names(&self, directory: &RepoPath) -> Result<Vec<(String, EntryKind)>, StoreError> {
        self.children(directory, |directory, name, kind| match kind {
            // Not every file system says it in its listings.
            FileType::Unknown => Ok(entry_at(directory, name)?.kind()),
            kind => Ok(kind_of(kind)),
        })
    }

    fn read(&self, path: &RepoPath) -> Result<Vec<u8>, StoreError> {
        let opened = self.place(path).and_then(|(directory, name)| {
            // It was a file a moment ago. Whatever is there now is not waited for, nor
            // followed.
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            Ok(File::from(openat(directory, name, flags, Mode::empty())?))
        });
        let mut file = opened.map_err(|e| failed(&e))?;
        let metadata = file.metadata().map_err(|e| failed(&e))?;
        if !metadata.is_file() {
            return Err(ReadErrorKind::NotAFile);
        }
        let size = metadata.len();
        if size > MAX_FILE_BYTES {
            return Err(ReadErrorKind::TooLarge { size });
        }
        read_of_size(&mut file, usize::try_from(size).unwrap_or_default()).map_err(|e| failed(&e))
    }

    fn directory(&self) -> Option<&Path> {
        Some(&self.root)
    }
}

/// The bytes of a file that is said to have that size.
fn read_of_size(file: &mut File, size: usize) -> io::Result<Vec<u8>> {
    // With room for one byte more, a read that stops at the size has found the end.
    let mut bytes = vec![0; size + 1];
    let read = match file.read(&mut bytes) {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
        read => read?,
    };
    bytes.truncate(read);
    if read != size {
        // A file that grows while it is read is bounded as well.
        file.take(MAX_FILE_BYTES + 1 - read as u64).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// What is in an open directory under a name.
fn entry_at(
    directory: BorrowedFd<'_>,
    name: impl rustix::path::Arg + Copy,
) -> io::Result<StoreEntry> {
    let stat = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(match kind_of(FileType::from_raw_mode(stat.st_mode)) {
        EntryKind::Link => {
            let target = readlinkat(directory, name, Vec::new())?;
            StoreEntry::Link { target: target.to_string_lossy().into_owned() }
        }
        EntryKind::Directory => StoreEntry::Directory,
        EntryKind::File => StoreEntry::File { size: u64::try_from(stat.st_size).ok() },
        EntryKind::Other => StoreEntry::Other,
    })
}

fn kind_of(kind: FileType) -> EntryKind {
    match kind {
        FileType::Symlink => EntryKind::Link,
        FileType::Directory => EntryKind::Directory,
        FileType::RegularFile => EntryKind::File,
        _ => EntryKind::Other,
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn failed(error: &io::Error) -> StoreError {
    if Errno::from_io_error(error) == Some(Errno::LOOP) {
        return ReadErrorKind::Failed("it became a link while it was read".to_owned());
    }
    ReadErrorKind::Failed(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::source::Tree;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    /// A repository with a directory, and beside it another place that has the same file.
    fn beside() -> (tempfile::TempDir, Disk) {
        let directory = tempfile::tempdir().unwrap();
        for (at, text) in [("repo/a/b", "ours"), ("outside/b", "theirs")] {
            fs::create_dir_all(directory.path().join(at)).unwrap();
            fs::write(directory.path().join(at).join("file"), text).unwrap();
        }
        let disk = Disk::new(directory.path().join("repo"));
        (directory, disk)
    }

    /// Puts a link out of the repository in the place of its directory `a`.
    fn swap(directory: &Path) {
        fs::rename(directory.join("repo/a"), directory.join("away")).unwrap();
        symlink("../outside", directory.join("repo/a")).unwrap();
    }

    #[test]
    fn a_link_that_takes_the_place_of_a_directory_is_not_followed() {
        let (directory, disk) = beside();
        let tree = Tree::new(disk);
        // The tree now takes `a` and `a/b` for directories.
        assert_eq!(tree.names(&path("a/b")).unwrap().len(), 1);
        swap(directory.path());
        let error = tree.read_bytes(&path("a/b/file")).unwrap_err();
        assert!(matches!(error.kind, ReadErrorKind::Failed(_) | ReadErrorKind::Missing), "{error}");
    }

    #[test]
    fn nothing_is_read_listed_or_seen_through_a_link() {
        let (directory, disk) = beside();
        assert_eq!(disk.read(&path("a/b/file")).unwrap(), b"ours");
        swap(directory.path());
        assert!(disk.read(&path("a/b/file")).is_err());
        assert!(disk.list(&path("a/b")).is_err());
        assert!(disk.names(&path("a")).is_err());
        assert!(!matches!(disk.entry(&path("a/b/file")), Ok(Some(_))));
        let link = StoreEntry::Link { target: "../outside".to_owned() };
        assert_eq!(disk.entry(&path("a")).unwrap(), Some(link));
    }

    #[test]
    fn directories_are_opened_one_by_one_where_the_kernel_cannot_do_it_at_once() {
        let (directory, disk) = beside();
        let root = disk.opened_root().unwrap();
        let opened = step_by_step(root, "a/b").unwrap();
        assert_eq!(entry_at(opened.as_fd(), "file").unwrap().kind(), EntryKind::File);
        swap(directory.path());
        assert!(step_by_step(root, "a/b").is_err());
    }

    #[test]
    fn links_within_the_repository_lead_where_they_always_did() {
        let (directory, disk) = beside();
        symlink("a", directory.path().join("repo/link")).unwrap();
        symlink("../a/b/file", directory.path().join("repo/a/up")).unwrap();
        let tree = Tree::new(disk);
        assert_eq!(tree.read_bytes(&path("link/b/file")).unwrap(), b"ours");
        assert_eq!(tree.read_bytes(&path("link/up")).unwrap(), b"ours");
    }
}
