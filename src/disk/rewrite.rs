//! Writing a set of files to the disk: all of them, or none.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rustix::fs::Mode;

use super::{DiskError, LockedDirectory, OnConflict, OpenDirectory};
use crate::source::RepoPath;

/// A file, with its bytes before and after.
#[derive(Debug, Clone, Copy)]
pub struct Rewrite<'t> {
    /// A directory of this machine, which is made if it does not exist and a
    /// file is to be in it. A link in its path is followed: the user has named
    /// it.
    pub root: &'t Path,
    /// The file below it. Neither a directory on the way nor the file may be a
    /// link: anyone who can change the files could put one there.
    pub path: &'t RepoPath,
    /// The bytes that it has to have now; none if it must not exist.
    pub old: Option<&'t [u8]>,
    /// The bytes that it gets; none if it is removed.
    pub new: Option<&'t [u8]>,
}

/// Why a set of files was not written.
#[derive(Debug, thiserror::Error)]
#[error("{fault}")]
pub struct WriteError {
    /// The index of the first file of the set that could not be changed.
    pub at: usize,
    /// The reason.
    pub fault: WriteFault,
    /// The indices of those that were changed and could not be restored; all
    /// others are as they were.
    pub left: Vec<usize>,
}

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteFault {
    /// Its bytes are not those that it has to have.
    #[error("it was changed meanwhile")]
    Changed,
    /// Something else is in its place, or in that of a directory on the way.
    #[error("a link, or something else that is not a file, is there")]
    NotAFile,
    /// The system refused.
    #[error("{0}")]
    Refused(DiskError),
}

impl From<DiskError> for WriteFault {
    fn from(error: DiskError) -> Self {
        if error.is_kind() { Self::NotAFile } else { Self::Refused(error) }
    }
}

/// Changes files, each by a temporary file beside it and a rename; an existing
/// file keeps its mode.
///
/// Every file is looked at, and every new one written, before the first is put
/// in its place, so that a full disk is noticed while every file is as it was.
/// If one cannot be put in its place, or is not what it was, those before it
/// are restored and directories that were made are removed again.
///
/// Files that replace others are flushed to the disk first: a loss of power
/// must not cost both the old bytes and the new ones. A set that replaces
/// nothing has nothing to lose, and is not flushed.
pub fn write(files: &[Rewrite<'_>]) -> Result<(), WriteError> {
    let mut directories = Directories::default();
    let written = stage_and_put(files, &mut directories);
    if written.is_err() {
        directories.remove_made();
    }
    written
}

fn stage_and_put(files: &[Rewrite<'_>], directories: &mut Directories) -> Result<(), WriteError> {
    let flush = files.iter().any(|file| file.old.is_some());
    let mut staged = Vec::with_capacity(files.len());
    for (at, file) in files.iter().enumerate() {
        let one = directories.of(file).and_then(|directory| Staged::of(file, directory, flush));
        staged.push(one.map_err(|fault| WriteError { at, fault, left: Vec::new() })?);
    }
    for at in 0..staged.len() {
        if let Err(fault) = staged[at].put() {
            let is_left = |at: &usize| staged[*at].restore().is_err();
            let left = (0..at).rev().filter(is_left).collect();
            return Err(WriteError { at, fault, left });
        }
    }
    Ok(())
}

/// A file whose new bytes are beside it; they are removed if they are not put
/// in its place.
struct Staged<'t> {
    file: &'t Rewrite<'t>,
    directory: Rc<LockedDirectory>,
    /// The temporary name of the new bytes; none if the file is removed.
    temporary: Option<String>,
    /// The mode of the existing file.
    mode: Option<Mode>,
}

impl<'t> Staged<'t> {
    fn of(
        file: &'t Rewrite<'t>,
        directory: Rc<LockedDirectory>,
        flush: bool,
    ) -> Result<Self, WriteFault> {
        let mode = directory.mode(file.path.name())?;
        let mut staged = Self { file, directory, temporary: None, mode };
        staged.check(file.old)?;
        if let Some(new) = file.new {
            staged.temporary = Some(staged.directory.stage(new, mode, flush)?);
        }
        Ok(staged)
    }

    /// Checks that the file has these bytes: what somebody wrote meanwhile is
    /// kept.
    fn check(&self, bytes: Option<&[u8]>) -> Result<(), WriteFault> {
        let is_same = self.directory.holds(self.file.path.name(), bytes)?;
        if is_same { Ok(()) } else { Err(WriteFault::Changed) }
    }

    fn put(&mut self) -> Result<(), WriteFault> {
        self.check(self.file.old)?;
        let name = self.file.path.name();
        let Some(temporary) = &self.temporary else { return Ok(self.directory.remove(name)?) };
        let on_conflict =
            if self.file.old.is_some() { OnConflict::Replace } else { OnConflict::Fail };
        self.directory.rename(temporary, name, on_conflict)?;
        self.temporary = None;
        Ok(())
    }

    /// Restores the file to what it was before.
    fn restore(&self) -> Result<(), WriteFault> {
        self.check(self.file.new)?;
        let (directory, name) = (&self.directory, self.file.path.name());
        let Some(old) = self.file.old else { return Ok(directory.remove(name)?) };
        let staged = directory.stage(old, self.mode, true)?;
        let on_conflict =
            if self.file.new.is_some() { OnConflict::Replace } else { OnConflict::Fail };
        let placed = directory.rename(&staged, name, on_conflict);
        if placed.is_err() {
            let _ = directory.remove(&staged);
        }
        Ok(placed?)
    }
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            let _ = self.directory.remove(temporary);
        }
    }
}

