//! What stands in an output tree, links not followed.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::code::{FOREIGN_FILE, OUTPUT_LINK, OUTPUT_UNREADABLE};
use crate::diagnostic::Finding;
use crate::source::{Entry, Location, ReadErrorKind, RepoPath, Store};

/// What stands at a path, links not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A device, a socket, a submodule, or a name that is no text.
    Other,
}

/// An output tree as it is: on disk, or in a commit.
pub trait Existing: Sync {
    /// What a path below the output directory is called in findings.
    fn name(&self, path: &RepoPath) -> RepoPath;

    /// What stands at a path; none where nothing does. Asked only where every
    /// directory above is one.
    fn stands(&self, path: &RepoPath) -> Result<Option<Stands>, ReadErrorKind>;

    /// The names directly in a directory, in any order.
    fn list(&self, directory: &RepoPath) -> Result<Vec<(String, Stands)>, ReadErrorKind>;

    /// The first bytes of a file, `most` or as many as it has.
    fn head(&self, file: &RepoPath, most: usize) -> Result<Vec<u8>, ReadErrorKind>;
}

/// An output tree in a store, such as a commit.
pub struct InStore<'a> {
    /// The repository.
    pub store: &'a dyn Store,
    /// The output directory in it.
    pub output: RepoPath,
}

impl Existing for InStore<'_> {
    fn name(&self, path: &RepoPath) -> RepoPath {
        below(&self.output, path)
    }

    fn stands(&self, path: &RepoPath) -> Result<Option<Stands>, ReadErrorKind> {
        Ok(self.store.entry(&self.name(path))?.as_ref().map(stands_of))
    }

    fn list(&self, directory: &RepoPath) -> Result<Vec<(String, Stands)>, ReadErrorKind> {
        let entries = self.store.list(&self.name(directory))?;
        Ok(entries.into_iter().map(|(name, entry)| (name, stands_of(&entry))).collect())
    }

    fn head(&self, file: &RepoPath, most: usize) -> Result<Vec<u8>, ReadErrorKind> {
        let mut bytes = self.store.read(&self.name(file))?;
        bytes.truncate(most);
        Ok(bytes)
    }
}

fn stands_of(entry: &Entry) -> Stands {
    match entry {
        Entry::File { .. } => Stands::File,
        Entry::Directory => Stands::Directory,
        Entry::Link { .. } => Stands::Link,
        Entry::Other => Stands::Other,
    }
}

/// A directory of this machine that rendered files are written to.
#[derive(Debug, Clone)]
pub struct Output {
    pub(super) directory: PathBuf,
    /// What it is called in findings; the root where its path is absolute.
    shown: RepoPath,
    /// Whether a link in place of the directory itself is one that the user named.
    pub(super) follow: bool,
}

impl Output {
    /// The output directory of a repository. Whoever can change the repository
    /// can put a link there, so none of its directories may be one.
    pub fn within(repository: &Path, output: &RepoPath) -> Result<Self, Finding> {
        let mut directory = repository.to_owned();
        let mut path = RepoPath::root();
        for segment in output.segments() {
            directory.push(segment);
            path = path.child(segment);
            match fs::symlink_metadata(&directory) {
                Ok(metadata) if metadata.is_dir() => {}
                Ok(metadata) => {
                    let link = metadata.is_symlink();
                    let stands = if link { Stands::Link } else { Stands::File };
                    return Err(in_the_way(&path, stands));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => break,
                Err(error) => return Err(unreadable(&path, &failed_io(&error))),
            }
        }
        let directory = repository.join(output.as_str());
        Ok(Self { directory, shown: output.clone(), follow: false })
    }

    /// A directory that the user named, wherever it is.
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        let directory = directory.into();
        let shown = directory.to_str().and_then(|path| RepoPath::new(path).ok());
        Self { directory, shown: shown.unwrap_or_else(RepoPath::root), follow: true }
    }

    /// What a path below it is called in findings.
    pub(super) fn name(&self, path: &RepoPath) -> RepoPath {
        below(&self.shown, path)
    }

    /// What a path below it is called where people read it: from the
    /// repository's root, or as the user named the directory.
    pub fn display(&self, path: &RepoPath) -> String {
        let directory = if self.follow { &*self.directory } else { Path::new(self.shown.as_str()) };
        directory.join(path.as_str()).display().to_string()
    }

