//! Where a run works: the clone, its remote and its base branch, found once
//! and the same for every command.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::branch::Branch;
use super::code::{NO_CLONE, NO_WORK_TREE};
use super::config::GitConfig;
use super::expression::Expression;
use super::identity::{CommitIdentity, requested_by};
use super::local_clone::Unopened;
use super::opening::is_git_directory;
use super::remote::{Remote, no_remote};
use super::revision::Revision;
use super::silence::SilenceLimit;
use super::variables::Variables;
use super::writer::CloneWriter;
use super::{IndexedHistory, LocalClone, ObjectName, OpenError, Watch};
use crate::diagnostic::{Finding, Findings, harmless};
use crate::source::{Disk, Location, Revisions, Tree};

/// A person's options for the base branch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BaseOptions {
    /// The base branch, or a revision in its place.
    pub base: Option<String>,
    /// The remote.
    pub remote: Option<String>,
}

/// A person's options for a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkspaceOptions {
    /// For the base branch.
    pub base: BaseOptions,
    /// The author of commits, as `Name <mail@example.com>`.
    pub author: Option<String>,
    /// How long git may give no sign of life.
    pub silence_limit: SilenceLimit,
}

/// Reads the base branch that a repository's configuration names; none if it
/// names none. Configuration comes after git, so whoever makes a [`Workspace`]
/// passes in how to read it.
pub type ConfiguredBase = fn(&Tree) -> Result<Option<String>, Findings>;

/// The clone, its remote and its base branch. Each is found when it is first
/// needed: writing files needs no remote and no network.
pub struct Workspace {
    directory: PathBuf,
    clone: Result<Option<Arc<LocalClone>>, OpenError>,
    options: WorkspaceOptions,
    pub(super) variables: Variables,
    pub(super) configured_base: ConfiguredBase,
    writer: OnceCell<CloneWriter>,
    remote: OnceCell<Option<Remote>>,
    pub(super) base_branch: OnceCell<Branch>,
    pub(super) base: OnceCell<Option<Revision>>,
    identity: OnceCell<CommitIdentity>,
    watch: Watch,
}

impl Workspace {
    /// A workspace at the directory that holds `rungs.yaml`, or at a bare
    /// clone's own, in the clone that contains it. `variables` are the
    /// process's.
    pub fn at(
        directory: impl Into<PathBuf>,
        options: WorkspaceOptions,
        variables: Variables,
        configured_base: ConfiguredBase,
    ) -> Self {
        let directory = directory.into();
        let requested = options.base.remote.as_deref();
        let clone =
            LocalClone::with_remote(&directory, requested, &variables, options.silence_limit);
        Self {
            clone: clone.map(|clone| clone.map(Arc::new)),
            directory,
            options,
            variables,
            configured_base,
            writer: OnceCell::new(),
            remote: OnceCell::new(),
            base_branch: OnceCell::new(),
            base: OnceCell::new(),
            identity: OnceCell::new(),
            watch: Arc::new(|_| ()),
        }
    }

    /// The same workspace, whose histories tell `watch` what happens while they are
    /// indexed.
    #[must_use]
    pub fn watched_by(self, watch: Watch) -> Self {
        Self { watch, ..self }
    }

    /// The history of the clone's branch of that short name; none if the name is not
    /// known.
    pub fn history(&self, branch: Option<&str>) -> Result<IndexedHistory, Finding> {
        Ok(IndexedHistory::new(self.require_clone()?, branch, Arc::clone(&self.watch)))
    }

    /// The directory that holds `rungs.yaml`, or a bare clone's own.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The clone; none if the directory is not in one.
    ///
    /// # Errors
    ///
    /// The clone cannot be opened, or belongs to another user.
    pub fn local_clone(&self) -> Result<Option<&Arc<LocalClone>>, Finding> {
        match &self.clone {
            Ok(clone) => Ok(clone.as_ref()),
            Err(error) => Err(error.finding()),
        }
    }

    /// The clone, for what cannot be done without one.
    pub fn require_clone(&self) -> Result<&Arc<LocalClone>, Finding> {
        self.local_clone()?.ok_or_else(|| self.no_clone())
    }

    fn no_clone(&self) -> Finding {
        let directory = self.directory.display().to_string();
        let message = format!("`{}` is not in a git repository", harmless(&directory));
        Finding::new(&NO_CLONE, message, Location::of_repository())
            .help("name a clone with `--repo`")
    }

    /// The clone, to commit in and to push from.
    pub fn writer(&self) -> Result<&CloneWriter, Finding> {
        if let Some(writer) = self.writer.get() {
            return Ok(writer);
        }
        let clone = Arc::clone(self.require_clone()?);
        let writer = CloneWriter::new(clone);
        let writer = writer.map_err(|error| error.finding(Location::of_repository()))?;
        Ok(self.writer.get_or_init(|| writer))
    }

