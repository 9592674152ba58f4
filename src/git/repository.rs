//! Opening a repository and keeping the Trees of its commits.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::CommitFiles;
use super::revision;
use crate::source::{Disk, PathError, RepoPath, RevisionError, Revisions, Tree};

/// A clone, seen from one of its directories.
///
/// The directory that holds `rungs.yaml` need not be the clone's root: paths
/// are always relative to that directory.
pub struct Repository {
    inner: Arc<Mutex<git2::Repository>>,
    /// From the clone's root to the directory.
    prefix: RepoPath,
    resolved: Mutex<Resolved>,
}

/// What was asked for already. A tag that moves while rungs runs stays what it
/// was, so that what is read of it at several places is of one commit.
#[derive(Default)]
struct Resolved {
    commits: HashMap<String, git2::Oid>,
    trees: HashMap<git2::Oid, Tree>,
}

/// Why a clone cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// What libgit2 says.
    #[error("{}", .0.message())]
    Git(#[from] git2::Error),
    /// The place of the clone or of the directory in it cannot be told.
    #[error("`{}` could not be resolved: {error}", path.display())]
    Place {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The directory is not below the clone's work tree, which git's
    /// configuration may put anywhere.
    #[error("`{}` is not in its clone's work tree `{}`", directory.display(), root.display())]
    Elsewhere {
        /// The directory.
        directory: PathBuf,
        /// Where the clone's files are.
        root: PathBuf,
    },
    /// The way from the clone's root to the directory is no UTF-8.
    #[error("`{}` is not UTF-8", .0.display())]
    NotUtf8(PathBuf),
    /// That way is no path of a repository.
    #[error(transparent)]
    Path(#[from] PathError),
}

impl Repository {
    /// The clone that `directory` stands in; none where it stands in none.
    pub fn containing(directory: &Path) -> Result<Option<Self>, OpenError> {
        let inner = match git2::Repository::discover(directory) {
            Ok(inner) => inner,
            Err(error) if error.code() == git2::ErrorCode::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let prefix = prefix(&inner, directory)?;
        let inner = Arc::new(Mutex::new(inner));
        Ok(Some(Self { inner, prefix, resolved: Mutex::default() }))
    }

    /// From the clone's root to the directory.
    pub fn prefix(&self) -> &RepoPath {
        &self.prefix
    }

    fn commit(&self, revision: &str) -> Result<git2::Oid, RevisionError> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        revision::commit(&inner, revision)
    }

    fn tree(&self, commit: git2::Oid) -> Result<Tree, git2::Error> {
        CommitFiles::new(Arc::clone(&self.inner), commit, self.prefix.clone()).map(Tree::new)
    }
}

impl Revisions for Repository {
    fn at(&self, revision: &str) -> Result<Tree, RevisionError> {
        let mut resolved = self.resolved.lock().unwrap_or_else(PoisonError::into_inner);
        let commit = match resolved.commits.get(revision) {
            Some(commit) => *commit,
            None => self.commit(revision)?,
        };
        resolved.commits.insert(revision.to_owned(), commit);
        let tree = match resolved.trees.get(&commit) {
            Some(tree) => tree.clone(),
            None => self.tree(commit).map_err(|error| revision::failed(revision, &error))?,
        };
        resolved.trees.insert(commit, tree.clone());
        Ok(tree.recording())
    }
}

/// The files below a directory of this machine, with the commits of the clone
/// it stands in. Reading files needs no clone, so one that cannot be opened
/// matters only to whoever asks for a revision, and is told then.
pub fn work_tree(directory: &Path) -> Tree {
    let revisions: Option<Arc<dyn Revisions>> = match Repository::containing(directory) {
        Ok(Some(repository)) => Some(Arc::new(repository)),
        Ok(None) => None,
        Err(error) => Some(Arc::new(Unopened { reason: error.to_string() })),
    };
    Tree::with_revisions(Disk::new(directory), revisions)
}

/// A clone that cannot be opened.
struct Unopened {
    reason: String,
}

impl Revisions for Unopened {
    fn at(&self, revision: &str) -> Result<Tree, RevisionError> {
        Err(RevisionError::Failed { revision: revision.to_owned(), reason: self.reason.clone() })
    }
}

/// The way from the clone's root to `directory`. A clone without a work tree
/// is seen from its root.
fn prefix(inner: &git2::Repository, directory: &Path) -> Result<RepoPath, OpenError> {
    let Some(root) = inner.workdir() else { return Ok(RepoPath::root()) };
    let canonical = |path: &Path| {
        path.canonicalize().map_err(|error| OpenError::Place { path: path.to_owned(), error })
    };
    let root = canonical(root)?;
    let directory = canonical(directory)?;
    let Ok(below) = directory.strip_prefix(&root) else {
        return Err(OpenError::Elsewhere { directory, root });
    };
    let text = below.to_str().ok_or_else(|| OpenError::NotUtf8(below.to_owned()))?;
    Ok(RepoPath::new(text)?)
}
