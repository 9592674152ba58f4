//! An output directory on this machine.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::code::{OUTPUT_BUSY, OUTPUT_UNREADABLE, OUTPUT_UNWRITABLE};
use super::existing::{Existing, below, in_the_way, unreadable};
use crate::diagnostic::{Code, Finding};
use crate::disk::{DiskError, LockedDirectory, OpenDirectory};
use crate::source::{EntryKind, Location, ReadErrorKind, RepoPath};

/// A directory on this machine that rendered files are written to.
#[derive(Debug, Clone)]
pub struct OutputDirectory {
    path: PathBuf,
    /// Its path in findings; the root if its path is absolute.
    shown: RepoPath,
    /// Whether the directory itself may be a link, because the user named it.
    follow: bool,
}

impl OutputDirectory {
    /// The output directory of a repository. Whoever can change the repository
    /// can put a link there, so no directory on its path may be one.
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
                    let kind = if link { EntryKind::Link } else { EntryKind::File };
                    return Err(in_the_way(&path, kind));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => break,
                Err(error) => {
                    return Err(unreadable(&path, &ReadErrorKind::Failed(error.to_string())));
                }
            }
        }
        let path = repository.join(output.as_str());
        Ok(Self { path, shown: output.clone(), follow: false })
    }

    /// A directory that the user named, wherever it is.
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        let path = directory.into();
        let shown = path.to_str().and_then(|path| RepoPath::new(path).ok());
        Self { path, shown: shown.unwrap_or_else(RepoPath::root), follow: true }
    }

    /// A path below it, as findings show it.
    pub(super) fn name(&self, path: &RepoPath) -> RepoPath {
        below(&self.shown, path)
    }

    /// A path below it, as people read it: from the repository's root, or as the
    /// user named the directory.
    pub fn display(&self, path: &RepoPath) -> String {
        let directory = if self.follow { &*self.path } else { Path::new(self.shown.as_str()) };
        directory.join(path.as_str()).display().to_string()
    }

    /// Opens the directory; none if it does not exist yet.
    pub(super) fn open(&self) -> Result<Option<OpenDirectory>, Finding> {
        match OpenDirectory::at(&self.path, self.follow) {
            Ok(root) => Ok(Some(root)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(self.refused(&OUTPUT_UNREADABLE, "opened", error)),
        }
    }

    /// The contents of the directory that [`OutputDirectory::open`] opened.
    pub(super) fn on_disk<'a>(&'a self, root: Option<&'a OpenDirectory>) -> OnDisk<'a> {
        OnDisk { output: self, root }
    }

    /// Keeps other runs away, and creates the directory if it does not exist. A
    /// file system without locks is written without one.
    pub fn lock(&self) -> Result<Lock<'_>, Finding> {
        let root = OpenDirectory::at_or_new(&self.path, self.follow)
            .map_err(|error| self.refused(&OUTPUT_UNWRITABLE, "written", error))?;
        if let Some(root) = root.lock() {
            return Ok(Lock { output: self, root });
        }
        let message = format!("another rungs is writing `{}`", self.path.display());
        Err(Finding::new(&OUTPUT_BUSY, message, Location::of_path(&self.shown))
            .help("try again when it is done"))
    }

    fn refused(&self, code: &'static Code, done: &str, error: DiskError) -> Finding {
        let directory = self.path.display();
        let message = format!("the output directory `{directory}` cannot be {done}: {error}");
        Finding::new(code, message, Location::of_path(&self.shown))
    }
}

/// An output directory that no other run writes to until this is dropped, or
/// the process ends.
#[derive(Debug)]
pub struct Lock<'a> {
    pub(super) output: &'a OutputDirectory,
    pub(super) root: LockedDirectory,
}

impl Lock<'_> {
    /// The contents of the directory.
    pub(super) fn on_disk(&self) -> OnDisk<'_> {
        self.output.on_disk(Some(&self.root))
    }
}

/// The contents of an output directory; empty if it could not be opened because
/// it does not exist yet.
#[derive(Debug)]
pub(super) struct OnDisk<'a> {
    output: &'a OutputDirectory,
    root: Option<&'a OpenDirectory>,
}

impl Existing for OnDisk<'_> {
    fn name(&self, path: &RepoPath) -> RepoPath {
        self.output.name(path)
    }

    fn kind(&self, path: &RepoPath) -> Result<Option<EntryKind>, ReadErrorKind> {
        let Some(root) = self.root else { return Ok(None) };
        root.kind(path.as_str()).map_err(failed)
    }

    fn list(&self, directory: &RepoPath) -> Result<Vec<(String, EntryKind)>, ReadErrorKind> {
        let Some(root) = self.root else { return Ok(Vec::new()) };
        let path = if directory.is_root() { "." } else { directory.as_str() };
        root.entries(path).map_err(failed)
    }

    fn head(&self, file: &RepoPath, most: usize) -> Result<Vec<u8>, ReadErrorKind> {
        let root = self.root.ok_or(ReadErrorKind::Missing)?;
        root.head(file.as_str(), most).map_err(failed)
    }
}

fn failed(error: DiskError) -> ReadErrorKind {
    ReadErrorKind::Failed(error.to_string())
}
