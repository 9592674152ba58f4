//! What only some files may do, with the files.

/// What only a part of the code may do.
pub(crate) struct Edge {
    /// The action, as a verb.
    pub(crate) what: &'static str,
    /// The items of other crates that do it.
    pub(crate) paths: &'static [&'static str],
    /// The files that may do it, by the start of their path in `src/`.
    pub(crate) belongs_to: &'static [&'static str],
    /// What other files do instead.
    pub(crate) instead: &'static str,
}

/// Processes, the clock and the environment.
pub(crate) const WORLD: &[Edge] = &[
    Edge {
        what: "starts a process",
        paths: &["std::process::Command"],
        belongs_to: &["git/program.rs", "worker/process.rs"],
        instead: "call a function of `git/` or of `worker/`",
    },
    Edge {
        what: "ends the process",
        paths: &["std::process::exit", "std::process::abort"],
        // A worker ends with the program that started it, whatever it is busy with.
        belongs_to: &["cli/", "worker/remote.rs"],
        instead: "return findings",
    },
    Edge {
        what: "reads the clock",
        paths: &[
            "jiff::Timestamp::now",
            "jiff::Zoned::now",
            "std::time::SystemTime::now",
            "std::time::UNIX_EPOCH::elapsed",
        ],
        belongs_to: &["cli/"],
        instead: "take the time as an argument",
    },
    Edge {
        what: "measures time",
        paths: &["std::time::Instant::now"],
        // Time-outs of processes and attempts, and the pace of progress.
        belongs_to: &[
            "cli/console.rs",
            "git/process_tree.rs",
            "git/silence.rs",
            "git/tip.rs",
            "worker/engines.rs",
            "worker/process.rs",
            "worker/watched_job.rs",
        ],
        instead: "take the time as an argument",
    },
    Edge {
        what: "reads the environment",
        paths: &["std::env", "jiff::tz::TimeZone::system"],
        belongs_to: &["cli/"],
        instead: "take the variables as an argument, as `git::Variables`",
    },
    Edge {
        what: "writes to the disk",
        paths: &[
            "rustix::fs",
            "std::fs::copy",
            "std::fs::create_dir",
            "std::fs::create_dir_all",
            "std::fs::hard_link",
            "std::fs::remove_dir",
            "std::fs::remove_dir_all",
            "std::fs::remove_file",
            "std::fs::rename",
            "std::fs::set_permissions",
            "std::fs::write",
            "std::fs::File::create",
            "std::fs::File::create_new",
            "std::fs::OpenOptions",
        ],
        // The cache of clones is not a directory of the user's. The work tree is only read, but
        // by options of opening: a link is not followed, and a pipe not waited for.
        belongs_to: &["disk/", "git/cache.rs", "source/disk.rs"],
        instead: "go through `disk/`",
    },
];
