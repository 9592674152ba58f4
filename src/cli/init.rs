//! `rungs init`

use std::path::{Path, PathBuf};

use super::{Context, Outcome};
use crate::demo;
use crate::diagnostic::{Findings, harmless};

/// Write a small working repository
///
/// Two apps (the Kubernetes guestbook as a Tera template, a cart service as Jsonnet) in four
/// environments: qa, e2e, stage and prod. It renders as it is; change it into your own.
#[derive(Debug, clap::Args)]
pub(super) struct InitArgs {
    /// Where to write it; if not given, the directory that `--repo` names, or the current one
    #[arg(value_hint = clap::ValueHint::DirPath)]
    directory: Option<PathBuf>,
}

impl InitArgs {
    pub(super) fn run(self, context: &Context) -> Result<Outcome, Findings> {
        let directory = self.directory.or_else(|| context.repo.clone());
        let directory = directory.unwrap_or_else(|| PathBuf::from("."));
        demo::write(&directory)?;
        let console = &context.console;
        let shown = harmless(&directory.to_string_lossy()).into_owned();
        console.say(&format!("wrote {} files to {shown}", demo::FILES.len()));
        let is_current = directory == Path::new(".");
        let change = if is_current { String::new() } else { format!("cd {shown} && ") };
        console.say(&format!("next: {change}rungs render"));
        Ok(Outcome::default())
    }
}
