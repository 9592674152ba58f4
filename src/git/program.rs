//! The user's `git` program.
//!
//! It is run for what libgit2 does not do (fetch and push with the user's
//! credentials, signing) and for clones that libgit2 does not open. There is no
//! shell between, the clone is always named, and what the environment says of
//! another clone is not handed on: rungs may run in a hook, where git sets such
//! variables. What configures git itself (`GIT_SSH_COMMAND`, `GIT_ASKPASS`,
//! `GIT_CONFIG_COUNT`) is the user's and stays.

use std::ffi::{OsStr, OsString};
use std::io::{self, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use super::code::{GIT_FAILED, GIT_NOT_INSTALLED, GIT_TOO_OLD};
use crate::diagnostic::{Finding, harmless};
use crate::source::{Location, without_credentials};

/// What is needed of git: `fetch --no-write-fetch-head` is of 2.29 and
/// `push --no-force-if-includes` of 2.30, and no newer option is used.
const NEEDED: (u32, u32) = (2, 30);

/// Git's exit code for an option that it does not know.
const USAGE: i32 = 129;

/// As much as is kept of what git says to people.
const MAX_STDERR: u64 = 64 << 10;

/// As much as a command's output may be, unless it says otherwise.
const MAX_STDOUT: u64 = 64 << 20;

/// What names another clone than the one that is meant, or reads a path or an
/// object in another way: all of `git rev-parse --local-env-vars` but the
/// configuration, and what git sets for hooks.
const FOREIGN: [&str; 20] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ATTR_SOURCE",
    "GIT_CEILING_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_DIR",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_GLOB_PATHSPECS",
    "GIT_GRAFT_FILE",
    "GIT_ICASE_PATHSPECS",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// What every run is told. Paths are no patterns, objects are what they are
/// (libgit2 knows no replacements either), and nobody is asked on a terminal.
const TOLD: [(&str, &str); 5] = [
    ("LC_ALL", "C"),
    ("GIT_LITERAL_PATHSPECS", "1"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
];

/// The `git` program, told where its clone is.
#[derive(Debug, Clone)]
pub struct GitProgram {
    executable: OsString,
    /// What stands before the subcommand.
    global: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
}

impl GitProgram {
    /// In no clone, as for `git clone`.
    pub fn nowhere() -> Self {
        let global = ["--no-pager", "-c", "color.ui=false", "-c", "protocol.ext.allow=never"];
        Self {
            executable: OsString::from("git"),
            global: global.map(OsString::from).to_vec(),
            variables: Vec::new(),
        }
    }

    /// In a directory of a clone that git finds itself, as `rev-parse` may be
    /// asked to: it refuses a clone of another user's.
    pub fn in_directory(directory: &Path) -> Self {
        let mut program = Self::nowhere();
        program.global.extend([OsString::from("-C"), directory.into()]);
        program
    }

    /// In the clone whose own directory is `git_directory`, an absolute path,
    /// and whose files stand at `work_tree`; none where it is bare. A remote's
    /// relative path counts from there, as it does for git itself.
    ///
    /// Git does not ask here whose clone it is: whoever found it has to have.
    pub fn in_clone(git_directory: &Path, work_tree: Option<&Path>) -> Self {
        let mut program = Self::in_directory(work_tree.unwrap_or(git_directory));
        let mut option = OsString::from("--git-dir=");
        option.push(git_directory);
        program.global.push(option);
        program
    }

    /// With a setting, as `gc.auto=0`, above all that files configure.
    #[must_use]
    pub fn setting(mut self, setting: &str) -> Self {
        self.global.extend([OsString::from("-c"), setting.into()]);
        self
    }

    /// With a variable in its environment.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Writing when its buffer is full, and not after each commit: a third of the
    /// time where it names nearly every commit. Where it names few of many, the
    /// first would come with the last.
    #[must_use]
    pub(super) fn buffered(self) -> Self {
        self.variable("GIT_FLUSH", "0")
    }

    /// Another program than the first `git` of `PATH`.
    #[must_use]
    pub(super) fn executable(mut self, executable: impl Into<OsString>) -> Self {
        self.executable = executable.into();
        self
    }

    /// A run of a subcommand.
    pub fn command(&self, subcommand: &'static str) -> Invocation<'_> {
        Invocation {
            program: self,
            subcommand,
            arguments: Vec::new(),
            input: Vec::new(),
            max_stdout: MAX_STDOUT,
            timeout: None,
        }
    }

    /// The version of the program, as `(2, 39)`.
    fn version(&self) -> Option<(u32, u32)> {
        let output = Self::nowhere().executable(&self.executable).command("version").run().ok()?;
        let text = String::from_utf8(output).ok()?;
        let version = text.trim().strip_prefix("git version ")?;
        let mut numbers = version.split(['.', ' ', '-']).map_while(|part| part.parse().ok());
        Some((numbers.next()?, numbers.next()?))
    }
}

/// One run of git.
#[derive(Debug)]
pub struct Invocation<'p> {
    program: &'p GitProgram,
    subcommand: &'static str,
    arguments: Vec<OsString>,
    input: Vec<u8>,
    max_stdout: u64,
    timeout: Option<Duration>,
}

/// What a run came to.
#[derive(Debug, Clone)]
pub struct GitOutput {
    /// What it wrote.
    pub stdout: Vec<u8>,
    /// What it said to people, without credentials, as UTF-8; only so much of
    /// it as is worth keeping.
    pub stderr: String,
    /// Its exit code; none where a signal ended it.
    pub code: Option<i32>,
}

impl GitOutput {
    /// Whether it did what was asked.
    pub(super) fn is_success(&self) -> bool {
        self.code == Some(0)
    }
}

impl Invocation<'_> {
    /// With an argument. What a stranger chose has to stand behind
    /// `--end-of-options` or `--`, or in an option's own argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// With arguments.
    #[must_use]
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|one| one.as_ref().to_owned()));
        self
    }

    /// With that on its standard input, which is empty otherwise.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    /// With at most so many bytes of output.
    #[cfg(test)]
    pub(super) fn max_stdout(mut self, bytes: u64) -> Self {
        self.max_stdout = bytes;
        self
    }

    /// Ended when it takes longer.
    #[must_use]
    pub(super) fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Runs it, and takes its success for granted: what it wrote.
    pub fn run(self) -> Result<Vec<u8>, ProgramError> {
        let (program, subcommand) = (self.program, self.subcommand);
        let output = self.output()?;
        if output.is_success() {
            Ok(output.stdout)
        } else {
            Err(program.failed(subcommand, output))
        }
    }

    /// Runs it, whatever it comes to. A git that does not know an option that
    /// it was given is an error even so.
    pub fn output(self) -> Result<GitOutput, ProgramError> {
        let (program, subcommand) = (self.program, self.subcommand);
        let output = self.capture()?;
        if output.code == Some(USAGE) {
            Err(program.failed(subcommand, output))
        } else {
            Ok(output)
        }
    }

    /// Starts it, for whoever reads and writes as it goes.
    pub fn start(self) -> Result<Running, ProgramError> {
        let subcommand = self.subcommand;
        let mut child = self.spawn(Stdio::piped())?;
        let said = PipeReader::of(child.stderr.take(), MAX_STDERR, Overflow::Forget);
        let (input, output) = (child.stdin.take(), child.stdout.take().map(BufReader::new));
        let program = self.program.clone();
        Ok(Running { subcommand, program, child, input, output, said })
    }

    fn capture(mut self) -> Result<GitOutput, ProgramError> {
        let input = std::mem::take(&mut self.input);
        let stdin = if input.is_empty() { Stdio::null() } else { Stdio::piped() };
        let mut child = self.spawn(stdin)?;
        let stdout = PipeReader::of(child.stdout.take(), self.max_stdout, Overflow::Stop);
        let stderr = PipeReader::of(child.stderr.take(), MAX_STDERR, Overflow::Forget);
        // A git that ends early has said why; that nobody reads on is of no use then.
        if let Some(mut pipe) = child.stdin.take() {
            thread::spawn(move || pipe.write_all(&input));
        }
        let deadline = self.timeout.map(|timeout| Instant::now() + timeout);
        let in_time = stdout.ends_by(deadline) && stderr.ends_by(deadline);
        if !in_time {
            end(&mut child);
        }
        let status = child.wait().map_err(|error| self.broken(&error))?;
        let subcommand = self.subcommand;
        if !in_time {
            return Err(ProgramError::TimedOut { subcommand });
        }
        let (stdout, is_whole) = stdout.take();
        if !is_whole {
            return Err(ProgramError::TooMuch { subcommand, limit: self.max_stdout });
        }
        Ok(GitOutput { stdout, stderr: shown(&stderr.take().0), code: status.code() })
    }

    fn spawn(&self, stdin: Stdio) -> Result<Child, ProgramError> {
        let GitProgram { executable, global, variables } = self.program;
        let mut command = Command::new(executable);
        command.args(global).arg(self.subcommand).args(&self.arguments);
        for name in FOREIGN {
            command.env_remove(name);
        }
        command.envs(TOLD).envs(variables.iter().map(|(name, value)| (name, value)));
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ProgramError::NotInstalled,
            _ => self.broken(&error),
        })
    }

    fn broken(&self, error: &io::Error) -> ProgramError {
        ProgramError::Broken { subcommand: self.subcommand, reason: error.to_string() }
    }
}

