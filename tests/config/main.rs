//! Configuration, of valid and of invalid repositories.
//!
//! `RUNGS_UPDATE=1 cargo test --test config` writes the expected findings.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod adopted;
mod claims;
mod complete;
mod large;
mod layers;
mod pins;
mod properties;
mod some;
#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};

use rungs::config::{Loaded, Repository, load};
use rungs::diagnostic::Findings;
use rungs::source::{Disk, Memory, Tree};

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config")
}

fn load_directory(directory: &Path) -> Result<Loaded, Findings> {
    load(&Tree::new(Disk::new(directory)))
}

/// The repository that uses every key.
fn shop() -> Repository {
    load_directory(&here().join("complete/shop")).unwrap().repository
}

/// A repository in memory, which must load.
fn loaded(files: &[(&str, &str)]) -> Loaded {
    load(&Tree::new(Memory::of(files.iter().copied()))).unwrap()
}

/// The codes of the findings in a repository in memory.
fn codes(files: &[(&str, &str)]) -> Vec<&'static str> {
    let findings = match load(&Tree::new(Memory::of(files.iter().copied()))) {
        Ok(loaded) => loaded.warnings,
        Err(findings) => findings,
    };
    findings.iter().map(|finding| finding.code.name).collect()
}
