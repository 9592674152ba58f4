//! A clone, and the Trees of its commits.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::backend::{Abbreviated, Peeled, peeled};
use super::commit_files::CommitFiles;
use super::config::GitConfig;
use super::opening::{self, OpenError, OpenedClone};
use super::pin::{self, PinQuery};
use super::remote::Remote;
use super::silence::SilenceLimit;
use super::variables::Variables;
use super::{GitProgram, ObjectDatabase, ObjectError, ObjectName, ProgramError, fetch_command};
use crate::diagnostic::Finding;
use crate::source::{Location, RepoPath, RevisionError, Revisions, Tree};

/// A clone, seen from one of its directories.
///
/// The directory that holds `rungs.yaml` need not be the clone's root: paths
/// are always relative to that directory.
pub struct LocalClone {
    opened: OpenedClone,
    /// The path from the clone's root to the directory.
    prefix: RepoPath,
    /// The remote that was requested.
    requested: Option<String>,
    variables: Variables,
    limit: SilenceLimit,
    config: OnceLock<Result<GitConfig, ProgramError>>,
    resolved: Mutex<ResolvedRevisions>,
}

/// The revisions that were resolved. A tag that moves while rungs runs keeps
/// its first commit, so that everything that is read at it comes from one
/// commit.
#[derive(Default)]
struct ResolvedRevisions {
    commits: HashMap<String, ObjectName>,
    trees: HashMap<ObjectName, Tree>,
}

impl LocalClone {
    /// The clone that contains `directory`; none if there is none.
    pub fn containing(directory: &Path) -> Result<Option<Self>, OpenError> {
        Self::with_remote(directory, None, &Variables::default(), SilenceLimit::default())
    }

    /// The same, with the name of the remote that was requested, the process's
    /// variables, and how long git may give no sign of life.
    pub(super) fn with_remote(
        directory: &Path,
        requested: Option<&str>,
        variables: &Variables,
        limit: SilenceLimit,
    ) -> Result<Option<Self>, OpenError> {
        let Some(opened) = OpenedClone::containing(directory, limit)? else { return Ok(None) };
        let prefix = opened.prefix(directory)?;
        Ok(Some(Self {
            opened,
            prefix,
            requested: requested.map(str::to_owned),
            variables: variables.clone(),
            limit,
            config: OnceLock::new(),
            resolved: Mutex::default(),
        }))
    }

    /// The path from the clone's root to the directory.
    pub fn prefix(&self) -> &RepoPath {
        &self.prefix
    }

    /// Its objects.
    pub fn objects(&self) -> Arc<dyn ObjectDatabase> {
        Arc::clone(&self.opened.objects)
    }

    /// The number of hexadecimal digits in the names of its objects: 40 for
    /// SHA-1, 64 for SHA-256.
    pub fn digits(&self) -> usize {
        self.opened.backend.digits()
    }

    /// The `git` program for this clone.
    pub fn program(&self) -> GitProgram {
        GitProgram::in_clone(&self.opened.git_directory, self.opened.work_tree.as_deref())
            .silence_limit(self.limit)
    }

    /// The clone's own directory, absolute: `.git`, that of a linked work tree,
    /// or a bare clone itself.
    pub fn git_directory(&self) -> &Path {
        &self.opened.git_directory
    }

    /// The directory that all work trees of the clone share, which has its
    /// objects and branches.
    pub fn common_directory(&self) -> PathBuf {
        opening::common(&self.opened.git_directory)
    }

    /// The directory of the clone's files; none if it is bare.
    pub fn work_tree(&self) -> Option<&Path> {
        self.opened.work_tree.as_deref()
    }

    /// Whether the clone has no work tree.
    pub fn is_bare(&self) -> bool {
        self.opened.work_tree.is_none()
    }

    /// Whether the clone lacks the older part of its history.
    pub fn is_shallow(&self) -> bool {
        !self.shallow().is_empty()
    }

    /// The commits that have parents which are not in this clone. Fetching may
    /// change that while rungs runs, so the answer is not kept.
    pub(super) fn shallow(&self) -> HashSet<ObjectName> {
        let text = fs::read_to_string(self.common_directory().join("shallow")).unwrap_or_default();
        text.lines().filter_map(ObjectName::parse).collect()
    }

    /// The command that fetches what a shallow clone lacks.
    pub fn unshallow(&self) -> String {
        fetch_command::unshallow(&fetch_command::remote_name(self.remote()))
    }

    /// Whether blobs may be fetched only when they are read.
    pub fn is_partial(&self) -> bool {
        self.opened.backend.is_partial()
    }