/// A git that runs. Dropped, it is ended.
#[derive(Debug)]
pub struct Running {
    subcommand: &'static str,
    program: GitProgram,
    child: Child,
    input: Option<ChildStdin>,
    output: Option<BufReader<ChildStdout>>,
    said: PipeReader,
}

impl Running {
    /// Its standard input; none after [`Running::close`].
    pub fn input(&mut self) -> Option<&mut ChildStdin> {
        self.input.as_mut()
    }

    /// Its standard output.
    ///
    /// # Panics
    ///
    /// Never: the pipe is there as long as this is.
    pub fn output(&mut self) -> &mut BufReader<ChildStdout> {
        self.output.as_mut().expect("stdout was piped")
    }

    /// Tells it that nothing more will come.
    pub fn close(&mut self) {
        self.input = None;
    }

    /// Why it ended, for whoever met the end of its output. What it still
    /// writes is not read, and git ends by that.
    pub fn finish(mut self) -> Result<(), ProgramError> {
        self.close();
        self.output = None;
        self.said.ends_by(None);
        let broken = |error: io::Error| ProgramError::Broken {
            subcommand: self.subcommand,
            reason: error.to_string(),
        };
        let code = self.child.wait().map_err(broken)?.code();
        if code == Some(0) {
            return Ok(());
        }
        let stderr = shown(&self.said.take().0);
        Err(self.program.failed(self.subcommand, GitOutput { stdout: Vec::new(), stderr, code }))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.close();
        end(&mut self.child);
        // What ended must not stay as a zombie.
        let _ = self.child.wait();
    }
}

