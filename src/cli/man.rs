//! `rungs man`

use clap::CommandFactory;

use super::{Cli, Exit, console};

/// Print a manual page
///
/// Without a command, the page of rungs itself. For example: `rungs man render | man -l -`
#[derive(Debug, clap::Args)]
pub(super) struct Man {
    /// The command whose page to print
    command: Option<String>,
}

impl Man {
    pub(super) fn run(self) -> Exit {
        let mut rungs = Cli::command();
        rungs.build();
        let command = match self.command {
            None => rungs,
            Some(name) => rungs.find_subcommand(&name).cloned().unwrap_or_else(|| {
                let names: Vec<_> = rungs.get_subcommands().map(clap::Command::get_name).collect();
                super::usage_error(&format!("no command `{name}`; there are {}", names.join(", ")))
            }),
        };
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page).expect("memory takes every write");
        console::print(&page);
        Exit::Done
    }
}
