//! Opening a repository and naming its commits.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::CommitFiles;
use crate::source::{Disk, PathError, RepoPath, RevisionError, Revisions, Tree};

/// As few digits as git itself takes for an abbreviated commit id by default.
const MIN_ABBREVIATION: usize = 7;

/// A clone, seen from one of its directories.
///
/// The directory that holds `rungs.yaml` need not be the clone's root: paths
/// are always relative to that directory.
pub struct Repository {
    inner: Arc<Mutex<git2::Repository>>,
    /// From the clone's root to the directory.
    prefix: RepoPath,
}

impl Repository {
    /// The clone that `directory` stands in; none where it stands in none.
    ///
    /// # Errors
    ///
    /// What libgit2 says of a clone that it cannot open.
    pub fn containing(directory: &Path) -> Result<Option<Self>, git2::Error> {
        let inner = match git2::Repository::discover(directory) {
            Ok(inner) => inner,
            Err(error) if error.code() == git2::ErrorCode::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let prefix = prefix(&inner, directory).unwrap_or_else(|_| RepoPath::root());
        Ok(Some(Self { inner: Arc::new(Mutex::new(inner)), prefix }))
    }

    /// From the clone's root to the directory.
    pub fn prefix(&self) -> &RepoPath {
        &self.prefix
    }

    fn commit(&self, revision: &str) -> Result<git2::Oid, RevisionError> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(commit) = tagged(&inner, revision)? {
            return Ok(commit);
        }
        if is_branch(&inner, revision) {
            return Err(RevisionError::Branch(revision.to_owned()));
        }
        let absent = || RevisionError::Absent {
            revision: revision.to_owned(),
            fetch: fetch_command(&inner, revision),
        };
        if !is_commit_id(revision) {
            return Err(absent());
        }
        let object = match inner.revparse_single(revision) {
            Ok(object) => object,
            Err(error) if error.code() == git2::ErrorCode::NotFound => return Err(absent()),
            Err(error) => return Err(failed(revision, &error)),
        };
        object.peel_to_commit().map(|commit| commit.id()).map_err(|error| failed(revision, &error))
    }
}

impl Revisions for Repository {
    fn at(&self, revision: &str) -> Result<Tree, RevisionError> {
        let commit = self.commit(revision)?;
        let files = CommitFiles::new(Arc::clone(&self.inner), commit, self.prefix.clone())
            .map_err(|error| failed(revision, &error))?;
        let same_clone = Self { inner: Arc::clone(&self.inner), prefix: self.prefix.clone() };
        Ok(Tree::with_revisions(files, Some(Arc::new(same_clone))))
    }
}

/// The files below a directory of this machine, with the commits of the clone
/// it stands in. Reading files needs no clone, so one that cannot be opened
/// matters only to whoever asks for a revision, and is told then.
pub fn work_tree(directory: &Path) -> Tree {
    let revisions: Option<Arc<dyn Revisions>> = match Repository::containing(directory) {
        Ok(Some(repository)) => Some(Arc::new(repository)),
        Ok(None) => None,
        Err(error) => Some(Arc::new(Unopened { reason: error.message().to_owned() })),
    };
    Tree::with_revisions(Disk::new(directory), revisions)
}

/// A clone that libgit2 refuses.
struct Unopened {
    reason: String,
}

impl Revisions for Unopened {
    fn at(&self, revision: &str) -> Result<Tree, RevisionError> {
        Err(RevisionError::Failed { revision: revision.to_owned(), reason: self.reason.clone() })
    }
}

fn prefix(inner: &git2::Repository, directory: &Path) -> Result<RepoPath, PathError> {
    let root = inner.workdir().and_then(|root| root.canonicalize().ok());
    let directory = directory.canonicalize().ok();
    let below = match (&root, &directory) {
        (Some(root), Some(directory)) => directory.strip_prefix(root).ok(),
        _ => None,
    };
    RepoPath::new(below.and_then(Path::to_str).unwrap_or_default())
}

/// The commit of a tag. A tag wins over a branch of the same name, as it does
/// in git.
fn tagged(inner: &git2::Repository, name: &str) -> Result<Option<git2::Oid>, RevisionError> {
    let full = format!("refs/tags/{name}");
    if !git2::Reference::is_valid_name(&full) {
        return Ok(None);
    }
    let Ok(reference) = inner.find_reference(&full) else { return Ok(None) };
    let commit = reference.peel_to_commit().map_err(|error| failed(name, &error))?;
    Ok(Some(commit.id()))
}

fn is_branch(inner: &git2::Repository, name: &str) -> bool {
    let known =
        |full: String| git2::Reference::is_valid_name(&full) && inner.find_reference(&full).is_ok();
    let remote = || {
        let remotes = inner.remotes().ok();
        let names: Vec<String> = remotes
            .iter()
            .flat_map(|remotes| remotes.iter().flatten().flatten().map(str::to_owned))
            .collect();
        names.into_iter().any(|remote| known(format!("refs/remotes/{remote}/{name}")))
    };
    name == "HEAD"
        || known(format!("refs/heads/{name}"))
        || known(format!("refs/remotes/{name}"))
        || remote()
}

/// Only a commit id may follow where no tag does: git's revision expressions
/// (`main~3`, `@{yesterday}`) move as branches do.
fn is_commit_id(text: &str) -> bool {
    (MIN_ABBREVIATION..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn fetch_command(inner: &git2::Repository, revision: &str) -> String {
    let remote = inner.remotes().ok().and_then(|remotes| {
        let mut names = remotes.iter().flatten().flatten();
        let first = names.next().map(str::to_owned);
        names.any(|name| name == "origin").then(|| "origin".to_owned()).or(first)
    });
    let remote = remote.unwrap_or_else(|| "origin".to_owned());
    if is_commit_id(revision) {
        format!("git fetch {remote} {revision}")
    } else {
        format!("git fetch {remote} tag {revision}")
    }
}

fn failed(revision: &str, error: &git2::Error) -> RevisionError {
    RevisionError::Failed { revision: revision.to_owned(), reason: error.message().to_owned() }
}
