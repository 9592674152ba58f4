//! A tree that is not what would be written.

use super::code::STALE_FILE;
use super::plan::{Action, Change};
use crate::diagnostic::{Finding, Findings};
use crate::source::{Location, RepoPath};

/// A finding for each file that is not what would be written, in the output
/// directory as the repository names it.
pub fn stale(changes: &[Change], output: &RepoPath) -> Findings {
    let findings = changes.iter().map(|change| {
        let path = output.join(change.path.as_str()).unwrap_or_else(|_| change.path.clone());
        let why = match change.action {
            Action::Create => "is not there, and would be written",
            Action::Update => "is not what would be written",
            Action::Remove => "is no longer rendered, and would be removed",
        };
        Finding::new(&STALE_FILE, format!("`{path}` {why}"), Location::of_path(&path))
            .help("run `rungs render`, and commit what it writes")
    });
    findings.collect()
}
