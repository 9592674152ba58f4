//! `rungs values`

use super::{Context, Outcome};
use crate::diagnostic::Findings;

/// Show each final value of an app with the line that set it, and what it overrode
#[derive(Debug, clap::Args)]
pub(super) struct Values {
    /// The app
    app: String,
    /// The environment
    #[arg(long, value_name = "ENV")]
    env: String,
}

impl Values {
    pub(super) fn run(self, _context: &Context) -> Result<Outcome, Findings> {
        unimplemented!()
    }
}
