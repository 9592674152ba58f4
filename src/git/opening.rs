//! Finding a clone, and choosing how it is read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::backend::CloneBackend;
use super::cat_file::CatFile;
use super::code::{FOREIGN_CLONE, GIT_FAILED};
use super::fetch_command;
use super::libgit2::{self, Libgit2};
use super::silence::SilenceLimit;
use super::{GitProgram, ObjectDatabase, ProgramError};
use crate::diagnostic::{Finding, harmless};
use crate::source::{Location, PathError, RepoPath};

/// Why a clone cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Git cannot read it.
    #[error("{0}")]
    Git(String),
    /// It belongs to another user, who may have put commands into its
    /// configuration.
    #[error("`{}` belongs to another user", harmless(&.0.to_string_lossy()))]
    Foreign(PathBuf),
    /// Only the `git` program reads such a clone, and it cannot be run.
    #[error("{reason}, so only git itself can read the clone, and {error}")]
    NeedsProgram {
        /// Why libgit2 does not read it.
        reason: String,
        /// Why git cannot be run.
        error: ProgramError,
    },
    /// The path of the clone, or of the directory in it, cannot be resolved.
    #[error("`{}` could not be resolved: {error}", path.display())]
    Place {
        /// The directory.
        path: PathBuf,
        /// The system's error.
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
    /// The path from the clone's root to the directory is not UTF-8.
    #[error("`{}` is not UTF-8", .0.display())]
    NotUtf8(PathBuf),
    /// That path is not valid in a repository.
    #[error(transparent)]
    Path(#[from] PathError),
}

impl OpenError {
    /// As a finding.
    pub fn finding(&self) -> Finding {
        let at = Location::of_repository();
        match self {
            Self::Foreign(path) => {
                let path = path.to_string_lossy();
                Finding::new(&FOREIGN_CLONE, self.to_string(), at).help(format!(
                    "if you trust its configuration, run \
                     `git config --global --add safe.directory {}`",
                    fetch_command::shell_word(&path)
                ))
            }
            Self::NeedsProgram { error, .. } => {
                let mut finding = error.finding(at);
                finding.message = self.to_string();
                finding
            }
            _ => Finding::new(&GIT_FAILED, format!("the clone cannot be opened: {self}"), at),
        }
    }
}

/// A clone that was found.
pub(super) struct OpenedClone {
    pub(super) backend: Arc<dyn CloneBackend>,
    pub(super) objects: Arc<dyn ObjectDatabase>,
    /// The clone's own directory; a linked work tree has one of its own.
    pub(super) git_directory: PathBuf,
    /// None if it is bare.
    pub(super) work_tree: Option<PathBuf>,
}

impl OpenedClone {
    /// The clone that contains `directory`; none if there is none.
    ///
    /// Variables such as `GIT_DIR` do not count: git sets them for hooks, and
    /// the directory is the one that rungs was given.
    pub(super) fn containing(
        directory: &Path,
        limit: SilenceLimit,
    ) -> Result<Option<Self>, OpenError> {
        let reason = match git2::Repository::discover(directory) {
            Ok(inner) => match libgit2::is_partial(&inner) {
                Ok(false) => return Self::by_libgit2(inner).map(Some),
                Ok(true) => "its objects are fetched when they are needed".to_owned(),
                Err(error) => error.message().to_owned(),
            },
            Err(error) if error.code() == git2::ErrorCode::NotFound => return Ok(None),
            Err(error) => error.message().to_owned(),
        };
        Self::by_program(directory, &reason, limit).map(Some)
    }

    fn by_libgit2(inner: git2::Repository) -> Result<Self, OpenError> {
        let git_directory = canonical(inner.path())?;
        let work_tree = inner.workdir().map(canonical).transpose()?;
        Ok(Self::of(Libgit2::new(inner), git_directory, work_tree))
    }

    /// Opens a clone for the `git` program, which also has the last word on who
    /// owns it: it knows settings of `safe.directory` that libgit2 does not.
    fn by_program(directory: &Path, reason: &str, limit: SilenceLimit) -> Result<Self, OpenError> {
        let program = GitProgram::in_directory(directory).silence_limit(limit);
        let ask = |arguments: &[&str]| {
            program.command("rev-parse").args(arguments).run().map_err(|error| match error {
                ProgramError::Failed { message, .. } => refusal(directory, &message),
                error => OpenError::NeedsProgram { reason: reason.to_owned(), error },
            })
        };
        let git_directory = path(&ask(&["--absolute-git-dir"])?);
        let facts = ask(&["--is-bare-repository", "--show-object-format"])?;
        let facts = String::from_utf8_lossy(&facts).into_owned();
        let work_tree = if facts.starts_with("true") {
            None
        } else {
            Some(canonical(&path(&ask(&["--show-toplevel"])?))?)
        };
        let digits = if facts.contains("sha256") { 64 } else { 40 };
        let git_directory = canonical(&git_directory)?;
        let program = GitProgram::in_clone(&git_directory, work_tree.as_deref());
        let program = program.silence_limit(limit);
        let backend = CatFile::new(program, digits);
        Ok(Self::of(backend, git_directory, work_tree))
    }

    fn of<D: CloneBackend + 'static>(
        backend: D,
        git_directory: PathBuf,
        work_tree: Option<PathBuf>,
    ) -> Self {
        let backend = Arc::new(backend);
        Self { objects: Arc::clone(&backend) as _, backend, git_directory, work_tree }
    }

    /// The path from the clone's root to `directory`. A clone without a work
    /// tree is seen from its root.
    pub(super) fn prefix(&self, directory: &Path) -> Result<RepoPath, OpenError> {
        let Some(root) = &self.work_tree else { return Ok(RepoPath::root()) };
        let directory = canonical(directory)?;
        let Ok(below) = directory.strip_prefix(root) else {
            return Err(OpenError::Elsewhere { directory, root: root.clone() });
        };
        let text = below.to_str().ok_or_else(|| OpenError::NotUtf8(below.to_owned()))?;
        Ok(RepoPath::new(text)?)
    }
}

/// The directory that all work trees of a clone share, which has its objects
/// and branches.
pub(super) fn common(git_directory: &Path) -> PathBuf {
    match fs::read(git_directory.join("commondir")) {
        Ok(bytes) => git_directory.join(path(&bytes)),
        Err(_) => git_directory.to_owned(),
    }
}

/// Whether a directory is itself a clone's own, as git decides it
/// (`is_git_directory` in `setup.c`), for clones that cannot be opened.
pub(super) fn is_git_directory(directory: &Path) -> bool {
    let has = |name: &str| directory.join(name).is_dir();
    directory.join("HEAD").is_file() && has("objects") && has("refs")
}

/// Why git does not read a clone, in one sentence.
fn refusal(directory: &Path, message: &str) -> OpenError {
    if message.contains("dubious ownership") {
        // Git trusts the clone's root, and nothing below it.
        let root =
            message.split_once("repository at '").and_then(|(_, rest)| rest.split_once('\''));
        let root = root.map(|(root, _)| PathBuf::from(root)).filter(|root| root.is_absolute());
        return OpenError::Foreign(root.unwrap_or_else(|| directory.to_owned()));
    }
    let words: Vec<&str> = message.split_whitespace().collect();
    let message = words.join(" ");
    OpenError::Git(harmless(message.trim_start_matches("fatal: ")).into_owned())
}

fn canonical(path: &Path) -> Result<PathBuf, OpenError> {
    path.canonicalize().map_err(|error| OpenError::Place { path: path.to_owned(), error })
}

/// A path that git printed on a line of its own.
fn path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}