    /// Git's configuration, as it holds in this clone.
    pub fn config(&self) -> Result<&GitConfig, ProgramError> {
        let config = self.config.get_or_init(|| {
            let opened = git2::Repository::open(self.git_directory()).ok();
            GitConfig::of(opened.as_ref(), &self.program(), &self.variables)
        });
        config.as_ref().map_err(Clone::clone)
    }

    /// The remote that changes go to and that commits are fetched from: the one
    /// that was requested, `origin`, or the only one. None if the clone has none.
    pub fn remote(&self) -> Result<Option<Remote>, Finding> {
        let config = self.config().map_err(|error| error.finding(Location::of_repository()))?;
        Remote::of(self.requested.as_deref(), config)
    }

    /// The commit that a reference leads to, by its full name
    /// (`refs/heads/main`, `refs/remotes/origin/main`, `HEAD`), annotated tags
    /// followed; none if there is no such reference, or if it does not lead to
    /// a commit.
    pub fn reference(&self, full: &str) -> Result<Option<ObjectName>, ObjectError> {
        if !git2::Reference::is_valid_name(full) {
            return Ok(None);
        }
        let backend = &*self.opened.backend;
        let Some(id) = backend.reference(full)? else { return Ok(None) };
        Ok(match peeled(backend, id)? {
            Peeled::Commit(id) => Some(id),
            Peeled::Other(_) => None,
        })
    }

    /// The commit of a full id; none if the clone has no such commit.
    pub(super) fn commit_of_id(&self, id: &ObjectName) -> Result<Option<ObjectName>, ObjectError> {
        match peeled(&*self.opened.backend, id.clone()) {
            Ok(Peeled::Commit(id)) => Ok(Some(id)),
            Ok(Peeled::Other(_)) | Err(ObjectError::Absent(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The object whose name starts with these digits, of either case.
    pub(super) fn abbreviated(&self, digits: &str) -> Result<Abbreviated, ObjectError> {
        self.opened.backend.abbreviated(&digits.to_ascii_lowercase())
    }

    /// The commit that is checked out; none before the first one.
    pub fn head(&self) -> Result<Option<ObjectName>, ObjectError> {
        self.reference("HEAD")
    }

    /// The full name of the reference that a symbolic one names, such as the
    /// branch that `HEAD` or `refs/remotes/origin/HEAD` stands for.
    pub fn symbolic(&self, full: &str) -> Result<Option<String>, ObjectError> {
        if !git2::Reference::is_valid_name(full) {
            return Ok(None);
        }
        self.opened.backend.symbolic(full)
    }

    /// The files of a commit, from which the clone's other commits can be read
    /// in turn.
    pub fn tree_of(self: &Arc<Self>, commit: &ObjectName) -> Result<Tree, ObjectError> {
        let revisions: Arc<dyn Revisions> = Arc::<Self>::clone(self);
        let mut resolved = self.resolved.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(self.kept_tree(&mut resolved, commit)?.among(revisions))
    }

    fn kept_tree(
        &self,
        resolved: &mut ResolvedRevisions,
        commit: &ObjectName,
    ) -> Result<Tree, ObjectError> {
        if let Some(tree) = resolved.trees.get(commit) {
            return Ok(tree.clone());
        }
        let files = CommitFiles::new(self.objects(), commit, self.prefix.clone())?;
        let tree = Tree::new(files);
        resolved.trees.insert(commit.clone(), tree.clone());
        Ok(tree)
    }

    fn commit(&self, revision: &str) -> Result<ObjectName, RevisionError> {
        let backend = &*self.opened.backend;
        let remotes = self.config().map(Remote::all).unwrap_or_default();
        let remote = &fetch_command::remote_name(self.remote());
        let is_shallow = self.is_shallow();
        PinQuery { backend, remotes: &remotes, remote, is_shallow, revision }.commit()
    }
}

impl Revisions for LocalClone {
    fn at(&self, revision: &str) -> Result<Tree, RevisionError> {
        let mut resolved = self.resolved.lock().unwrap_or_else(PoisonError::into_inner);
        let commit = match resolved.commits.get(revision) {
            Some(commit) => commit.clone(),
            None => self.commit(revision)?,
        };
        resolved.commits.insert(revision.to_owned(), commit.clone());
        let tree = self.kept_tree(&mut resolved, &commit);
        tree.map_err(|error| pin::failed(revision, &error))
    }
}

/// A clone that cannot be opened.
pub(super) struct Unopened(pub(super) Finding);

impl Revisions for Unopened {
    fn at(&self, _: &str) -> Result<Tree, RevisionError> {
        Err(RevisionError::Unopened(Arc::new(self.0.clone())))
    }
}
