//! `rungs init`

use std::path::{Path, PathBuf};

use super::{Context, Outcome};
use crate::demo;
use crate::diagnostic::Findings;

/// Write a small working repository
///
/// Two apps (the Kubernetes guestbook as a Tera template, a cart service as Jsonnet) in four
/// environments: qa, e2e, stage and prod. It renders as it stands; change it into your own.
#[derive(Debug, clap::Args)]
pub(super) struct Init {
    /// Where; this directory if not given
    #[arg(default_value = ".", value_hint = clap::ValueHint::DirPath)]
    directory: PathBuf,
}

impl Init {
    pub(super) fn run(self, context: &Context) -> Result<Outcome, Findings> {
        demo::write(&self.directory)?;
        let console = &context.console;
        console.say(&format!("wrote {} files to {}", demo::FILES.len(), self.directory.display()));
        let here = self.directory == Path::new(".");
        let go = if here { String::new() } else { format!("cd {} && ", self.directory.display()) };
        console.say(&format!("next: {go}rungs render"));
        Ok(Outcome::default())
    }
}