fn end(child: &mut Child) {
    // It may have ended by itself, which is as good.
    let _ = child.kill();
}

/// What one of git's pipes brings, read while it runs: a pipe that nobody
/// empties would stop it.
#[derive(Debug)]
struct PipeReader {
    bytes: Arc<Mutex<(Vec<u8>, bool)>>,
    end: mpsc::Receiver<()>,
}

/// What becomes of more than is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Overflow {
    /// It is read, and forgotten.
    Forget,
    /// The pipe is closed, which ends git.
    Stop,
}

impl PipeReader {
    fn of(pipe: Option<impl Read + Send + 'static>, limit: u64, beyond: Overflow) -> Self {
        let bytes = Arc::new(Mutex::new((Vec::new(), true)));
        let (at_end, end) = mpsc::channel();
        let into = Arc::clone(&bytes);
        thread::spawn(move || {
            if let Some(pipe) = pipe {
                gather(pipe, &into, usize::try_from(limit).unwrap_or(usize::MAX), beyond);
            }
            // Whoever no longer listens has what it needs.
            let _ = at_end.send(());
        });
        Self { bytes, end }
    }

    /// Waits for the end, or until then.
    fn ends_by(&self, deadline: Option<Instant>) -> bool {
        let Some(deadline) = deadline else { return self.end.recv().is_ok() };
        self.end.recv_timeout(deadline.saturating_duration_since(Instant::now())).is_ok()
    }

