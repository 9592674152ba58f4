//! How much time and memory rendering may take.

use std::time::Duration;

use super::start::WorkerOptions;
use crate::config::{ByteSize, TimeLimit, WorkerSettings};

/// How much rendering may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// The longest that engines may work on one app.
    pub(super) time: Duration,
    /// The most memory of all apps together.
    pub(super) memory: ByteSize,
    /// The most text of all apps together.
    pub(super) output: ByteSize,
}

impl Limits {
    /// For templates of one's own: far more than any repository needs.
    const GENEROUS: Self = Self {
        time: WorkerSettings::DEFAULT_TIME,
        memory: WorkerSettings::DEFAULT_MEMORY,
        output: WorkerSettings::DEFAULT_OUTPUT,
    };

    /// For templates of strangers.
    const TIGHT: Self = Self {
        time: Duration::from_secs(10),
        memory: ByteSize::mebibytes(512),
        output: ByteSize::mebibytes(64),
    };

    /// The limits for a repository with these settings. What a person says counts more;
    /// and a stranger's settings cannot loosen a sandbox.
    pub(super) fn of(options: &WorkerOptions, settings: &WorkerSettings) -> Self {
        let default = if options.sandbox { Self::TIGHT } else { Self::GENEROUS };
        let sandbox = options.sandbox;
        let time = configured(settings.time.map(TimeLimit::duration), default.time, sandbox);
        let memory = configured(settings.memory, default.memory, sandbox);
        let output = configured(settings.output, default.output, sandbox);
        Self {
            time: options.time.map_or(time, TimeLimit::duration),
            memory: options.memory.unwrap_or(memory).max(LEAST_MEMORY),
            output: options.output.unwrap_or(output),
        }
    }
}

/// With less memory, not even the program itself has enough.
const LEAST_MEMORY: ByteSize = ByteSize::mebibytes(64);

/// A limit that the repository may set.
fn configured<T: Ord>(set: Option<T>, default: T, sandbox: bool) -> T {
    match set {
        Some(set) if sandbox => set.min(default),
        Some(set) => set,
        None => default,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

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
        let time = Some(TimeLimit::named("5m").unwrap());
        let large = WorkerSettings { time, memory: Some(size("8GiB")), output: Some(size("2GiB")) };
        assert_eq!(Limits::of(&options(true), &large), Limits::TIGHT);
        let loosened = Limits::of(&options(false), &large);
        assert_eq!(loosened.time, Duration::from_mins(5));
        assert_eq!((loosened.memory, loosened.output), (size("8GiB"), size("2GiB")));
        let time = Some(TimeLimit::named("1s").unwrap());
        let small =
            WorkerSettings { time, memory: Some(size("64MiB")), output: Some(size("1MiB")) };
        assert_eq!(Limits::of(&options(true), &small), Limits::of(&options(false), &small));
    }

    #[test]
    fn what_a_person_says_counts_most() {
        let settings = WorkerSettings { memory: Some(size("64MiB")), ..WorkerSettings::default() };
        let said = WorkerOptions { memory: Some(size("1GiB")), ..options(true) };
        assert_eq!(Limits::of(&said, &settings), Limits { memory: size("1GiB"), ..Limits::TIGHT });
    }
}