    pub(super) fn config(&self) -> Result<&GitConfig, Finding> {
        Ok(self.writer()?.config())
    }

    pub(super) fn options(&self) -> &BaseOptions {
        &self.options.base
    }

    /// The remote: the one that was requested, `origin`, or the only one. None
    /// if the clone has none, or if there is no clone: anything else that keeps
    /// it from being known is an error.
    pub fn remote(&self) -> Result<Option<&Remote>, Finding> {
        if let Some(remote) = self.remote.get() {
            return Ok(remote.as_ref());
        }
        let remote = if self.local_clone()?.is_none() && *self.options() == BaseOptions::default() {
            None
        } else {
            self.require_clone()?.remote()?
        };
        Ok(self.remote.get_or_init(|| remote).as_ref())
    }

    /// The remote, for what cannot be committed without one.
    pub fn require_remote(&self) -> Result<&Remote, Finding> {
        if self.local_clone()?.is_none() {
            let help = "use `--write` to change the files alone, or name a clone with `--repo`";
            return Err(self.no_clone().help(help));
        }
        self.remote()?.ok_or_else(no_remote)
    }

    /// Parses a revision.
    pub(super) fn parse(&self, text: &str) -> Result<Option<Expression>, Finding> {
        let remotes = Remote::all(self.config()?);
        Ok(Expression::parse(text, &remotes, self.require_clone()?.digits()))
    }

    /// The files that are known without asking a remote which branch is the base:
    /// the work tree; for a bare clone, those of its `HEAD`, or of its remote's
    /// `HEAD` as it was last seen. None if a bare clone has neither.
    pub fn files_at_hand(&self) -> Result<Option<Tree>, Findings> {
        let Some(clone) = self.bare_clone()? else { return Ok(Some(self.work_tree())) };
        let mut tip = clone.head().map_err(|error| error.finding())?;
        if tip.is_none()
            && let Some(remote) = self.remote()?
        {
            let head = format!("refs/remotes/{}/HEAD", remote.name());
            tip = clone.reference(&head).map_err(|error| error.finding())?;
        }
        tip.map(|tip| self.tree_of(&tip)).transpose()
    }

    /// The clone if it is bare. One that cannot be opened has a work tree, unless
    /// the directory is the clone's own.
    fn bare_clone(&self) -> Result<Option<&Arc<LocalClone>>, Finding> {
        match &self.clone {
            Ok(clone) => Ok(clone.as_ref().filter(|clone| clone.is_bare())),
            Err(error) if is_git_directory(&self.directory) => Err(error.finding()),
            Err(_) => Ok(None),
        }
    }

    /// The files below the directory, from which the clone's commits can be
    /// read in turn. A clone that cannot be opened matters only to whoever
    /// reads a commit.
    pub fn work_tree(&self) -> Tree {
        let revisions: Option<Arc<dyn Revisions>> = match &self.clone {
            Ok(clone) => clone.clone().map(|clone| clone as _),
            Err(error) => Some(Arc::new(Unopened(error.finding()))),
        };
        Tree::with_revisions(Disk::new(&self.directory), revisions)
    }

    /// The directory to write files below. A bare clone has none, and the clone
    /// of an address is bare.
    pub fn require_work_tree(&self) -> Result<&Path, Finding> {
        if self.bare_clone()?.is_none() {
            return Ok(&self.directory);
        }
        Err(Finding::new(
            &NO_WORK_TREE,
            "there is no work tree to write to",
            Location::of_repository(),
        )
        .because("the clone is bare, as the clone of an address always is"))
    }

    /// The repository's files, for commands that do not look at a branch: the
    /// work tree; for a bare clone, the base branch as it was last seen.
    pub fn files(&self) -> Result<Tree, Findings> {
        if self.bare_clone()?.is_some()
            && let Some(base) = self.base()?
        {
            return self.tree_of(&base.commit);
        }
        Ok(self.work_tree())
    }

    /// The files of a commit.
    pub fn tree_of(&self, commit: &ObjectName) -> Result<Tree, Findings> {
        let clone = self.require_clone()?;
        clone.tree_of(commit).map_err(|error| error.finding().into())
    }

    /// The people in whose name commits are made.
    pub fn identity(&self) -> Result<&CommitIdentity, Finding> {
        if let Some(identity) = self.identity.get() {
            return Ok(identity);
        }
        let author = self.options.author.as_deref();
        let identity = CommitIdentity::of(author, &self.variables, self.config()?)?;
        Ok(self.identity.get_or_init(|| identity))
    }

    /// The person who asks for a change: who the CI says, else the author.
    pub fn requested_by(&self) -> Option<String> {
        let author = || self.identity().ok().map(|identity| identity.author.to_string());
        requested_by(&self.variables).or_else(author)
    }
}
