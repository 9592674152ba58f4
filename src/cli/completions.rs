//! `rungs completions`

use clap::CommandFactory;

use super::{Cli, Exit, console};

/// Print a shell's completion script
///
/// For example: `rungs completions bash > /etc/bash_completion.d/rungs`
#[derive(Debug, clap::Args)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

impl Completions {
    pub(super) fn run(self) -> Exit {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "rungs", &mut script);
        console::print(&script);
        Exit::Done
    }
}
