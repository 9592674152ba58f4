//! `rungs rollback`

use super::delivery_args::{DeliveryArgs, PermissionArgs};
use super::part_args::PartArgs;
use super::worker_args::WorkerArgs;
use super::{Context, Outcome, carry_out};
use crate::diagnostic::Findings;
use crate::git::WorkspaceOptions;
use crate::promote::Rollback;
use crate::sites::StateReference;

/// Restore an app's previous state in an environment, and hold the current one back
///
/// History is not rewritten: the earlier references come back in a new commit. A second rollback
/// goes further back. The state that is replaced may not enter again until its hold is lifted.
#[derive(Debug, clap::Args)]
#[command(mut_arg("why", |arg| arg.help("Why, for the record and the hold; if not given, `rolled back`")))]
pub(super) struct RollbackArgs {
    /// The app
    app: String,
    /// The environment
    #[arg(long, value_name = "ENV")]
    env: String,
    /// The state to restore, by one of its references (`:v4`, `web=:v4`, `@sha256:…`); if not
    /// given, the newest one that differs from the current state and is not held back
    #[arg(long, value_name = "REF")]
    to_ref: Option<String>,
    #[command(flatten)]
    part: PartArgs,
    #[command(flatten)]
    allowed: PermissionArgs,
    #[command(flatten)]
    delivery: DeliveryArgs,
    #[command(flatten)]
    rendering: WorkerArgs,
}

impl RollbackArgs {
    /// What the person says about the base branch and the author.
    pub(super) fn options(&self) -> WorkspaceOptions {
        self.delivery.options()
    }

    pub(super) fn run(self, context: &Context) -> Result<Outcome, Findings> {
        let reason = self.allowed.reason().unwrap_or("rolled back").to_owned();
        let intent = Rollback {
            environment: self.env,
            app: self.app,
            to: self.to_ref.as_deref().map(StateReference::parse),
            part: self.part.part(),
            reason,
            by: carry_out::requester(context),
            permissions: self.allowed.permissions(),
        };
        carry_out::run(context, &self.delivery, &self.rendering, &intent)
    }
}
