//! How a worker is started.

use std::ffi::OsString;

/// The first argument of a program that is started as a worker.
const NAME: &str = "worker-process";

/// How a worker is started: what it takes from itself before it reads anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerStart {
    /// Whether it may do nothing but compute and talk to the program.
    pub sandbox: bool,
    /// The most memory, in bytes.
    pub memory: u64,
    /// The most rendered text of one job, in bytes.
    pub output: u64,
    /// How many threads render.
    pub threads: usize,
}

impl WorkerStart {
    /// The program's arguments that start such a worker.
    pub fn arguments(&self) -> [String; 5] {
        let Self { sandbox, memory, output, threads } = self;
        [
            NAME.to_owned(),
            sandbox.to_string(),
            memory.to_string(),
            output.to_string(),
            threads.to_string(),
        ]
    }

    /// How it is started by these arguments, the program's name left out; none if they are
    /// not a worker's.
    pub(super) fn parse(arguments: &[OsString]) -> Option<Self> {
        let [name, sandbox, memory, output, threads] = arguments else { return None };
        if name != NAME {
            return None;
        }
        Some(Self {
            sandbox: sandbox.to_str()?.parse().ok()?,
            memory: memory.to_str()?.parse().ok()?,
            output: output.to_str()?.parse().ok()?,
            threads: threads.to_str()?.parse().ok()?,
        })
    }
}
