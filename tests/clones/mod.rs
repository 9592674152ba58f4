//! Repositories that the real git makes for a test.

// Each test binary uses a part of this.
#![allow(dead_code, unreachable_pub)]
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use rungs::git::{CommitHistory, HistoryError, Log, ObjectName, Repository, Step};
use rungs::source::RepoPath;

/// Git without anybody's configuration.
pub fn command(directory: &Path) -> Command {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=t", "-c", "user.email=t@example.com"]);
    command.args(["-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false"]);
    command.args(["-c", "tag.gpgsign=false", "-c", "protocol.file.allow=always"]);
    command.args(["-c", "advice.detachedHead=false", "-c", "merge.suppressDest=main"]);
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    command.current_dir(directory);
    command
}

pub fn output(directory: &Path, arguments: &[impl AsRef<OsStr>]) -> Output {
    command(directory).args(arguments).output().expect("git runs")
}

/// What git says; it has to succeed.
pub fn git<A: AsRef<OsStr> + std::fmt::Debug>(directory: &Path, arguments: &[A]) -> String {
    let output = output(directory, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

pub fn name(text: &str) -> ObjectName {
    ObjectName::parse(text).unwrap()
}

/// A repository of a test, whose commits are a minute apart.
pub struct Scratch {
    directory: tempfile::TempDir,
    clock: std::cell::Cell<i64>,
}

impl Scratch {
    /// An empty repository.
    pub fn new() -> Self {
        Self::with(&[])
    }

    pub fn with(options: &[&str]) -> Self {
        let scratch = Self::nothing();
        git(scratch.root(), &[&["init", "-q"], options].concat());
        scratch
    }

    /// A clone of another.
    pub fn of(origin: &Path, options: &[&str]) -> Self {
        let scratch = Self::nothing();
        let url = format!("file://{}", origin.display());
        git(scratch.root(), &[&["clone", "-q"], options, &[&url, "."]].concat());
        scratch
    }

    fn nothing() -> Self {
        let clock = std::cell::Cell::new(1_700_000_000);
        Self { directory: tempfile::tempdir().unwrap(), clock }
    }

    pub fn root(&self) -> &Path {
        self.directory.path()
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        git(self.root(), arguments)
    }

    pub fn write(&self, file: &str, text: impl AsRef<[u8]>) {
        let file = self.root().join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    /// Runs git a minute later by the commits' clock.
    pub fn later(&self, arguments: &[&str]) -> String {
        self.clock.set(self.clock.get() + 60);
        self.at(&format!("@{} +0000", self.clock.get()), arguments)
    }

    pub fn at(&self, date: &str, arguments: &[&str]) -> String {
        let mut command = command(self.root());
        command.env("GIT_AUTHOR_DATE", date).env("GIT_COMMITTER_DATE", date);
        let output = command.args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Commits everything, and says the commit's name.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.later(&["commit", "-q", "--allow-empty", "--allow-empty-message", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Commits that file with that text; both are the message.
    pub fn put(&self, file: &str, text: &str) -> String {
        self.write(file, text);
        self.commit(&format!("{file} {text}"))
    }

    pub fn repository(&self) -> Arc<Repository> {
        repository(self.root())
    }

    /// What changed at the paths along `HEAD`, newest first.
    pub fn steps(&self, paths: &[&str]) -> Vec<String> {
        let log = Log::new(self.repository(), Some("main"));
        steps(&log, &name(&self.git(&["rev-parse", "HEAD"])), paths)
    }
}

pub fn repository(directory: &Path) -> Arc<Repository> {
    Arc::new(Repository::containing(directory).unwrap().unwrap())
}

/// Each step as a line: `subject: path before > after`, `-` where there is no
/// file, and `hides` where the step hides the branch.
pub fn steps(history: &dyn CommitHistory, tip: &ObjectName, paths: &[&str]) -> Vec<String> {
    let paths: Vec<RepoPath> = paths.iter().map(|text| path(text)).collect();
    let steps = history.steps(tip, &paths).unwrap();
    steps.map(|step| line(history, &step)).collect()
}

fn line(history: &dyn CommitHistory, step: &Result<Step, HistoryError>) -> String {
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
    let hides = if step.hides_branch { " hides" } else { "" };
    [step.commit.subject(), ":", &changes.collect::<String>(), hides].concat()
}

/// A directory that is removed with the test.
pub fn elsewhere() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_owned();
    (directory, path)
}

/// Runs one test of the running binary alone in a process with those variables.
pub fn in_own_process(test: &str, variables: &[(&str, &Path)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env("RUNGS_TEST_ALONE", "1");
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

pub fn is_in_own_process() -> bool {
    std::env::var_os("RUNGS_TEST_ALONE").is_some()
}
