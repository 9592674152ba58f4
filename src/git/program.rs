//! The user's `git` program.
//!
//! It is run for what libgit2 does not do (fetch and push with the user's
//! credentials, signing) and for clones that libgit2 does not open. No shell is
//! involved, the clone is always named, and variables that name another clone
//! are not passed on: rungs may run in a hook, where git sets such variables.
//! What configures git itself (`GIT_SSH_COMMAND`, `GIT_ASKPASS`,
//! `GIT_CONFIG_COUNT`) is the user's and is kept.

use std::ffi::{OsStr, OsString};
use std::io::{self, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::code::{GIT_FAILED, GIT_NOT_INSTALLED, GIT_TIMED_OUT, GIT_TOO_OLD};
use super::process_tree;
use super::silence::{LifeSigns, SilenceLimit};
use crate::diagnostic::{Finding, harmless};
use crate::source::{Location, without_credentials};

/// The oldest version of git that works: `fetch --no-write-fetch-head` came
/// with 2.29 and `push --no-force-if-includes` with 2.30, and no newer option
/// is used.
const NEEDED: (u32, u32) = (2, 30);

/// Git's exit code for an option that it does not know.
const USAGE: i32 = 129;

/// The most bytes that are kept of git's messages to people.
const MAX_STDERR: u64 = 64 << 10;

/// How long what is left in the pipes of a git that has ended is waited for. A process
/// that a hook left in the background may hold them open for ever.
const LAST_OUTPUT: Duration = Duration::from_secs(1);

/// The most bytes that a command may print, unless it says otherwise.
const MAX_STDOUT: u64 = 64 << 20;

/// The variables that name another clone than the one that is meant, or that
/// make git read paths or objects in another way: all of
/// `git rev-parse --local-env-vars` but the configuration, and what git sets
/// for hooks.
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

/// The variables of every run. Paths are not patterns, objects are not replaced
/// (libgit2 does not replace them either), and nobody is asked on a terminal.
const FIXED: [(&str, &str); 5] = [
    ("LC_ALL", "C"),
    ("GIT_LITERAL_PATHSPECS", "1"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
];

/// The `git` program, with the clone that it works in.
#[derive(Debug, Clone)]
pub struct GitProgram {
    executable: OsString,
    /// The arguments before the subcommand.
    global: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    limit: SilenceLimit,
}

impl GitProgram {
    /// Git outside any clone, as for `git clone`.
    pub fn nowhere() -> Self {
        let global = ["--no-pager", "-c", "color.ui=false", "-c", "protocol.ext.allow=never"];
        Self {
            executable: OsString::from("git"),
            global: global.map(OsString::from).to_vec(),
            variables: Vec::new(),
            limit: SilenceLimit::default(),
        }
    }

    /// Git in a directory, whose clone it finds itself. It refuses a clone that
    /// belongs to another user.
    pub fn in_directory(directory: &Path) -> Self {
        let mut program = Self::nowhere();
        program.global.extend([OsString::from("-C"), directory.into()]);
        program
    }

    /// Git in the clone whose own directory is `git_directory`, an absolute
    /// path, and whose files are in `work_tree`; none if it is bare. A remote's
    /// relative path starts there, as it does for git itself.
    ///
    /// Git does not check here whose clone it is: whoever found the clone has
    /// to have done that.
    pub fn in_clone(git_directory: &Path, work_tree: Option<&Path>) -> Self {
        let mut program = Self::in_directory(work_tree.unwrap_or(git_directory));
        let mut option = OsString::from("--git-dir=");
        option.push(git_directory);
        program.global.push(option);
        program
    }

    /// Adds a setting such as `gc.auto=0`, which overrides all configuration
    /// files.
    #[must_use]
    pub fn setting(mut self, setting: &str) -> Self {
        self.global.extend([OsString::from("-c"), setting.into()]);
        self
    }

    /// Adds a variable to the environment.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Ends every run that gives no sign of life for so long.
    #[must_use]
    pub fn silence_limit(mut self, limit: SilenceLimit) -> Self {
        self.limit = limit;
        self
    }

    /// Makes git write when its buffer is full, and not after each commit. That
    /// takes a third of the time if it names nearly every commit; if it names
    /// few of many, the first would come with the last.
    #[must_use]
    pub(super) fn buffered(self) -> Self {
        self.variable("GIT_FLUSH", "0")
    }

    /// Runs another program than the first `git` in `PATH`.
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
}

/// The result of a run.
#[derive(Debug, Clone)]
pub struct GitOutput {
    /// Its output.
    pub stdout: Vec<u8>,
    /// Its messages to people as UTF-8, without credentials; only as much as is
    /// worth keeping.
    pub stderr: String,
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
}

impl GitOutput {
    /// Whether it succeeded.
    pub(super) fn is_success(&self) -> bool {
        self.code == Some(0)
    }
}

impl Invocation<'_> {
    /// Adds an argument. What a stranger chose has to follow `--end-of-options`
    /// or `--`, or be an option's own argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|one| one.as_ref().to_owned()));
        self
    }

    /// Sets its standard input, which is empty otherwise.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    /// Sets the most bytes that it may print.
    #[cfg(test)]
    pub(super) fn max_stdout(mut self, bytes: u64) -> Self {
        self.max_stdout = bytes;
        self
    }

    /// Runs it and returns its output. Anything but success is an error.
    pub fn run(self) -> Result<Vec<u8>, ProgramError> {
        let (program, subcommand) = (self.program, self.subcommand);
        let output = self.output()?;
        if output.is_success() {
            Ok(output.stdout)
        } else {
            Err(program.failed(subcommand, output))
        }
    }

    /// Runs it and returns its result, also if it fails. Only an option that
    /// git does not know is an error.
    pub fn output(self) -> Result<GitOutput, ProgramError> {
        let (program, subcommand) = (self.program, self.subcommand);
        let output = self.capture()?;
        if output.code == Some(USAGE) {
            Err(program.failed(subcommand, output))
        } else {
            Ok(output)
        }
    }

    /// Starts it, for callers that read and write while it runs.
    pub fn start(self) -> Result<Running, ProgramError> {
        let subcommand = self.subcommand;
        let mut child = self.spawn(Stdio::piped())?;
        let limit = self.program.limit;
        let heard = Arc::new(AtomicU64::new(0));
        let stderr = PipeReader::of(child.stderr.take(), MAX_STDERR, Overflow::Forget, &heard);
        let signs = LifeSigns::new(child.id(), limit, heard);
        let (input, pipe) = (child.stdin.take(), child.stdout.take());
        let child = Arc::new(Mutex::new(child));
        let output = pipe.map(|pipe| {
            let (child, is_ended) = (Arc::clone(&child), false);
            BufReader::new(WatchedOutput { subcommand, limit, pipe, child, signs, is_ended })
        });
        let program = self.program.clone();
        Ok(Running { subcommand, program, child, input, output, stderr })
    }

    fn capture(mut self) -> Result<GitOutput, ProgramError> {
        let input = std::mem::take(&mut self.input);
        let stdin = if input.is_empty() { Stdio::null() } else { Stdio::piped() };
        let mut child = self.spawn(stdin)?;
        let (subcommand, limit) = (self.subcommand, self.program.limit);
        let heard = Arc::new(AtomicU64::new(0));
        let stdout = PipeReader::of(child.stdout.take(), self.max_stdout, Overflow::Stop, &heard);
        let stderr = PipeReader::of(child.stderr.take(), MAX_STDERR, Overflow::Forget, &heard);
        // A git that ends early has said why, so an error of writing on adds
        // nothing.
        if let Some(mut pipe) = child.stdin.take() {
            thread::spawn(move || pipe.write_all(&input));
        }
        let mut signs = LifeSigns::new(child.id(), limit, heard);
        let mut is_in_time = true;
        while is_in_time && !(stdout.ends_in(signs.pause()) && stderr.ends_in(signs.pause())) {
            if !matches!(child.try_wait(), Ok(None)) {
                // The end of one is awaited before that of the other is looked for.
                let _ = stdout.ends_in(LAST_OUTPUT) && stderr.ends_in(LAST_OUTPUT);
                break;
            }
            is_in_time = signs.are_recent();
        }
        // What has been silent for too long is not waited for again.
        let is_in_time = is_in_time && signs.ends(&mut child);
        if !is_in_time {
            process_tree::end(&mut child);
        }
        let status = child.wait().map_err(|error| self.broken(&error))?;
        if !is_in_time {
            return Err(ProgramError::TimedOut { subcommand, limit });
        }
        let (stdout, is_whole) = stdout.take();
        if !is_whole {
            return Err(ProgramError::TooMuch { subcommand, limit: self.max_stdout });
        }
        Ok(GitOutput { stdout, stderr: shown(&stderr.take().0), code: status.code() })
    }

    fn spawn(&self, stdin: Stdio) -> Result<Child, ProgramError> {
        let GitProgram { executable, global, variables, .. } = self.program;
        let mut command = Command::new(executable);
        command.args(global).arg(self.subcommand).args(&self.arguments);
        for name in FOREIGN {
            command.env_remove(name);
        }
        command.envs(FIXED).envs(variables.iter().map(|(name, value)| (name, value)));
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

/// A running git. It is ended when this is dropped.
#[derive(Debug)]
pub struct Running {
    subcommand: &'static str,
    program: GitProgram,
    child: Arc<Mutex<Child>>,
    input: Option<ChildStdin>,
    output: Option<BufReader<WatchedOutput>>,
    stderr: PipeReader,
}

impl Running {
    /// Its standard input; none after [`Running::close`].
    pub fn input(&mut self) -> Option<&mut ChildStdin> {
        self.input.as_mut()
    }

    /// Its standard output. Reading fails if git gives no sign of life for too long.
    ///
    /// # Panics
    ///
    /// Never: the pipe exists as long as this does.
    pub fn output(&mut self) -> &mut BufReader<WatchedOutput> {
        self.output.as_mut().expect("stdout was piped")
    }

    /// Closes its standard input.
    pub fn close(&mut self) {
        self.input = None;
    }

    /// Waits for it to end, and returns an error if it failed. What it still
    /// writes is not read, and that ends git.
    pub fn finish(mut self) -> Result<(), ProgramError> {
        self.close();
        let (subcommand, limit) = (self.subcommand, self.program.limit);
        let was_ended = self.output.take().is_some_and(|output| output.get_ref().is_ended);
        let mut child = locked(&self.child);
        let mut signs = LifeSigns::new(child.id(), limit, Arc::clone(&self.stderr.heard));
        if was_ended || !signs.ends(&mut child) {
            process_tree::end(&mut child);
            let _ = child.wait();
            return Err(ProgramError::TimedOut { subcommand, limit });
        }
        let broken = |error: io::Error| ProgramError::Broken {
            subcommand: self.subcommand,
            reason: error.to_string(),
        };
        let code = child.wait().map_err(broken)?.code();
        if code == Some(0) {
            return Ok(());
        }
        self.stderr.ends_in(LAST_OUTPUT);
        let stderr = shown(&self.stderr.take().0);
        Err(self.program.failed(self.subcommand, GitOutput { stdout: Vec::new(), stderr, code }))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.close();
        let mut child = locked(&self.child);
        // It may have ended by itself already.
        let _ = child.kill();
        // An ended child must not be left as a zombie.
        let _ = child.wait();
    }
}

fn locked(child: &Mutex<Child>) -> MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The standard output of a running git, which is ended if it gives no sign of life
/// while it is read.
#[derive(Debug)]
pub struct WatchedOutput {
    subcommand: &'static str,
    limit: SilenceLimit,
    pipe: ChildStdout,
    child: Arc<Mutex<Child>>,
    signs: LifeSigns,
    is_ended: bool,
}

impl Read for WatchedOutput {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.signs.restart();
        while !self.is_ended {
            let mut wants = [PollFd::new(&self.pipe, PollFlags::IN)];
            let pause = Timespec::try_from(self.signs.pause()).ok();
            match poll(&mut wants, pause.as_ref()) {
                Ok(0) if self.signs.are_recent() => {}
                Ok(0) => {
                    process_tree::end(&mut locked(&self.child));
                    self.is_ended = true;
                }
                Ok(_) => return self.pipe.read(into),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let (subcommand, limit) = (self.subcommand, self.limit);
        let error = ProgramError::TimedOut { subcommand, limit };
        Err(io::Error::new(io::ErrorKind::TimedOut, error))
    }
}

/// The output of one of git's pipes, read while it runs: a pipe that nobody
/// empties would block it.
#[derive(Debug)]
struct PipeReader {
    bytes: Arc<Mutex<(Vec<u8>, bool)>>,
    heard: Arc<AtomicU64>,
    end: mpsc::Receiver<()>,
}

/// What happens to output beyond the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Overflow {
    /// It is read and dropped.
    Forget,
    /// The pipe is closed, which ends git.
    Stop,
}

impl PipeReader {
    /// Reads a pipe, and counts in `heard` whenever something comes.
    fn of(
        pipe: Option<impl Read + Send + 'static>,
        limit: u64,
        overflow: Overflow,
        heard: &Arc<AtomicU64>,
    ) -> Self {
        let bytes = Arc::new(Mutex::new((Vec::new(), true)));
        let (at_end, end) = mpsc::channel();
        let (into, count) = (Arc::clone(&bytes), Arc::clone(heard));
        thread::spawn(move || {
            if let Some(pipe) = pipe {
                let limit = usize::try_from(limit).unwrap_or(usize::MAX);
                gather(pipe, &into, limit, overflow, &count);
            }
            // A receiver that is gone has what it needs.
            let _ = at_end.send(());
        });
        Self { bytes, heard: Arc::clone(heard), end }
    }

    /// Waits for the end of the output; false if that takes longer.
    fn ends_in(&self, wait: Duration) -> bool {
        // The sender is gone once it has told of the end.
        !matches!(self.end.recv_timeout(wait), Err(mpsc::RecvTimeoutError::Timeout))
    }

    /// The output so far, and whether none of it was dropped.
    fn take(&self) -> (Vec<u8>, bool) {
        std::mem::take(&mut *self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn gather(
    mut pipe: impl Read,
    into: &Mutex<(Vec<u8>, bool)>,
    limit: usize,
    overflow: Overflow,
    heard: &AtomicU64,
) {
    let mut chunk = vec![0; 32 << 10];
    while let Ok(read @ 1..) = pipe.read(&mut chunk) {
        heard.fetch_add(1, Ordering::Relaxed);
        let mut into = into.lock().unwrap_or_else(PoisonError::into_inner);
        if overflow == Overflow::Forget && into.0.len() + read > limit {
            into.0 = without_progress(&into.0);
        }
        let kept = read.min(limit.saturating_sub(into.0.len()));
        into.0.extend_from_slice(&chunk[..kept]);
        into.1 &= kept == read;
        if !into.1 && overflow == Overflow::Stop {
            return;
        }
    }
}

/// Git's messages without what it wrote over: how far it was, on one line again and
/// again.
fn without_progress(messages: &[u8]) -> Vec<u8> {
    let lines = messages.split_inclusive(|byte| *byte == b'\n');
    let last = |line: &[u8]| {
        let end = line.strip_suffix(b"\n").unwrap_or(line);
        let start = end.iter().rposition(|byte| *byte == b'\r').map_or(0, |at| at + 1);
        line[start..].to_vec()
    };
    lines.flat_map(last).collect()
}

/// Git's messages to people, without credentials.
fn shown(stderr: &[u8]) -> String {
    let stderr = without_progress(stderr);
    let text = String::from_utf8_lossy(&stderr);
    let is_message = |line: &&str| !is_progress(line);
    let text: String = text.split_inclusive('\n').filter(is_message).collect();
    without_credentials(&text).into_owned()
}

/// Whether a line only says how far git was at last, as `progress.c` writes it:
/// `Receiving objects: 100% (3/3), 1.2 KiB | 1.2 MiB/s, done.`
fn is_progress(line: &str) -> bool {
    let line = line.trim();
    let Some((what, rest)) = line.strip_prefix("remote: ").unwrap_or(line).split_once(": ") else {
        return false;
    };
    let is_title = what.chars().all(|c| c.is_ascii_alphabetic() || c == ' ');
    let rest = rest.trim_start();
    let number = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let counts = number.len() < rest.len();
    is_title && counts && (number.starts_with("% (") || number.starts_with(", done."))
}

/// Why git did not do what was asked of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    /// It is not installed.
    #[error("git is not installed, or not in `PATH`")]
    NotInstalled,
    /// It does not know an option that is needed.
    #[error("git {}.{} is too old: {}.{} is needed", .found.0, .found.1, .needed.0, .needed.1)]
    TooOld {
        /// The installed version.
        found: (u32, u32),
        /// The oldest version that works.
        needed: (u32, u32),
    },
    /// It failed.
    #[error("`git {subcommand}` failed: {}", reason(.message))]
    Failed {
        /// The subcommand.
        subcommand: &'static str,
        /// Its messages to people, without credentials.
        message: String,
    },
    /// It gave no sign of life for too long, and was ended.
    #[error("`git {subcommand}` gave no sign of life for {limit}, and was ended")]
    TimedOut {
        /// The subcommand.
        subcommand: &'static str,
        /// The limit.
        limit: SilenceLimit,
    },
    /// It wrote more than the limit.
    #[error("`git {subcommand}` wrote more than {limit} bytes")]
    TooMuch {
        /// The subcommand.
        subcommand: &'static str,
        /// The limit in bytes.
        limit: u64,
    },
    /// The system could not run it.
    #[error("`git {subcommand}` could not be run: {reason}")]
    Broken {
        /// The subcommand.
        subcommand: &'static str,
        /// The system's reason.
        reason: String,
    },
}

/// What to do about something that takes long and is right.
pub(super) const WAIT_LONGER: &str = "find out what git waits for: a server, a hook, or a program that signs or has a password; \
     `--timeout 10m` waits longer";

impl ProgramError {
    /// Whether it was ended because it gave no sign of life.
    pub(super) fn is_timeout(&self) -> bool {
        matches!(self, Self::TimedOut { .. })
    }

    /// Git's messages on one line and without its hints; if there are none,
    /// this error.
    pub fn last_words(&self) -> String {
        match self {
            Self::Failed { message, .. } if !message.trim().is_empty() => {
                let lines = message.lines().map(str::trim);
                let is_message = |line: &&str| !line.is_empty() && !line.starts_with("hint:");
                harmless(&lines.filter(is_message).collect::<Vec<_>>().join("; ")).into_owned()
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
            Self::TimedOut { .. } => Finding::new(&GIT_TIMED_OUT, message, at).help(WAIT_LONGER),
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
        ProgramError::Failed { subcommand, message: output.stderr }
    }
}

/// The line of git's messages that says why it failed.
fn reason(message: &str) -> String {
    let lines = || message.lines().map(str::trim).filter(|line| !line.is_empty());
    let verdict = lines().find(|line| line.starts_with("fatal: ") || line.starts_with("error: "));
    let line = verdict.or_else(|| lines().next_back()).unwrap_or("it said nothing");
    let line = line.trim_start_matches("fatal: ").trim_start_matches("error: ");
    harmless(line).into_owned()
}

#[cfg(test)]
mod tests {
    use std::io::BufRead;

    use super::*;

    /// A program in the place of git that runs a shell script.
    fn stand_in(script: &str) -> (tempfile::TempDir, GitProgram) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("git");
        // Another process writes it: a file that this one has open for writing
        // while any of its threads forks cannot be run.
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
    fn variables_of_another_clone_are_not_passed_on() {
        let (_kept, program) = stand_in("env");
        let environment = String::from_utf8(program.command("any").run().unwrap()).unwrap();
        for name in FOREIGN {
            assert!(!environment.contains(&format!("\n{name}=")), "{name}");
        }
        for (name, value) in FIXED {
            assert!(environment.contains(&format!("{name}={value}\n")), "{name}");
        }
    }

    #[test]
    fn git_that_is_not_installed_is_reported() {
        let program = GitProgram::nowhere().executable("/nonexistent/git");
        assert_eq!(program.command("version").run().unwrap_err(), ProgramError::NotInstalled);
    }

    #[test]
    fn git_that_is_too_old_is_reported_with_what_is_needed() {
        let (_kept, program) = stand_in(
            r#"for a; do [ "$a" = version ] && echo "git version 2.20.1 (Apple Git-117)" && exit; done
            echo "error: unknown option" >&2; exit 129"#,
        );
        let error = program.command("fetch").arg("--no-write-fetch-head").run().unwrap_err();
        assert_eq!(error.to_string(), "git 2.20 is too old: 2.30 is needed");
    }

    #[test]
    fn credentials_are_removed_from_what_git_says() {
        let (_kept, program) = stand_in(
            "echo \"fatal: unable to access 'https://me:hunter2@h/x/': 500\" >&2; exit 128",
        );
        let error = program.command("push").run().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`git push` failed: unable to access 'https://***@h/x/': 500"
        );
    }

    const SHORT: Duration = Duration::from_millis(200);

    #[test]
    fn what_says_nothing_is_ended_even_if_a_helper_holds_its_pipes() {
        let (_kept, program) = stand_in("sleep 1000 & sleep 1000");
        let limit = SilenceLimit::new(SHORT);
        let error = program.silence_limit(limit).command("push").run().unwrap_err();
        assert_eq!(error, ProgramError::TimedOut { subcommand: "push", limit });
        let words = "`git push` gave no sign of life for 200 milliseconds, and was ended";
        assert_eq!(error.to_string(), words);
    }

    #[test]
    fn what_closes_its_pipes_and_stays_is_ended() {
        let (_kept, program) = stand_in("exec >&- 2>&-; sleep 1000; true");
        let program = program.silence_limit(SilenceLimit::new(SHORT));
        assert!(program.command("push").run().unwrap_err().is_timeout());
    }

    #[test]
    fn what_says_how_far_it_is_may_take_as_long_as_it_takes() {
        let (_kept, program) = stand_in("for i in 1 2 3 4 5 6; do sleep 0.1; echo $i >&2; done");
        let program = program.silence_limit(SilenceLimit::new(Duration::from_millis(400)));
        program.command("fetch").run().unwrap();
    }

    #[test]
    fn what_a_hook_leaves_in_the_background_is_not_waited_for() {
        let (_kept, program) = stand_in("sleep 20 & echo done");
        assert_eq!(program.command("push").run().unwrap(), b"done\n");
    }

    #[test]
    fn a_running_git_that_does_not_answer_is_ended_and_one_that_is_not_asked_is_not() {
        let (_kept, program) = stand_in("read line; echo answer; sleep 1000; true");
        let program = program.silence_limit(SilenceLimit::new(SHORT));
        let mut running = program.command("cat-file").start().unwrap();
        thread::sleep(SHORT * 2);
        writeln!(running.input().unwrap()).unwrap();
        let mut line = String::new();
        running.output().read_line(&mut line).unwrap();
        assert_eq!(line, "answer\n");
        let error = running.output().read_line(&mut line).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(running.finish().unwrap_err().is_timeout());
    }

    #[test]
    fn how_far_git_is_is_not_among_its_messages() {
        let stderr = "Receiving objects:  50% (1/2)\rReceiving objects: 100% (2/2), done.\n\
                      remote: Enumerating objects: 3, done.\n\
                      remote: Compressing objects: 100% (2/2), done.\n\
                      remote: error: quota: 90% (of it), done.\n\
                      fatal: early EOF\n";
        let expected = "remote: error: quota: 90% (of it), done.\nfatal: early EOF\n";
        assert_eq!(shown(stderr.as_bytes()), expected);
    }
}
