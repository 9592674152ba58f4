//! How much time and memory rendering may take.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::{self, ByteSize, WorkerSettings};

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
    pub time: Option<config::Duration>,
    /// The most memory.
    pub memory: Option<ByteSize>,
    /// The most text.
    pub output: Option<ByteSize>,
}

/// How much rendering may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest that one app may take.
    pub time: Duration,
    /// The most memory of all apps together, in bytes.
    pub memory: u64,
    /// The most text of all apps together, in bytes.
    pub output: u64,
}

impl Limits {
    /// For templates of one's own: far more than any repository needs.
    pub const GENEROUS: Self =
        Self { time: Duration::from_mins(1), memory: 4 << 30, output: 1 << 30 };

    /// For templates of strangers.
    pub const TIGHT: Self =
        Self { time: Duration::from_secs(10), memory: 512 << 20, output: 64 << 20 };

    /// The limits for a repository with these settings. What a person says counts more;
    /// and a stranger's settings cannot loosen a sandbox.
    pub fn of(options: &WorkerOptions, settings: &WorkerSettings) -> Self {
        let default = if options.sandbox { Self::TIGHT } else { Self::GENEROUS };
        let seconds = |time: config::Duration| Duration::from_secs(time.seconds());
        let bounded = |set: Option<u64>, default: u64| match set {
            Some(set) if options.sandbox => set.min(default),
            Some(set) => set,
            None => default,
        };
        let time = match settings.time.map(seconds) {
            Some(set) if options.sandbox => set.min(default.time),
            Some(set) => set,
            None => default.time,
        };
        let configured = Self {
            time,
            memory: bounded(settings.memory.map(ByteSize::bytes), default.memory),
            output: bounded(settings.output.map(ByteSize::bytes), default.output),
        };
        Self {
            time: options.time.map_or(configured.time, seconds),
            memory: options.memory.map_or(configured.memory, ByteSize::bytes),
            output: options.output.map_or(configured.output, ByteSize::bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(sandbox: bool) -> WorkerOptions {
        let program = PathBuf::from("rungs");
        WorkerOptions { program, threads: None, sandbox, time: None, memory: None, output: None }
    }

    fn size(text: &str) -> ByteSize {
        ByteSize::named(text).unwrap()
    }

    #[test]
    fn a_repository_may_loosen_what_is_generous_and_tighten_what_is_tight() {
        let time = Some(config::Duration::named("5m").unwrap());
        let large = WorkerSettings { time, memory: Some(size("8GiB")), output: Some(size("2GiB")) };
        assert_eq!(Limits::of(&options(true), &large), Limits::TIGHT);
        let loosened = Limits::of(&options(false), &large);
        assert_eq!(loosened.time, Duration::from_mins(5));
        assert_eq!((loosened.memory, loosened.output), (8 << 30, 2 << 30));
        let time = Some(config::Duration::named("1s").unwrap());
        let small =
            WorkerSettings { time, memory: Some(size("64MiB")), output: Some(size("1MiB")) };
        assert_eq!(Limits::of(&options(true), &small), Limits::of(&options(false), &small));
    }

    #[test]
    fn what_a_person_says_counts_most() {
        let settings = WorkerSettings { memory: Some(size("64MiB")), ..WorkerSettings::default() };
        let said = WorkerOptions { memory: Some(size("1GiB")), ..options(true) };
        assert_eq!(Limits::of(&said, &settings), Limits { memory: 1 << 30, ..Limits::TIGHT });
    }
}
