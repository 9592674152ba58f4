//! Repositories that the real git makes for a test.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rungs::git::{
    BranchStep, CommitHistory, HistoryError, IndexedHistory, LocalClone, Log, ObjectName,
    Variables, Workspace, WorkspaceOptions,
};
use rungs::source::{RepoPath, Tree};

use crate::support::git::{git, git_on};

pub(crate) fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

pub(crate) fn name(text: &str) -> ObjectName {
    ObjectName::parse(text).unwrap()
}

/// A repository of a test, whose commits are a minute apart.
pub(crate) struct Scratch {
    directory: tempfile::TempDir,
    clock: std::cell::Cell<i64>,
}

impl Scratch {
    /// An empty repository.
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    pub(crate) fn with(options: &[&str]) -> Self {
        let scratch = Self::nothing();
        git(scratch.root(), &[&["init", "-q"], options].concat());
        scratch
    }

    /// A clone of another.
    pub(crate) fn of(origin: &Path, options: &[&str]) -> Self {
        let scratch = Self::nothing();
        let url = format!("file://{}", origin.display());
        git(scratch.root(), &[&["clone", "-q"], options, &[&url, "."]].concat());
        scratch
    }

    fn nothing() -> Self {
        let clock = std::cell::Cell::new(1_700_000_000);
        Self { directory: crate::support::directory::temporary().unwrap(), clock }
    }

    pub(crate) fn root(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git(self.root(), arguments)
    }

    pub(crate) fn write(&self, file: &str, text: impl AsRef<[u8]>) {
        let file = self.root().join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    /// Runs git a minute later by the commits' clock.
    pub(crate) fn later(&self, arguments: &[&str]) -> String {
        self.clock.set(self.clock.get() + 60);
        self.at(&format!("@{} +0000", self.clock.get()), arguments)
    }

    pub(crate) fn at(&self, date: &str, arguments: &[&str]) -> String {
        git_on(self.root(), date, arguments)
    }

    /// Commits everything, and returns the commit's name.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.later(&["commit", "-q", "--allow-empty", "--allow-empty-message", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Commits a file with a text; both are the message.
    pub(crate) fn put(&self, file: &str, text: &str) -> String {
        self.write(file, text);
        self.commit(&format!("{file} {text}"))
    }

    pub(crate) fn repository(&self) -> Arc<LocalClone> {
        repository(self.root())
    }

    /// What changed at the paths along `HEAD`, newest first.
    pub(crate) fn steps(&self, paths: &[&str]) -> Vec<String> {
        let (repository, log) = (self.repository(), Log::new(self.repository()));
        let tip = name(&self.git(&["rev-parse", "HEAD"]));
        let steps = |history: &dyn CommitHistory| steps(&repository, history, &tip, paths);
        let expected = steps(&log);
        let _ = fs::remove_dir_all(repository.common_directory().join("rungs"));
        let index = IndexedHistory::new(&repository, Some("main"), Arc::new(|_| ()));
        index.expect_many();
        assert_eq!(steps(&index), expected, "the index answers as git does");
        expected
    }
}

pub(crate) fn repository(directory: &Path) -> Arc<LocalClone> {
    Arc::new(LocalClone::containing(directory).unwrap().unwrap())
}

/// The files below a directory, with the commits of the clone that contains it.
pub(crate) fn work_tree(directory: &Path) -> Tree {
    let (options, variables) = (WorkspaceOptions::default(), Variables::default());
    Workspace::at(directory, options, variables, |_| Ok(None)).work_tree()
}

/// Each step as a line: `subject: path before > after`, `-` if there is no file.
pub(crate) fn steps(
    repository: &LocalClone,
    history: &dyn CommitHistory,
    tip: &ObjectName,
    paths: &[&str],
) -> Vec<String> {
    let paths: Vec<RepoPath> = paths.iter().map(|text| path(text)).collect();
    let steps = history.steps(tip, &paths).unwrap();
    steps.map(|step| line(repository, history, &step)).collect()
}

fn line(
    repository: &LocalClone,
    history: &dyn CommitHistory,
    step: &Result<BranchStep, HistoryError>,
) -> String {
    let step = match step {
        Ok(step) => step,
        Err(HistoryError::Shallow { fetch }) => return format!("shallow: {fetch}"),
        Err(error) => return format!("error: {error}"),
    };
    let text = |id: &Option<ObjectName>| match id {
        Some(id) => String::from_utf8_lossy(&history.blob(id).unwrap()).trim_end().to_owned(),
        None => "-".to_owned(),
    };
    let changes = step.changes.iter();
    let changes = changes.map(|change| {
        [" ", change.path.as_str(), " ", &text(&change.before), " > ", &text(&change.after)]
            .concat()
    });
    let (commit, _) = repository.objects().commit(&step.id).unwrap();
    [commit.subject(), ":", &changes.collect::<String>()].concat()
}

/// A directory that is removed with the test.
pub(crate) fn elsewhere() -> (tempfile::TempDir, PathBuf) {
    let directory = crate::support::directory::temporary().unwrap();
    let path = directory.path().to_owned();
    (directory, path)
}
