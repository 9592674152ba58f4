//! What the code may do against the rules: for good where a reason stands with
//! it, and for now.

/// Files that are in a circle with others of their module, by module. The list
/// has to come to nothing.
pub(crate) const CIRCLES: &[(&str, &[&str])] =
    &[("history", &["history/audit/mod.rs", "history/branch.rs"])];

/// What only a part of the code may do.
pub(crate) struct Edge {
    /// What it does, as a verb.
    pub(crate) what: &'static str,
    /// What it is done by, of other crates.
    pub(crate) paths: &'static [&'static str],
    /// The files that may, by the beginning of their path in `src/`.
    pub(crate) belongs_to: &'static [&'static str],
    /// The files that do and should not.
    pub(crate) for_now: &'static [&'static str],
    /// What others do instead.
    pub(crate) instead: &'static str,
}

/// Processes, the clock and the environment.
pub(crate) const WORLD: &[Edge] = &[
    Edge {
        what: "starts a process",
        paths: &["std::process::Command"],
        belongs_to: &["git/program.rs"],
        for_now: &[],
        instead: "ask `git/` for what is wanted",
    },
    Edge {
        what: "ends the process",
        paths: &["std::process::exit", "std::process::abort"],
        belongs_to: &["cli/"],
        for_now: &[],
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
        for_now: &[],
        instead: "take the time as an argument",
    },
    Edge {
        what: "measures time",
        paths: &["std::time::Instant::now"],
        // Time-outs of processes and attempts, and the pace of progress.
        belongs_to: &["cli/console.rs", "git/program.rs", "git/tip.rs"],
        for_now: &[],
        instead: "take the time as an argument",
    },
    Edge {
        what: "reads the environment",
        paths: &["std::env", "jiff::tz::TimeZone::system"],
        belongs_to: &["cli/"],
        for_now: &[],
        instead: "take what is wanted as an argument, as `git::Variables`",
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
        // The cache of clones is no directory of the user.
        belongs_to: &["disk/", "git/cache.rs"],
        for_now: &[],
        instead: "go through `disk/`",
    },
];

/// Names of more than one type, and of how many.
pub(crate) const REPEATED: &[(&str, usize)] = &[("Entry", 2), ("Key", 2)];

/// What is public and used by nobody outside of its module, by file. The list
/// has to come to nothing.
pub(crate) const UNUSED: &[(&str, &[&str])] = &[];
