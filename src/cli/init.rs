//! `rungs init`

use std::path::{Path, PathBuf};

use super::{Context, Outcome};
use crate::demo;
use crate::diagnostic::{Findings, harmless};

/// Write a small working repository
///
/// Two apps (the Kubernetes guestbook as a Tera template, a cart service as Jsonnet) in four
/// environments: qa, e2e, stage and prod. It renders as it stands; change it into your own.
#[derive(Debug, clap::Args)]
pub(super) struct InitArgs {
    /// Where; the directory that --repo names, or this one, if not given
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
        let here = directory == Path::new(".");
        let go = if here { String::new() } else { format!("cd {shown} && ") };
        console.say(&format!("next: {go}rungs render"));
        Ok(Outcome::default())
    }
}
