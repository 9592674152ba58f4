//! The files that a person names: read, and written after they were edited.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::ChangedFile;
use super::code::LINK_LEADS_OUT;
use crate::diagnostic::Finding;
use crate::disk::{self, FILES_UNWRITTEN, Rewrite};
use crate::source::{
    Disk, EntryKind, Location, ReadError, ReadErrorKind, RepoPath, SourceFile, Store as _, Tree,
    is_git, is_yaml,
};

/// The files that a person named, and those below named directories.
pub struct NamedFiles {
    /// The directory that paths start from, with links resolved.
    directory: PathBuf,
    /// By their real paths, so that each is edited once.
    files: BTreeMap<PathBuf, NamedFile>,
    /// The real path of each file.
    paths: HashMap<*const SourceFile, PathBuf>,
}

/// A file to edit, and how it was named.
struct NamedFile {
    file: Arc<SourceFile>,
    /// The path as the person wrote it.
    shown: PathBuf,
    is_named: bool,
}

impl NamedFiles {
    /// No files, with the directory that paths will start from.
    pub fn from_directory(directory: &Path) -> Self {
        let directory = fs::canonicalize(directory).unwrap_or_else(|_| directory.to_owned());
        Self { directory, files: BTreeMap::new(), paths: HashMap::new() }
    }

    /// The files that were named themselves.
    pub fn named(&self) -> Vec<Arc<SourceFile>> {
        self.files_where(true)
    }

    /// The other files, which were found below a named directory.
    pub fn found(&self) -> Vec<Arc<SourceFile>> {
        self.files_where(false)
    }

    fn files_where(&self, is_named: bool) -> Vec<Arc<SourceFile>> {
        let files = self.files.values().filter(|known| known.is_named == is_named);
        files.map(|known| Arc::clone(&known.file)).collect()
    }

    /// Adds a file, or the files below a directory.
    ///
    /// # Errors
    ///
    /// What was named is not there, cannot be read, is a link out of its directory, or is
    /// reached by a link out of its repository.
    pub fn add_path(&mut self, path: &Path) -> Result<(), Finding> {
        let missing = |error: &std::io::Error| unreadable(path, error);
        let absolute = self.directory.join(path);
        self.refuse_way_out(path, &absolute)?;
        let real = fs::canonicalize(&absolute).map_err(|error| missing(&error))?;
        if real.is_dir() {
            return self.add_below(path, &real);
        }
        let parent = absolute.parent().unwrap_or(&self.directory);
        let directory = fs::canonicalize(parent).map_err(|error| missing(&error))?;
        if !real.starts_with(&directory) {
            return Err(leads_out(path, &real).because("is a link out of its directory"));
        }
        self.add(&real, path, true)
    }

    /// Refuses a path if a link on it leads out of the repository that the link is in. What a
    /// person names elsewhere is meant, as are links above it.
    fn refuse_way_out(&self, path: &Path, absolute: &Path) -> Result<(), Finding> {
        let mut real = PathBuf::new();
        for component in absolute.components() {
            match component {
                Component::CurDir => {}
                Component::ParentDir => {
                    real.pop();
                }
                Component::Prefix(_) | Component::RootDir => real.push(component),
                Component::Normal(name) if real.join(name).is_symlink() => {
                    let bound = self.bound_of(&real).map(Path::to_owned);
                    let target = fs::canonicalize(real.join(name));
                    real = target.map_err(|error| unreadable(path, &error))?;
                    if let Some(bound) = bound.filter(|bound| !real.starts_with(bound)) {
                        let why = format!("a link on the way leads out of `{}`", bound.display());
                        return Err(leads_out(path, &real).because(why));
                    }
                }
                Component::Normal(name) => real.push(name),
            }
        }
        Ok(())
    }

    /// What no link in a directory may lead out of: the work tree that it is in, or else the
    /// directory that paths start from. None if it is in neither.
    fn bound_of<'p>(&'p self, real: &'p Path) -> Option<&'p Path> {
        let work_tree = real.ancestors().find(|above| above.join(".git").exists());
        let own = || real.starts_with(&self.directory).then_some(&*self.directory);
        work_tree.or_else(own)
    }

