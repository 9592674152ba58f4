//! The worker as the program sees it: a process at the other end of three pipes.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::ioctl_fionbio;

use super::frame::{self, FrameBuffer};
use super::message::{FROM_WORKER, FromWorker, ToWorker};
use super::start::WorkerStart;

/// As much as is kept of what a worker writes to standard error: the end of it.
const MOST_STDERR: usize = 16 << 10;

/// As much as a pipe holds, so that a worker seldom waits for its program.
#[cfg(target_os = "linux")]
const PIPE: usize = 256 << 10;

/// A worker's process. It ends when this is dropped, if not before.
pub(super) struct WorkerProcess {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    /// What the pipe has not taken yet.
    outgoing: Vec<u8>,
    incoming: FrameBuffer,
    captured: Vec<u8>,
}

/// Why no message comes any more.
#[derive(Debug)]
pub(super) enum ReceiveError {
    /// The worker has ended, or closed its end.
    Ended,
    /// What it sent is not a message.
    ProtocolViolation,
}

/// How a worker ended.
#[derive(Debug)]
pub(super) struct WorkerExit {
    /// Its exit status; none if it had to be killed, or if there is none to be had.
    status: Option<ExitStatus>,
    /// The last that it wrote to standard error.
    pub(super) stderr: String,
}

impl WorkerExit {
    /// Its exit code.
    pub(super) fn code(&self) -> Option<i32> {
        self.status.and_then(|status| status.code())
    }
}

/// How a worker ended, after `it`.
impl fmt::Display for WorkerExit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.stderr.contains("has overflowed its stack") {
            return f.write_str("its stack overflowed");
        }
        let Some(status) = self.status else { return f.write_str("it stopped answering") };
        match (status.signal(), status.code()) {
            (Some(9), _) => {
                f.write_str("it was killed (signal 9), as the system does if memory is short")
            }
            (Some(signal), _) => write!(f, "it was ended by signal {signal}"),
            (None, Some(0)) => f.write_str("it ended without a result"),
            (None, Some(code)) => write!(f, "it ended with exit code {code}"),
            (None, None) => f.write_str("it ended, and the system does not say how"),
        }
    }
}