    /// What came, and whether that is all of it.
    fn take(&self) -> (Vec<u8>, bool) {
        std::mem::take(&mut *self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn gather(mut pipe: impl Read, into: &Mutex<(Vec<u8>, bool)>, limit: usize, beyond: Overflow) {
    let mut chunk = vec![0; 32 << 10];
    while let Ok(read @ 1..) = pipe.read(&mut chunk) {
        let mut into = into.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = read.min(limit - into.0.len());
        into.0.extend_from_slice(&chunk[..kept]);
        into.1 &= kept == read;
        if !into.1 && beyond == Overflow::Stop {
            return;
        }
    }
}

/// What git said to people, as it may be shown to more of them.
fn shown(stderr: &[u8]) -> String {
    without_credentials(&String::from_utf8_lossy(stderr)).into_owned()
}

/// Why git did not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    /// There is none.
    #[error("git is not installed, or not in `PATH`")]
    NotInstalled,
    /// It does not know what it was asked for.
    #[error("git {}.{} is too old: {}.{} is needed", .found.0, .found.1, .needed.0, .needed.1)]
    TooOld {
        /// What is there.
        found: (u32, u32),
        /// What is needed.
        needed: (u32, u32),
    },
    /// It said no.
    #[error("`git {subcommand}` failed: {}", reason(.said))]
    Failed {
        /// What was asked of it.
        subcommand: &'static str,
        /// What it said, without credentials.
        said: String,
    },
    /// It took too long, and was ended.
    #[error("`git {subcommand}` took too long")]
    TimedOut {
        /// What was asked of it.
        subcommand: &'static str,
    },
    /// It wrote more than was to be read.
    #[error("`git {subcommand}` wrote more than {limit} bytes")]
    TooMuch {
        /// What was asked of it.
        subcommand: &'static str,
        /// How many bytes.
        limit: u64,
    },
    /// The system failed.
    #[error("`git {subcommand}` could not be run: {reason}")]
    Broken {
        /// What was asked of it.
        subcommand: &'static str,
        /// What the system says.
        reason: String,
    },
}

impl ProgramError {
    /// What git said, on one line and without its hints; where it said
    /// nothing, this error.
    pub fn last_words(&self) -> String {
        match self {
            Self::Failed { said, .. } if !said.trim().is_empty() => {
                let lines = said.lines().map(str::trim);
                let is_said = |line: &&str| !line.is_empty() && !line.starts_with("hint:");
                harmless(&lines.filter(is_said).collect::<Vec<_>>().join("; ")).into_owned()
            }
            other => other.to_string(),
        }
    }

    /// As a finding.
    pub fn finding(&self, at: Location) -> Finding {
        let message = self.to_string();
        match self {
            Self::NotInstalled => Finding::new(&GIT_NOT_INSTALLED, message, at)
                .help("install git, or put it in `PATH`"),
            Self::TooOld { .. } => Finding::new(&GIT_TOO_OLD, message, at).help("update git"),
            _ => Finding::new(&GIT_FAILED, message, at),
        }
    }
}

impl GitProgram {
    fn failed(&self, subcommand: &'static str, output: GitOutput) -> ProgramError {
        if output.code == Some(USAGE)
            && let Some(found) = self.version()
            && found < NEEDED
        {
            return ProgramError::TooOld { found, needed: NEEDED };
        }
        ProgramError::Failed { subcommand, said: output.stderr }
    }
}

/// What matters of what git said: its own last word, on one line.
fn reason(said: &str) -> String {
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    let verdict = lines().find(|line| line.starts_with("fatal: ") || line.starts_with("error: "));
    let line = verdict.or_else(|| lines().next_back()).unwrap_or("it said nothing");
    let line = line.trim_start_matches("fatal: ").trim_start_matches("error: ");
    harmless(line).into_owned()
}

#[cfg(test)]
mod tests {
    use std::io::BufRead;

    use super::*;

    /// A program that answers as the lines of a shell script say.
    fn stand_in(script: &str) -> (tempfile::TempDir, GitProgram) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("git");
        // By another process: a file that this one has open for writing, and
        // any of its threads forks with, cannot be run.
        let made = Command::new("sh")
            .args(["-c", r#"printf '#!/bin/sh\n%s\n' "$1" > "$2" && chmod +x "$2""#, "sh", script])
            .arg(&path)
            .status();
        assert!(made.unwrap().success());
        let program = GitProgram::nowhere().executable(path);
        (directory, program)
    }

    #[test]
    fn arguments_reach_git_as_they_are() {
        let directory = tempfile::tempdir().unwrap();
        GitProgram::nowhere().command("init").arg("-q").arg(directory.path()).run().unwrap();
        let program = GitProgram::in_directory(directory.path());
        let hostile = "$(touch x); `id` 'a' \"b\"\n*";
        let output = program.command("rev-parse").args(["--sq-quote", hostile]).run().unwrap();
        let expected = format!(" '{}'\n", hostile.replace('\'', r"'\''"));
        assert_eq!(String::from_utf8(output).unwrap(), expected);
    }

    #[test]
    fn input_larger_than_a_pipe_comes_back_whole() {
        let directory = tempfile::tempdir().unwrap();
        let git = directory.path();
        GitProgram::nowhere().command("init").args(["-q", "--bare"]).arg(git).run().unwrap();
        let program = GitProgram::in_clone(git, None);
        let blob = b"0123456789abcdef".repeat(40_000);
        let command = program.command("hash-object").args(["-w", "--stdin"]);
        let id = String::from_utf8(command.input(blob.clone()).run().unwrap()).unwrap();
        let read = || program.command("cat-file").args(["blob", id.trim()]);
        assert_eq!(read().run().unwrap(), blob);
        let error = read().max_stdout(1000).run().unwrap_err();
        assert_eq!(error, ProgramError::TooMuch { subcommand: "cat-file", limit: 1000 });
    }

    #[test]
    fn a_running_git_answers_line_by_line_and_says_why_it_ended() {
        let directory = tempfile::tempdir().unwrap();
        let git = directory.path();
        GitProgram::nowhere().command("init").args(["-q", "--bare"]).arg(git).run().unwrap();
        let program = GitProgram::in_clone(git, None);
        let mut running = program.command("cat-file").arg("--batch-check").start().unwrap();
        for _ in 0..3 {
            writeln!(running.input().unwrap(), "{}", "0".repeat(40)).unwrap();
            let mut line = String::new();
            running.output().read_line(&mut line).unwrap();
            assert!(line.ends_with(" missing\n"), "{line}");
        }
        running.finish().unwrap();
        let running = program.command("cat-file").args(["blob", &"0".repeat(40)]).start().unwrap();
        let error = running.finish().unwrap_err();
        assert!(error.to_string().starts_with("`git cat-file` failed: "), "{error}");
    }

    #[test]
    fn variables_of_another_clone_are_not_handed_on() {
        let (_kept, program) = stand_in("env");
        let environment = String::from_utf8(program.command("any").run().unwrap()).unwrap();
        for name in FOREIGN {
            assert!(!environment.contains(&format!("\n{name}=")), "{name}");
        }
        for (name, value) in TOLD {
            assert!(environment.contains(&format!("{name}={value}\n")), "{name}");
        }
    }

    #[test]
    fn git_that_is_not_there_is_said_to_be() {
        let program = GitProgram::nowhere().executable("/nonexistent/git");
        assert_eq!(program.command("version").run().unwrap_err(), ProgramError::NotInstalled);
    }

    #[test]
    fn git_that_is_too_old_is_named_with_what_is_needed() {
        let (_kept, program) = stand_in(
            r#"for a; do [ "$a" = version ] && echo "git version 2.20.1 (Apple Git-117)" && exit; done
            echo "error: unknown option" >&2; exit 129"#,
        );
        let error = program.command("fetch").arg("--no-write-fetch-head").run().unwrap_err();
        assert_eq!(error.to_string(), "git 2.20 is too old: 2.30 is needed");
    }

    #[test]
    fn credentials_do_not_come_out_of_what_git_says() {
        let (_kept, program) = stand_in(
            "echo \"fatal: unable to access 'https://me:hunter2@h/x/': 500\" >&2; exit 128",
        );
        let error = program.command("push").run().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`git push` failed: unable to access 'https://***@h/x/': 500"
        );
    }

    #[test]
    fn what_takes_too_long_is_ended_even_where_a_helper_holds_its_pipes() {
        let (_kept, program) = stand_in("sleep 1000 & sleep 1000");
        let error = program.command("push").timeout(Duration::from_millis(50)).run().unwrap_err();
        assert_eq!(error, ProgramError::TimedOut { subcommand: "push" });
    }
}