/// The directories that a set of files is in, each open once: there may be more
/// files than a process may have open.
#[derive(Default)]
struct Directories {
    open: BTreeMap<(PathBuf, RepoPath), Rc<LockedDirectory>>,
    /// The directories that were made for a root, the outermost first.
    made_roots: Vec<PathBuf>,
    /// Those that were made below roots, each with the directory that it is in.
    made: Vec<(Rc<LockedDirectory>, String)>,
}

impl Directories {
    /// The directory that a file is in, swept of what killed runs left.
    fn of(&mut self, file: &Rewrite<'_>) -> Result<Rc<LockedDirectory>, WriteFault> {
        let parent = file.path.parent().unwrap_or_else(RepoPath::root);
        self.open(file.root, &parent, file.new.is_some())
    }

    /// Opens a directory, and makes it if it does not exist and `is_needed`.
    fn open(
        &mut self,
        root: &Path,
        path: &RepoPath,
        is_needed: bool,
    ) -> Result<Rc<LockedDirectory>, WriteFault> {
        let key = (root.to_owned(), path.clone());
        if let Some(open) = self.open.get(&key) {
            return Ok(Rc::clone(open));
        }
        let opened = match path.parent() {
            None => self.root(root, is_needed)?,
            Some(above) => {
                let above = self.open(root, &above, is_needed)?;
                self.child(&above, path.name(), is_needed)?
            }
        };
        let opened = Rc::new(opened.sweep_and_lock());
        self.open.insert(key, Rc::clone(&opened));
        Ok(opened)
    }

    fn root(&mut self, root: &Path, is_needed: bool) -> Result<OpenDirectory, WriteFault> {
        match OpenDirectory::at(root, true) {
            Err(error) if error.is_missing() && is_needed => {
                self.make_root(root)?;
                Ok(OpenDirectory::at(root, true)?)
            }
            opened => Ok(opened?),
        }
    }