    /// The directory, open; none where it is not there yet.
    pub(super) fn open(&self) -> Result<Option<OwnedFd>, Finding> {
        let mut flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        if !self.follow {
            flags |= OFlags::NOFOLLOW;
        }
        match rustix::fs::openat(CWD, &self.directory, flags, Mode::empty()) {
            Ok(root) => Ok(Some(root)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(Finding::new(
                &OUTPUT_UNREADABLE,
                format!(
                    "the output directory `{}` cannot be opened: {}",
                    self.directory.display(),
                    words(error)
                ),
                Location::of_path(&self.shown),
            )),
        }
    }

    /// What stands in the directory, which [`Output::open`] opened.
    pub(super) fn standing<'a>(&'a self, root: Option<&'a OwnedFd>) -> OnDisk<'a> {
        OnDisk { output: self, root }
    }
}

/// An open output directory; without one, nothing stands there yet.
#[derive(Debug)]
pub(super) struct OnDisk<'a> {
    output: &'a Output,
    root: Option<&'a OwnedFd>,
}

impl OnDisk<'_> {
    fn open(&self, path: &RepoPath, flags: OFlags) -> Result<OwnedFd, ReadErrorKind> {
        let root = self.root.ok_or(ReadErrorKind::Missing)?;
        let path = if path.is_root() { "." } else { path.as_str() };
        let flags = flags | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        rustix::fs::openat(root, path, flags, Mode::empty()).map_err(failed)
    }
}

impl Existing for OnDisk<'_> {
    fn name(&self, path: &RepoPath) -> RepoPath {
        self.output.name(path)
    }

    fn stands(&self, path: &RepoPath) -> Result<Option<Stands>, ReadErrorKind> {
        let Some(root) = self.root else { return Ok(None) };
        match rustix::fs::statat(root, path.as_str(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(kind_of(FileType::from_raw_mode(stat.st_mode)))),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    fn list(&self, directory: &RepoPath) -> Result<Vec<(String, Stands)>, ReadErrorKind> {
        if self.root.is_none() {
            return Ok(Vec::new());
        }
        let mut entries = Vec::new();
        for entry in Dir::new(self.open(directory, OFlags::DIRECTORY)?).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            // A name that is no text is none of ours.
            let (name, text) = match name.to_str() {
                Ok("." | "..") => continue,
                Ok(text) => (text.to_owned(), true),
                Err(_) => (name.to_string_lossy().into_owned(), false),
            };
            let stands = match entry.file_type() {
                _ if !text => Stands::Other,
                // Some file systems do not say it in the listing.
                FileType::Unknown => self.stands(&directory.child(&name))?.unwrap_or(Stands::Other),
                known => kind_of(known),
            };
            entries.push((name, stands));
        }
        Ok(entries)
    }

    fn head(&self, file: &RepoPath, most: usize) -> Result<Vec<u8>, ReadErrorKind> {
        let file = self.open(file, OFlags::empty())?;
        let mut bytes = vec![0; most];
        let mut filled = 0;
        while filled < most {
            match rustix::io::read(&file, &mut bytes[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(Errno::INTR) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }
}

fn kind_of(kind: FileType) -> Stands {
    match kind {
        FileType::RegularFile => Stands::File,
        FileType::Directory => Stands::Directory,
        FileType::Symlink => Stands::Link,
        _ => Stands::Other,
    }
}

fn below(directory: &RepoPath, path: &RepoPath) -> RepoPath {
    path.segments().fold(directory.clone(), |at, segment| at.child(segment))
}

/// Something stands where a directory or a file of ours has to.
pub(super) fn in_the_way(path: &RepoPath, stands: Stands) -> Finding {
    let (code, what) = match stands {
        Stands::Link => (&OUTPUT_LINK, "a symbolic link"),
        Stands::File => (&FOREIGN_FILE, "a file that is not rungs'"),
        Stands::Directory => (&FOREIGN_FILE, "a directory"),
        Stands::Other => (&FOREIGN_FILE, "something that is no file"),
    };
    Finding::new(code, format!("{what} stands at `{path}`"), Location::of_path(path))
        .because("is where rungs has to write")
        .help("move it away, or write elsewhere with `--output`; nothing was written")
}

pub(super) fn unreadable(path: &RepoPath, kind: &ReadErrorKind) -> Finding {
    Finding::new(&OUTPUT_UNREADABLE, format!("`{path}` {kind}"), Location::of_path(path))
        .help("look at its permissions and at the disk; nothing was written")
}

fn failed(error: Errno) -> ReadErrorKind {
    ReadErrorKind::Failed(words(error))
}

fn failed_io(error: &io::Error) -> ReadErrorKind {
    ReadErrorKind::Failed(error.to_string())
}

/// The system's words, which people search for.
pub(super) fn words(error: Errno) -> String {
    io::Error::from(error).to_string()
}
