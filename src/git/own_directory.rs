//! A directory of rungs' own in a clone.

use std::path::{Path, PathBuf};

use super::LocalClone;
use crate::disk::{DiskError, LockedDirectory, OpenDirectory};

/// The directory in the clone's own one that everything of rungs is in.
const ROOT: &str = "rungs";

/// A directory below `rungs` in the directory that all work trees of a clone share. It
/// need not exist yet.
#[derive(Debug, Clone)]
pub(super) struct OwnDirectory {
    clone: PathBuf,
    names: Vec<String>,
}

impl OwnDirectory {
    /// The directory that these names lead to.
    pub(super) fn of(clone: &LocalClone, names: &[&str]) -> Self {
        Self::below(clone.common_directory(), names)
    }

    /// The same below another directory than a clone's.
    pub(super) fn below(clone: PathBuf, names: &[&str]) -> Self {
        let names = std::iter::once(ROOT).chain(names.iter().copied());
        Self { clone, names: names.map(str::to_owned).collect() }
    }

    /// Its path.
    pub(super) fn path(&self) -> PathBuf {
        self.names.iter().fold(self.clone.clone(), |path, name| path.join(name))
    }

    /// The directory that it is in.
    pub(super) fn parent(&self) -> Self {
        let names = &self.names[..self.names.len() - 1];
        Self { clone: self.clone.clone(), names: names.to_vec() }
    }

    /// Opens it for writing, and makes it if it does not exist. None of its names may be a
    /// link, which could lead to somebody's files.
    pub(super) fn open(&self) -> Result<OpenDirectory, DiskError> {
        let mut at = OpenDirectory::at(&self.clone, true)?;
        for name in &self.names {
            at = at.child_or_new(name)?;
        }
        Ok(at)
    }

    /// Opens it to write to it; none if another run is writing.
    pub(super) fn lock(&self) -> Result<Option<LockedDirectory>, DiskError> {
        Ok(self.open()?.lock())
    }
}

/// Whether a path is that of a file, which reading does not wait for.
pub(super) fn is_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_file())
}
