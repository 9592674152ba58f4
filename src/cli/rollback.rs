//! `rungs rollback`

use super::delivery_args::{DeliveryArgs, PermissionArgs};
use super::{Context, Outcome, carry_out};
use crate::diagnostic::Findings;
use crate::promote::Rollback;
use crate::sites::StateReference;

/// Restore what an app was before in an environment, and hold back what it is now
///
/// History is not rewritten: the earlier references come back in a new commit, so that a second
/// rollback goes further back. The state that is left must not enter again until its hold is lifted.
#[derive(Debug, clap::Args)]
#[command(mut_arg("why", |arg| arg.help("Why, for the record and the hold: `rolled back` if not given")))]
pub(super) struct RollbackArgs {
    /// The app
    app: String,
    /// The environment
    #[arg(long, value_name = "ENV")]
    env: String,
    /// A state that it had, by one of its references (`:v4`, `web=:v4`, `@sha256:…`); the newest
    /// that is another than now and is not held back if not given
    #[arg(long, value_name = "REF")]
    to_ref: Option<String>,
    #[command(flatten)]
    allowed: PermissionArgs,
    #[command(flatten)]
    delivery: DeliveryArgs,
}

impl RollbackArgs {
    pub(super) fn run(self, context: &Context) -> Result<Outcome, Findings> {
        let reason = self.allowed.reason().unwrap_or("rolled back").to_owned();
        let intent = Rollback {
            environment: self.env,
            app: self.app,
            to: self.to_ref.as_deref().map(StateReference::parse),
            reason,
            by: carry_out::requester(context, &self.delivery),
            permissions: self.allowed.permissions(),
        };
        carry_out::run(context, &self.delivery, &intent)
    }
}
