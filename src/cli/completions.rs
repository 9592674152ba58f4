//! `rungs completions`

use clap::CommandFactory;

use super::{Cli, Context, Outcome};
use crate::diagnostic::Findings;

/// Print a shell's completion script
///
/// For example: rungs completions bash > /etc/bash_completion.d/rungs
#[derive(Debug, clap::Args)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

impl Completions {
    pub(super) fn run(self, context: &Context) -> Result<Outcome, Findings> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "rungs", &mut script);
        context.console.print_bytes(&script);
        Ok(Outcome::default())
    }
}
