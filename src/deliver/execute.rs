//! Carrying an intent out where a person said.

use super::code::NO_DESTINATION;
use super::delivery::Delivery;
use super::outcome::{Delivered, DeliveryMode, Done};
use super::{branch, commit, write};
use crate::diagnostic::{Finding, Findings};
use crate::promote::Intent;
use crate::source::{Location, RepoPath};

impl Delivery<'_> {
    /// Carries an intent out.
    ///
    /// # Errors
    ///
    /// It cannot be computed, so that there is no plan to show; or the outside
    /// world failed. Nothing is changed then.
    pub fn execute(&self, mode: DeliveryMode, intent: &dyn Intent) -> Result<Delivered, Findings> {
        match mode {
            DeliveryMode::Show => {
                let (computed, base) = self.compute_newest(intent, &self.how(false))?;
                Ok(Delivered { computed, done: Done::Shown, base })
            }
            DeliveryMode::Write => write::execute(self, intent),
            DeliveryMode::Commit => commit::execute(self, intent),
            DeliveryMode::Branch => branch::execute(self, intent),
        }
    }
}

/// The finding that nobody said where the change goes.
pub fn no_destination() -> Finding {
    let at = Location::of_path(&RepoPath::root());
    Finding::new(&NO_DESTINATION, "nobody said where the change goes", at)
        .help("add `--dry-run`, `--write`, `--commit` or `--branch`")
}
