//! Carrying an intent out in one of the modes.

use super::code::NO_DESTINATION;
use super::delivered::{Delivered, DeliveryMode, Done};
use super::delivery::Delivery;
use super::{branch, commit, write};
use crate::diagnostic::{Finding, Findings};
use crate::promote::Intent;
use crate::source::Location;

impl Delivery<'_> {
    /// Carries an intent out.
    ///
    /// # Errors
    ///
    /// The intent cannot be planned, so there is no plan to show; or the outside
    /// world failed. In either case nothing was changed.
    pub fn execute(&self, mode: DeliveryMode, intent: &dyn Intent) -> Result<Delivered, Findings> {
        match mode {
            DeliveryMode::Show | DeliveryMode::ShowCommit => {
                let submission = self.submission(mode == DeliveryMode::ShowCommit);
                let (planned, base) = self.compute_newest(intent, &submission)?;
                let done = if planned.is_stopped(intent) { Done::Stopped } else { Done::Shown };
                Ok(Delivered { planned, done, base })
            }
            DeliveryMode::ShowWrite => write::show(self, intent),
            DeliveryMode::Write => write::execute(self, intent),
            DeliveryMode::Commit => commit::execute(self, intent),
            DeliveryMode::Branch => branch::execute(self, intent),
        }
    }
}

/// The finding that no destination was given.
pub fn no_destination() -> Finding {
    let at = Location::of_repository();
    Finding::new(&NO_DESTINATION, "no destination for the change was given", at)
        .help("add `--dry-run`, `--write`, `--commit` or `--branch`")
}