    /// Makes a directory and those above it that do not exist.
    fn make_root(&mut self, root: &Path) -> Result<(), DiskError> {
        let is_missing = |path: &&Path| !path.as_os_str().is_empty() && !path.is_dir();
        let missing: Vec<_> = root.ancestors().take_while(is_missing).collect();
        for directory in missing.into_iter().rev() {
            match fs::create_dir(directory) {
                Ok(()) => self.made_roots.push(directory.to_owned()),
                // `new/..`, which exists as soon as `new` does.
                Err(_) if directory.is_dir() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn child(
        &mut self,
        above: &Rc<LockedDirectory>,
        name: &str,
        is_needed: bool,
    ) -> Result<OpenDirectory, WriteFault> {
        match above.child(name) {
            Err(error) if error.is_missing() && is_needed => {
                above.make(name)?;
                self.made.push((Rc::clone(above), name.to_owned()));
                Ok(above.child(name)?)
            }
            opened => Ok(opened?),
        }
    }

    /// Removes the directories that were made, newest first. One that somebody
    /// has put something into meanwhile is kept.
    fn remove_made(self) {
        for (above, name) in self.made.iter().rev() {
            let _ = above.remove_directory(name);
        }
        for root in self.made_roots.iter().rev() {
            let _ = fs::remove_dir(root);
        }
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
    fn a_file_that_cannot_be_changed_leaves_every_file_as_it_was() {
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
        let error = write(&files).unwrap_err();
        assert_eq!((error.at, error.to_string().as_str()), (2, "it was changed meanwhile"));
        assert_eq!(error.left, Vec::<usize>::new());
        assert_eq!(fs::read_to_string(root.join("a")).unwrap(), "a");
        assert_eq!(fs::read_to_string(root.join("b")).unwrap(), "somebody's");
        assert_eq!(fs::read_dir(root).unwrap().count(), 2, "nothing is left behind");
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

    fn change<'t>(root: &'t Path, path: &'t RepoPath, old: &'t str, new: &'t str) -> Rewrite<'t> {
        Rewrite { root, path, old: Some(old.as_bytes()), new: Some(new.as_bytes()) }
    }

    #[test]
    fn what_a_killed_run_left_is_swept_and_stops_nobody() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        fs::write(root.join("a"), "a").unwrap();
        // A container's processes have the same few numbers in each of its runs.
        for left in ["0", "1", "a"] {
            let name = format!(".rungs-tmp-{}-{left}", std::process::id());
            fs::write(root.join(name), "half").unwrap();
        }
        write(&[change(root, &path("a"), "a", "b")]).unwrap();
        assert_eq!(fs::read_to_string(root.join("a")).unwrap(), "b");
        assert_eq!(fs::read_dir(root).unwrap().count(), 1);
    }

    #[test]
    fn what_another_run_is_writing_is_not_swept() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        fs::write(root.join("a"), "a").unwrap();
        let other = OpenDirectory::at(root, true).unwrap().sweep_and_lock();
        let theirs = other.stage(b"theirs", None, false).unwrap();
        write(&[change(root, &path("a"), "a", "b")]).unwrap();
        assert_eq!(fs::read_to_string(root.join(&theirs)).unwrap(), "theirs");
        drop(other);
        write(&[change(root, &path("a"), "b", "c")]).unwrap();
        assert!(!root.join(theirs).exists());
    }

    #[test]
    fn a_root_is_made_with_those_above_it_and_removed_again_if_nothing_is_written() {
        let outside = tempfile::tempdir().unwrap();
        let root = outside.path().join("new/../new/deep");
        let (a, below) = (path("d/a"), path("d/a/b"));
        let file = |path| Rewrite { root: &root, path, old: None, new: Some(b"a") };
        // A file cannot be a directory too.
        let error = write(&[file(&a), file(&below)]).unwrap_err();
        assert_eq!(error.at, 0, "the directory `d/a` was made for the second");
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
        write(&[file(&a)]).unwrap();
        assert_eq!(fs::read_to_string(outside.path().join("new/deep/d/a")).unwrap(), "a");
    }

    #[test]
    fn what_was_changed_is_restored_and_a_file_keeps_its_mode() {
        use std::os::unix::fs::PermissionsExt;

        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let mode = |name: &str| fs::metadata(root.join(name)).unwrap().permissions().mode() & 0o777;
        for name in ["a", "b"] {
            fs::write(root.join(name), "old").unwrap();
            fs::set_permissions(root.join(name), fs::Permissions::from_mode(0o640)).unwrap();
        }
        write(&[change(root, &path("a"), "old", "new")]).unwrap();
        assert_eq!(mode("a"), 0o640);
        let (a, b, c) = (path("a"), path("b"), path("d/c"));
        let files = [
            change(root, &a, "new", "newest"),
            Rewrite { root, path: &b, old: Some(b"old"), new: None },
            Rewrite { root, path: &c, old: None, new: Some(b"") },
            // No longer true when it is written.
            change(root, &a, "new", "other"),
        ];
        let error = write(&files).unwrap_err();
        assert_eq!((error.at, error.left), (3, vec![]));
        assert_eq!(fs::read_dir(root).unwrap().count(), 2);
        assert_eq!((mode("a"), mode("b")), (0o640, 0o640));
        assert_eq!(fs::read_to_string(root.join("a")).unwrap(), "new");
    }
}
