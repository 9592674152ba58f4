//! Programs, run in an environment that reveals nothing about the person or the CI
//! that runs the tests.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The variables that a program keeps: where other programs are found, and where
/// temporary files go.
const KEPT: [&str; 3] = ["PATH", "TMPDIR", "LD_LIBRARY_PATH"];

/// Set in a process that [`alone`] starts.
const ALONE: &str = "RUNGS_TEST_ALONE";

/// A command that sees no configuration of a person or a CI.
pub fn scrubbed(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    command.envs(KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_TERMINAL_PROMPT", "0");
    command.env("LC_ALL", "C").env("TZ", "UTC");
    command
}

/// The path of a program; none if it is not installed.
pub fn path_of(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|at| at.join(program)).find(|file| file.is_file())
}

/// A command of rungs in a directory.
pub fn rungs_in(directory: &Path) -> Command {
    let mut rungs = scrubbed(env!("CARGO_BIN_EXE_rungs"));
    rungs.current_dir(directory).env("HOME", directory.join("no-such-home"));
    rungs
}

/// Runs rungs in a directory.
///
/// # Panics
///
/// If it does not start.
pub fn rungs(directory: &Path, arguments: &[impl AsRef<OsStr>]) -> Output {
    rungs_in(directory).args(arguments).output().expect("rungs runs")
}

/// Runs rungs in a directory and returns its standard output.
///
/// # Panics
///
/// If its exit code is not 0.
pub fn rungs_done(directory: &Path, arguments: &[&str]) -> String {
    let output = rungs(directory, arguments);
    assert!(output.status.success(), "rungs {arguments:?}: {}", transcript(&output));
    String::from_utf8(output.stdout).expect("rungs prints UTF-8")
}

/// The standard output of a program.
///
/// # Panics
///
/// If it is not UTF-8.
pub fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("UTF-8")
}

/// The standard error of a program.
///
/// # Panics
///
/// If it is not UTF-8.
pub fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("UTF-8")
}

/// Both outputs of a program and how it ended, for a failure's message.
pub fn transcript(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n{}{}", output.status, text(&output.stdout), text(&output.stderr))
}

/// A command for one test of the running binary, alone in a process of its own.
/// `test` is its name with its module: `kill::the_run_that_is_ended`.
pub fn alone(test: &str) -> Command {
    let mut command = scrubbed(std::env::current_exe().expect("the program has a path"));
    command.args(["--exact", test, "--include-ignored", "--nocapture"]).env(ALONE, "1");
    command
}

/// Runs one test of the running binary alone, with those variables.
///
/// # Panics
///
/// If it fails, or if there is no such test.
pub fn passes_alone(test: &str, variables: &[(&str, &Path)]) {
    let output = alone(test).envs(variables.iter().copied()).output().expect("a test runs");
    assert!(output.status.success(), "{}", transcript(&output));
    assert!(stdout(&output).contains("1 passed"), "{test} is not a test: {}", transcript(&output));
}

/// Whether this process was started to run one test alone.
pub fn is_alone() -> bool {
    std::env::var_os(ALONE).is_some()
}