impl WorkerProcess {
    /// Starts the program as a worker.
    pub(super) fn start(program: &Path, start: &WorkerStart) -> io::Result<Self> {
        let mut command = Command::new(program);
        if start.sandbox {
            command.current_dir("/");
        }
        let mut child = command
            // The name by which people know it.
            .arg0("rungs")
            .args(start.arguments())
            .env_clear()
            .envs(allocator_settings(start.memory.bytes()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let process = Self {
            child,
            stdin,
            stdout,
            stderr,
            outgoing: Vec::new(),
            incoming: FrameBuffer::default(),
            captured: Vec::new(),
        };
        // Nobody waits longer for a worker than its time, whatever it does not read.
        if let (Some(stdin), Some(stdout), Some(stderr)) =
            (&process.stdin, &process.stdout, &process.stderr)
        {
            ioctl_fionbio(stdin, true)?;
            ioctl_fionbio(stdout, true)?;
            ioctl_fionbio(stderr, true)?;
            widen(stdout);
        }
        Ok(process)
    }

    /// Whether the worker has taken all that was sent.
    pub(super) fn has_sent_all(&self) -> bool {
        self.outgoing.is_empty()
    }

    /// Sends a message, as far as the pipe takes it; the rest while its answer is awaited.
    pub(super) fn send(&mut self, order: &ToWorker, body: &[u8]) {
        frame::write(&mut self.outgoing, order, &[body]).expect("memory can be written");
        self.write();
    }

    /// The next message, if it comes in time.
    pub(super) fn receive(&mut self, wait: Duration) -> Result<Option<FromWorker>, ReceiveError> {
        let until = Instant::now() + wait;
        loop {
            match self.incoming.take(FROM_WORKER) {
                Ok(Some(report)) => return Ok(Some(report)),
                Ok(None) => {}
                Err(_) => return Err(ReceiveError::ProtocolViolation),
            }
            // A message that was cut off says as little as none.
            if self.stdout.is_none() {
                return Err(ReceiveError::Ended);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.exchange(left);
        }
    }

    /// The body of the message that was received last.
    pub(super) fn body(&self) -> &[u8] {
        self.incoming.body()
    }

    /// The length of the message that was received last.
    pub(super) fn message_size(&self) -> usize {
        self.incoming.size()
    }

    /// The time that the worker has had on processors; none if the system does not say.
    pub(super) fn processor_time(&self) -> Option<Duration> {
        // The 14th and the 15th field, in hundredths of a second, as proc_pid_stat(5) has them.
        // The second is in parentheses, and may hold anything.
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        let fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11).take(2);
        let ticks = fields.map(|field| field.parse::<u64>().ok()).sum::<Option<u64>>()?;
        Some(Duration::from_millis(ticks * 10))
    }

    /// Moves bytes in both directions, once there are any.
    fn exchange(&mut self, wait: Duration) {
        let stdin = self.stdin.as_ref().filter(|_| !self.outgoing.is_empty());
        let wants = [
            self.stdout.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)),
            self.stderr.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)),
            stdin.map(|pipe| PollFd::new(pipe, PollFlags::OUT)),
        ];
        let is_open = [0, 1, 2].map(|at: usize| wants[at].is_some());
        let mut wants: Vec<_> = wants.into_iter().flatten().collect();
        // If waiting fails or is interrupted, it is tried again.
        let waited = poll(&mut wants, Timespec::try_from(wait).ok().as_ref());
        let mut answers = wants.iter().map(|want| !want.revents().is_empty());
        let [stdout, stderr, stdin] =
            is_open.map(|is_open| is_open && answers.next() == Some(true));
        drop(answers);
        if waited.is_err() {
            return;
        }
        if stdin {
            self.write();
        }
        if stderr {
            self.read_stderr();
        }
        if stdout {
            self.read_stdout();
        }
    }

    fn write(&mut self) {
        let Some(stdin) = &mut self.stdin else { return };
        let mut written = 0;
        while written < self.outgoing.len() {
            match stdin.write(&self.outgoing[written..]) {
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // It has gone, which shows on the other pipe.
                Err(_) => {
                    self.stdin = None;
                    written = self.outgoing.len();
                    break;
                }
            }
        }
        self.outgoing.drain(..written);
    }

    fn read_stdout(&mut self) {
        let Some(stdout) = &mut self.stdout else { return };
        match self.incoming.fill(stdout) {
            Ok(0) => self.stdout = None,
            Ok(_) => {}
            Err(error) if is_temporary(&error) => {}
            Err(_) => self.stdout = None,
        }
    }

    fn read_stderr(&mut self) {
        let Some(stderr) = &mut self.stderr else { return };
        let mut piece = [0; MOST_STDERR];
        match stderr.read(&mut piece) {
            Ok(0) => self.stderr = None,
            Ok(count) => {
                self.captured.extend_from_slice(&piece[..count]);
                let surplus = self.captured.len().saturating_sub(MOST_STDERR);
                self.captured.drain(..surplus);
            }
            Err(error) if is_temporary(&error) => {}
            Err(_) => self.stderr = None,
        }
    }

    /// Kills the process, which has nothing to put in order, and does not wait for its end.
    pub(super) fn kill(&mut self) {
        let _ = self.child.kill();
    }

    /// Ends the process, and returns how it ended if it did so by itself.
    pub(super) fn end(mut self) -> WorkerExit {
        // One whose pipes are closed is about to end, and its own status says more.
        let status = if self.stdout.is_none() { self.wait_for_end() } else { None };
        self.kill();
        let _ = self.child.wait();
        // As much as a pipe holds.
        (0..4).for_each(|_| self.read_stderr());
        WorkerExit { status, stderr: String::from_utf8_lossy(&self.captured).into_owned() }
    }

    /// Waits for the end of a process that has closed its standard output, but not for long.
    fn wait_for_end(&mut self) -> Option<ExitStatus> {
        let until = Instant::now() + EXIT_TIME;
        loop {
            match self.child.try_wait() {
                Ok(None) if Instant::now() < until => {
                    let is_open = self.stderr.is_some();
                    self.exchange(if is_open { EXIT_TIME } else { Duration::from_millis(1) });
                }
                ended => return ended.ok().flatten(),
            }
        }
    }
}

/// Lets a pipe hold more, so that fewer pieces go through it. It works without.
fn widen(pipe: &ChildStdout) {
    #[cfg(target_os = "linux")]
    let _ = rustix::pipe::fcntl_setpipe_size(pipe, PIPE);
    #[cfg(not(target_os = "linux"))]
    let _ = pipe;
}

/// When it starts, the allocator reserves a gigabyte, before there is a limit that this could
/// count for. That is quicker, and right if the limit is far above it.
fn allocator_settings(memory: u64) -> Option<(&'static str, &'static str)> {
    (memory < 3 << 30).then_some(("MIMALLOC_ARENA_EAGER_COMMIT", "0"))
}

/// How long a worker may take to end by itself.
const EXIT_TIME: Duration = Duration::from_secs(2);

fn is_temporary(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

impl Drop for WorkerProcess {
    fn drop(&mut self) {
        self.kill();
        let _ = self.child.wait();
    }
}
