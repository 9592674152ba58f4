//! `rungs set`

mod apps;

use super::destination::Allowed;
use super::{Context, Outcome};
use crate::diagnostic::Findings;

/// Set new image references, as after a build
///
/// Names apps, each with the new references of its images behind it: `:TAG`, `@DIGEST`,
/// `:TAG@DIGEST` or a whole reference, with `NAME=` before it where the app has several images.
#[derive(Debug, clap::Args)]
pub(super) struct Set {
    /// Apps, each followed by the new references of its images
    #[arg(value_name = "APP [NAME=]REF")]
    items: Vec<String>,
    /// Allow a reference to another repository than the site's
    #[arg(long)]
    repository: bool,
    #[command(flatten)]
    of_apps: apps::OfApps,
    #[command(flatten)]
    allowed: Allowed,
}

impl Set {
    pub(super) fn run(self, context: &mut Context) -> Result<Outcome, Findings> {
        self.of_apps.run(context, &self.items, &self.allowed, self.repository)
    }
}
