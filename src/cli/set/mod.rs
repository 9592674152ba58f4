//! `rungs set`

mod in_files;

use super::{Context, Outcome};
use crate::diagnostic::Findings;

use in_files::{Allowed, InFiles};

/// Set image references, git references and values, as CI does after a build
///
/// `rungs set --in PATH…` edits the named files of any repository, and no other bytes of them than
/// the values that are meant.
#[derive(Debug, clap::Args)]
pub(super) struct Set {
    /// What images are to be: a whole reference, or `:TAG`, `@DIGEST`, `:TAG@DIGEST`; `NAME=`
    /// before it says which image by its name or repository
    #[arg(value_name = "[NAME=]REF")]
    items: Vec<String>,
    #[command(flatten)]
    in_files: InFiles,
    /// Let an image of another repository take a place
    #[arg(long)]
    repository: bool,
    /// Let a digest go where no new one comes along
    #[arg(long)]
    drop_digest: bool,
    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Set {
    pub(super) fn run(self, context: &Context) -> Result<Outcome, Findings> {
        let allowed = Allowed {
            repository: self.repository,
            drop_digest: self.drop_digest,
            dry_run: self.dry_run,
        };
        self.in_files.run(context, &self.items, allowed)
    }
}
