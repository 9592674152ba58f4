//! The worker as the program sees it: a process at the other end of three pipes.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::ioctl_fionbio;

use super::frame::{self, FrameBuffer};
use super::message::{FROM_WORKER, FromWorker, ToWorker};
use super::start::WorkerStart;

/// As much as is kept of what a worker says to standard error: its last words.
const MOST_SAID: usize = 16 << 10;

/// As much as one read takes.
const PIECE: usize = 64 << 10;

/// As much as a pipe holds, so that a worker seldom waits for its program.
#[cfg(target_os = "linux")]
const PIPE: usize = 256 << 10;

/// A worker's process. It ends when this is dropped, if not before.
pub(super) struct WorkerProcess {
    child: Child,
    orders: Option<ChildStdin>,
    reports: Option<ChildStdout>,
    words: Option<ChildStderr>,
    /// What the pipe has not taken yet.
    outgoing: Vec<u8>,
    incoming: FrameBuffer,
    piece: Vec<u8>,
    said: Vec<u8>,
}

/// Why no message comes any more.
#[derive(Debug)]
pub(super) enum Silence {
    /// The worker has ended, or closed its end.
    Ended,
    /// What it sent is not a message.
    Nonsense,
}

/// How a worker ended.
#[derive(Debug)]
pub(super) struct LastWords {
    /// Its exit status; none if it could not be had.
    pub(super) status: Option<ExitStatus>,
    /// What it said to standard error.
    pub(super) said: String,
}

impl LastWords {
    /// The signal that ended it.
    pub(super) fn signal(&self) -> Option<i32> {
        self.status.and_then(|status| status.signal())
    }

    /// Its exit code.
    pub(super) fn code(&self) -> Option<i32> {
        self.status.and_then(|status| status.code())
    }
}

/// How a worker ended, after `it`.
impl fmt::Display for LastWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.said.contains("has overflowed its stack") {
            return f.write_str("its stack overflowed");
        }
        match (self.signal(), self.code()) {
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
        let mut child = Command::new(program)
            .args(start.arguments())
            .env_clear()
            .envs(allocator_settings(start.memory))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (orders, reports, words) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let process = Self {
            child,
            orders,
            reports,
            words,
            outgoing: Vec::new(),
            incoming: FrameBuffer::default(),
            piece: vec![0; PIECE],
            said: Vec::new(),
        };
        // Nobody waits longer for a worker than its time, whatever it does not read.
        if let (Some(orders), Some(reports), Some(words)) =
            (&process.orders, &process.reports, &process.words)
        {
            ioctl_fionbio(orders, true)?;
            ioctl_fionbio(reports, true)?;
            ioctl_fionbio(words, true)?;
            widen(reports);
        }
        Ok(process)
    }

    /// Whether the worker has taken all that was sent.
    pub(super) fn is_idle(&self) -> bool {
        self.outgoing.is_empty()
    }

    /// Sends a message, as far as the pipe takes it; the rest while reports are awaited.
    pub(super) fn send(&mut self, order: &ToWorker, body: &[u8]) {
        frame::write(&mut self.outgoing, order, body).expect("memory can be written");
        self.write();
    }

    /// The next message, if it comes in time. Unless it is there already, `nap` is waited
    /// first, so that others come with it.
    pub(super) fn receive(
        &mut self,
        wait: Duration,
        nap: Duration,
    ) -> Result<Option<FromWorker>, Silence> {
        let until = Instant::now() + wait;
        loop {
            match self.incoming.take(FROM_WORKER) {
                Ok(Some(report)) => return Ok(Some(report)),
                Ok(None) => {}
                Err(_) => return Err(Silence::Nonsense),
            }
            // A message that was cut off says as little as none.
            if self.reports.is_none() {
                return Err(Silence::Ended);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            thread::sleep(nap);
            self.exchange(left);
        }
    }

    /// The body of the message that was received last.
    pub(super) fn body(&self) -> &[u8] {
        self.incoming.body()
    }

    /// Moves bytes in both directions, once there are any.
    fn exchange(&mut self, wait: Duration) {
        let orders = self.orders.as_ref().filter(|_| !self.outgoing.is_empty());
        let wants = [
            self.reports.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)),
            self.words.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)),
            orders.map(|pipe| PollFd::new(pipe, PollFlags::OUT)),
        ];
        let is_open = [0, 1, 2].map(|at: usize| wants[at].is_some());
        let mut wants: Vec<_> = wants.into_iter().flatten().collect();
        // If waiting fails or is interrupted, it is tried again.
        let waited = poll(&mut wants, Timespec::try_from(wait).ok().as_ref());
        let mut answers = wants.iter().map(|want| !want.revents().is_empty());
        let [reports, words, orders] =
            is_open.map(|is_open| is_open && answers.next() == Some(true));
        drop(answers);
        if waited.is_err() {
            return;
        }
        if orders {
            self.write();
        }
        if words {
            self.read_words();
        }
        if reports {
            self.read_reports();
        }
    }

    fn write(&mut self) {
        let Some(orders) = &mut self.orders else { return };
        let mut written = 0;
        while written < self.outgoing.len() {
            match orders.write(&self.outgoing[written..]) {
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // It has gone, which shows on the other pipe.
                Err(_) => {
                    self.orders = None;
                    written = self.outgoing.len();
                    break;
                }
            }
        }
        self.outgoing.drain(..written);
    }

    fn read_reports(&mut self) {
        let Some(reports) = &mut self.reports else { return };
        match reports.read(&mut self.piece) {
            Ok(0) => self.reports = None,
            Ok(count) => self.incoming.extend(&self.piece[..count]),
            Err(error) if is_temporary(&error) => {}
            Err(_) => self.reports = None,
        }
    }

    fn read_words(&mut self) {
        let Some(words) = &mut self.words else { return };
        match words.read(&mut self.piece) {
            Ok(0) => self.words = None,
            Ok(count) => {
                self.said.extend_from_slice(&self.piece[..count]);
                let surplus = self.said.len().saturating_sub(MOST_SAID);
                self.said.drain(..surplus);
            }
            Err(error) if is_temporary(&error) => {}
            Err(_) => self.words = None,
        }
    }

    /// Lets the process end by itself.
    pub(super) fn dismiss(&mut self) {
        self.orders = None;
    }

    /// Ends the process, and returns its last words. One that has ended by itself has its
    /// own status.
    pub(super) fn end(mut self) -> LastWords {
        if self.reports.is_none() {
            // One whose pipes are closed is about to end, and its own status says more.
            self.wait_for(|process| matches!(process.child.try_wait(), Ok(Some(_)) | Err(_)));
        }
        let _ = self.child.kill();
        let status = self.child.wait().ok();
        self.read_words();
        LastWords { status, said: String::from_utf8_lossy(&self.said).into_owned() }
    }

    /// Waits until something is true of the process, but not for long.
    fn wait_for(&mut self, is_so: impl Fn(&mut Self) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !is_so(self) && Instant::now() < until {
            let is_open = self.reports.is_some() || self.words.is_some();
            self.exchange(if is_open { PATIENCE } else { Duration::from_millis(1) });
            // Nobody wants what comes now.
            self.incoming = FrameBuffer::default();
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
const PATIENCE: Duration = Duration::from_secs(2);

fn is_temporary(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

impl Drop for WorkerProcess {
    fn drop(&mut self) {
        // It ends by itself when its input does. It may have ended already.
        self.orders = None;
        self.wait_for(|process| process.reports.is_none());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
