//! What the code may do against the rules: for good where a reason stands with
//! it, and for now.

/// Files that are in a circle with others of their module, by module. The list
/// has to come to nothing.
pub(crate) const CIRCLES: &[(&str, &[&str])] = &[
    (
        "sites",
        &[
            "sites/adopted.rs",
            "sites/model.rs",
            "sites/native_model.rs",
            "sites/reading.rs",
            "sites/rules.rs",
            "sites/write/barrier.rs",
            "sites/write/image.rs",
            "sites/write/mod.rs",
        ],
    ),
    ("holds", &["holds/mod.rs", "holds/read.rs"]),
    ("history", &["history/audit/mod.rs", "history/branch.rs"]),
    ("promote", &["promote/status/mod.rs", "promote/status/rung.rs"]),
];

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
pub(crate) const REPEATED: &[(&str, usize)] = &[
    ("Edited", 2),
    ("Entry", 2),
    ("Environment", 2),
    ("Files", 2),
    ("Finder", 2),
    ("Key", 2),
    ("Reading", 2),
    ("Request", 2),
    ("Scope", 2),
    ("Style", 2),
    ("Taken", 2),
];

/// What is public and used by nobody outside of its module, by file. The list
/// has to come to nothing.
pub(crate) const UNUSED: &[(&str, &[&str])] = &[
    (
        "yaml/mod.rs",
        &[
            "ALIAS_EXPANSION",
            "AMBIGUOUS_SCALAR",
            "DUPLICATE_KEY",
            "KEY_NOT_TEXT",
            "MERGE_NOT_MAP",
            "NESTING_TOO_DEEP",
            "NUMBER_NOT_FINITE",
            "RECURSIVE_ALIAS",
            "TAB_INDENTATION",
            "UNKNOWN_ANCHOR",
            "WRONG_TAG",
            "YAML_SYNTAX",
        ],
    ),
    ("yaml/route.rs", &["find_entry"]),
    ("yaml/value.rs", &["is_float"]),
    ("config/ladder.rs", &["is_first_rung"]),
    ("config/mod.rs", &["NamespacePattern"]),
    ("config/syntax/name.rs", &["dashed"]),
    ("config/syntax/path.rs", &["names_environment"]),
    ("config/syntax/pattern.rs", &["expand"]),
    (
        "sites/mod.rs",
        &[
            "LINKED_SITE",
            "NO_ROOM",
            "SITES_DISAGREE",
            "SITE_NOT_A_SCALAR",
            "STALE_DIGEST",
            "TEMPLATED_SITE",
            "UNMATCHED_PATTERN",
            "UNPAIRED_SITE",
            "UNPINNED",
            "UNREADABLE_IMAGE",
            "UNREADABLE_MARKER",
        ],
    ),
    ("sites/model.rs", &["has_environment"]),
    (
        "edits/mod.rs",
        &["FILES_UNWRITTEN", "NOTHING_MATCHES", "OTHER_REPOSITORY", "SEALED_FILE", "WHICH_IMAGE"],
    ),
    (
        "render/mod.rs",
        &[
            "INCLUDE_CIRCLE",
            "INCLUDE_MISSING",
            "INCLUDE_OUTSIDE",
            "JSONNET_STOPPED",
            "LOOSE_VALUE",
            "NOT_REPRODUCIBLE",
            "NO_THREAD",
            "OUTPUT_TOO_LARGE",
            "TEMPLATE_ENDLESS",
            "TEMPLATE_FAILED",
            "TEMPLATE_NESTING",
            "TEMPLATE_SYNTAX",
            "TEMPLATE_UNDEFINED",
            "WRONG_PARAMETERS",
        ],
    ),
    ("history/mod.rs", &["SHALLOW_HISTORY"]),
    (
        "promote/gates/mod.rs",
        &["Binds", "Candidate", "Evaluation", "JudgedFrom", "Transition", "Values"],
    ),
    ("promote/gates/words.rs", &["utc"]),
    ("promote/status/mod.rs", &["Sites"]),
    ("promote/verdict.rs", &["lets_through"]),
];
