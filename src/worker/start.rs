//! How a worker is started.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::config::{ByteSize, TimeLimit};

/// How workers are started, and what a person allows them.
#[derive(Debug, Clone)]
pub struct WorkerOptions {
    /// This program.
    pub program: PathBuf,
    /// How many threads render; none for as many as the machine has processors.
    pub threads: Option<usize>,
    /// Whether what is rendered may come from a stranger.
    pub sandbox: bool,
    /// The longest that one app may take.
    pub time: Option<TimeLimit>,
    /// The most memory.
    pub memory: Option<ByteSize>,
    /// The most text.
    pub output: Option<ByteSize>,
}

/// The first argument of a program that is started as a worker.
const NAME: &str = "worker-process";

/// How a worker is started: what it takes from itself before it reads anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerStart {
    /// Whether it may do nothing but compute and talk to the program.
    pub sandbox: bool,
    /// The most memory.
    pub memory: ByteSize,
    /// The most rendered text of one job.
    pub output: ByteSize,
    /// How many threads render.
    pub threads: usize,
}

impl WorkerStart {
    /// The program's arguments that start such a worker.
    pub(super) fn arguments(&self) -> [String; 5] {
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
            memory: ByteSize::named(memory.to_str()?).ok()?,
            output: ByteSize::named(output.to_str()?).ok()?,
            threads: threads.to_str()?.parse().ok()?,
        })
    }
}
