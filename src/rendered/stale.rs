//! A tree that is not what would be written.

use super::changes::{Action, Change};
use super::code::STALE_FILE;
use super::standing::Output;
use crate::diagnostic::{Finding, Findings};
use crate::source::Location;

/// A finding for each file that is not what would be written to `output`.
pub fn stale(changes: &[Change], output: &Output) -> Findings {
    let findings = changes.iter().map(|change| {
        let why = match change.action {
            Action::Create => "is not there, and would be written",
            Action::Update => "is not what would be written",
            Action::Remove => "is no longer rendered, and would be removed",
        };
        let message = format!("`{}` {why}", output.display(&change.path));
        Finding::new(&STALE_FILE, message, Location::of_path(&output.name(&change.path)))
            .help("run `rungs render`, and commit what it writes")
    });
    findings.collect()
}
