//! Programs that run beside a test.

use std::fs::File;
use std::io::{self, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Reports that a test was skipped because a component is absent. If components
/// are required (`RUNGS_REQUIRE_COMPONENTS`), that is a failure.
///
/// # Panics
///
/// If components are required.
pub fn absent(what: &str) {
    assert!(
        std::env::var_os("RUNGS_REQUIRE_COMPONENTS").is_none(),
        "{what}, and RUNGS_REQUIRE_COMPONENTS is set"
    );
    // Not by a macro, whose output a test that passes keeps to itself.
    let _ = writeln!(io::stderr(), "skipped: {what}");
}

/// The directory where `.ci/run` puts the components that it builds.
pub fn built(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    target
        .expect("cargo's directory for temporary files is below target")
        .join("components")
        .join(name)
}

/// Ports of the loopback interface that nobody listens on. Another process may
/// take one before the component does, so the start of a component has to be tried
/// again.
pub fn free_ports<const N: usize>() -> io::Result<[u16; N]> {
    let mut listeners = Vec::with_capacity(N);
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        *port = listener.local_addr()?.port();
        // Held until all are chosen, so that no two are the same.
        listeners.push(listener);
    }
    Ok(ports)
}

/// A program that runs until this is dropped. It writes to a log file, whose
/// end is what a failure shows.
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program without standard input.
    pub fn start(command: &mut Command, log: PathBuf) -> io::Result<Self> {
        let output = File::create(&log)?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        Ok(Self { child: command.spawn()?, log })
    }

    /// The exit status, if it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child of this process can be waited for")
    }

    /// The last lines of the log.
    pub fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Repeats a check until it is true; returns false after `limit`.
pub fn wait_until(limit: Duration, mut ready: impl FnMut() -> bool) -> bool {
    let started = Instant::now();
    while started.elapsed() < limit {
        if ready() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    false
}
