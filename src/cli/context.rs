//! What a command works with, and its result.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::console::Console;
use super::exit::usage_error;
use crate::config;
use crate::diagnostic::{Finding, Findings, ProblemKind, harmless};
use crate::git::{Cache, RepositoryAddress, SilenceLimit, Variables, Workspace, WorkspaceOptions};
use crate::source::{RepoPath, Tree};

/// What a command works with: the repository, the time and the console.
pub(super) struct Context {
    /// The directory that was named.
    pub(super) repo: Option<PathBuf>,
    pub(super) console: Console,
    /// The time of the run.
    pub(super) now: Timestamp,
    variables: Variables,
    options: WorkspaceOptions,
    workspace: OnceCell<Workspace>,
}

impl Context {
    /// The context of a run that starts now. `repo` is the directory or the
    /// address that was named, `options` are those of the command.
    pub(super) fn new(
        repo: Option<PathBuf>,
        options: WorkspaceOptions,
        console: Console,
    ) -> Result<Self, (Console, Finding)> {
        let variables = variables();
        let repo = repo
            .map(|repo| NamedRepository::parse(repo)?.fetched(&variables, options.silence_limit));
        let repo = match repo.transpose() {
            Ok(repo) => repo,
            Err(finding) => return Err((console, finding)),
        };
        let workspace = OnceCell::new();
        Ok(Self { repo, console, now: Timestamp::now(), variables, options, workspace })
    }

    /// The repository's directory.
    pub(super) fn directory(&self) -> PathBuf {
        repository_directory(self.repo.clone()).unwrap_or_else(|why| usage_error(&why))
    }

    /// The run's workspace.
    pub(super) fn workspace(&self) -> &Workspace {
        self.workspace.get_or_init(|| {
            let (options, variables) = (self.options.clone(), self.variables.clone());
            Workspace::at(self.directory(), options, variables, config::configured_base_branch)
                .watched_by(self.console.history_watch())
        })
    }

    /// The repository's files, for commands that do not look at a branch.
    pub(super) fn files(&self) -> Result<Tree, Findings> {
        self.workspace().files()
    }

    /// The path from the clone's root to the repository's directory; the root if
    /// there is no clone, or none that can be opened.
    pub(super) fn prefix(&self) -> RepoPath {
        let clone = self.workspace().local_clone().ok().flatten();
        clone.map_or_else(RepoPath::root, |clone| clone.prefix().clone())
    }
}

/// The repository's directory: the one that was named, or the nearest one upwards
/// that holds a `rungs.yaml`, or the current one.
///
/// # Errors
///
/// What was named is not a directory.
pub(super) fn repository_directory(named: Option<PathBuf>) -> Result<PathBuf, String> {
    let Some(named) = named else {
        let current = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
        return Ok(nearest_repository(&current).to_path_buf());
    };
    if named.is_dir() {
        return Ok(named);
    }
    Err(format!("`{}` is not a directory", harmless(&named.to_string_lossy())))
}

/// The nearest directory upwards that holds a `rungs.yaml`, or the directory
/// itself.
fn nearest_repository(start: &Path) -> &Path {
    start.ancestors().find(|directory| directory.join("rungs.yaml").is_file()).unwrap_or(start)
}

/// What `--repo` names.
pub(super) enum NamedRepository {
    Directory(PathBuf),
    /// The address of a repository, of which a clone is kept in the cache.
    Address(RepositoryAddress),
}

impl NamedRepository {
    pub(super) fn parse(repo: PathBuf) -> Result<Self, Finding> {
        match repo.to_str().filter(|text| RepositoryAddress::is_address(text)) {
            Some(address) => Ok(Self::Address(RepositoryAddress::parse(address)?)),
            None => Ok(Self::Directory(repo)),
        }
    }

    /// The directory; for an address, that of its clone, which is brought up to date.
    fn fetched(self, variables: &Variables, limit: SilenceLimit) -> Result<PathBuf, Finding> {
        match self {
            Self::Directory(directory) => Ok(directory),
            Self::Address(address) => match Cache::of(variables) {
                Some(cache) => cache.silence_limit(limit).fetch(&address, SystemTime::now),
                None => usage_error("no directory for clones is known; set RUNGS_CACHE to one"),
            },
        }
    }

    /// The directory; for an address, that of its clone as an earlier run left it. None
    /// if there is no clone.
    pub(super) fn known(self, variables: &Variables) -> Option<PathBuf> {
        match self {
            Self::Directory(directory) => Some(directory),
            Self::Address(address) => Cache::of(variables)?.known(&address),
        }
    }
}

/// The process's environment variables, except those that are not UTF-8.
pub(super) fn variables() -> Variables {
    let text = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Variables::new(text.collect::<BTreeMap<String, String>>())
}

/// The result of a command: findings that did not stop it, and its answer if
/// that has another reason than a finding.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) findings: Findings,
    pub(super) answer: Option<ProblemKind>,
    /// The data in JSON output beside the findings.
    pub(super) data: Map<String, Value>,
    /// Whether the command has written the findings itself, after data that it
    /// does not keep in memory.
    pub(super) is_reported: bool,
}

impl From<Findings> for Outcome {
    fn from(findings: Findings) -> Self {
        Self { findings, ..Self::default() }
    }
}