    /// Adds the YAML files below a directory. Links in it are not followed: their
    /// targets are in it as well, or must not be edited. [`Tree::walk`] follows them, and
    /// so has to end after a number of directories.
    fn add_below(&mut self, shown: &Path, directory: &Path) -> Result<(), Finding> {
        let disk = Disk::new(directory);
        let mut waiting = vec![RepoPath::root()];
        while let Some(below) = waiting.pop() {
            let failed =
                |kind| Finding::of_read_error(&ReadError { path: below.clone(), kind }, None);
            for (name, kind) in disk.names(&below).map_err(failed)? {
                let Some(path) = below.child_named(&name) else { continue };
                match kind {
                    EntryKind::Directory if !is_git(&name) => waiting.push(path),
                    EntryKind::File if is_edited(&name) => {
                        let real = directory.join(path.as_str());
                        self.add(&real, &shown.join(path.as_str()), false)?;
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, real: &Path, shown: &Path, is_named: bool) -> Result<(), Finding> {
        if let Some(known) = self.files.get_mut(real) {
            known.is_named |= is_named;
            return Ok(());
        }
        // A file elsewhere is identified by its whole path.
        let (root, below) = match real.strip_prefix(&self.directory) {
            Ok(below) => (self.directory.as_path(), below),
            Err(_) => (Path::new("/"), real.strip_prefix("/").unwrap_or(real)),
        };
        let path = below.to_str().and_then(|below| RepoPath::new(below).ok());
        let path = path.ok_or_else(|| not_utf8(shown))?;
        let file = Tree::new(Disk::new(root)).read(&path);
        let file = file.map_err(|error| Finding::of_read_error(&error, None))?;
        self.paths.insert(Arc::as_ptr(&file), real.to_owned());
        self.files.insert(real.to_owned(), NamedFile { file, shown: shown.to_owned(), is_named });
        Ok(())
    }

    /// The path of a file as the person wrote it.
    ///
    /// # Panics
    ///
    /// The file is not one of these.
    pub fn shown(&self, file: &Arc<SourceFile>) -> &Path {
        self.find(file).1
    }

    /// The real path of a file, and the path as the person wrote it.
    fn find(&self, file: &Arc<SourceFile>) -> (&Path, &Path) {
        let real = self.paths.get(&Arc::as_ptr(file));
        let found = real.and_then(|real| Some((real, self.files.get(real)?)));
        let (real, found) = found.expect("only files that were added are edited");
        (real, &found.shown)
    }

    /// Writes the new texts of files: of all of them, or of none.
    ///
    /// # Errors
    ///
    /// A file has changed meanwhile, or cannot be written.
    pub fn write(&self, edited: &[ChangedFile]) -> Result<(), Finding> {
        let names: Vec<_> = edited.iter().map(|one| self.place(&one.file)).collect();
        let files = edited.iter().zip(&names).map(|(one, (root, path))| Rewrite {
            root,
            path,
            old: Some(one.file.text().as_bytes()),
            new: Some(one.text.as_bytes()),
        });
        let shown = |at: usize| {
            let file = &edited[at].file;
            (self.find(file).0.display().to_string(), file.path().clone())
        };
        let written = disk::write(&files.collect::<Vec<_>>());
        written.map_err(|error| error.finding(&FILES_UNWRITTEN, &shown))
    }

    /// The directory that a file is in, and its name there.
    fn place(&self, file: &Arc<SourceFile>) -> (PathBuf, RepoPath) {
        let (real, _) = self.find(file);
        let name = real.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let name = RepoPath::root().child_named(name).unwrap_or_else(RepoPath::root);
        (real.parent().unwrap_or(real).to_owned(), name)
    }
}

/// Whether a file below a named directory is edited. kustomize also reads a file of the
/// one name without an extension.
fn is_edited(name: &str) -> bool {
    is_yaml(name) || name == "Kustomization"
}

/// The location of a path that a person wrote.
fn named(path: &Path) -> Location {
    let text = path.to_string_lossy();
    let path = RepoPath::new(text.trim_start_matches('/')).unwrap_or_else(|_| RepoPath::root());
    Location::of_path(&path)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Finding {
    let at = named(path);
    let kind = match error.kind() {
        std::io::ErrorKind::NotFound => ReadErrorKind::Missing,
        _ => ReadErrorKind::Failed(error.to_string()),
    };
    Finding::of_read_error(&ReadError { path: at.path().clone(), kind }, None)
}

fn not_utf8(path: &Path) -> Finding {
    unreadable(path, &std::io::Error::other("its path is not UTF-8"))
}

fn leads_out(path: &Path, real: &Path) -> Finding {
    let message = format!("`{}` leads to `{}`", path.display(), real.display());
    Finding::new(&LINK_LEADS_OUT, message, named(path)).help("name the file where it is")
}
