//! `rungs man`

use super::{Exit, console};
use crate::diagnostic::harmless;

/// Print a manual page
///
/// Without a command, prints the page of rungs itself. For example: `rungs man render | man -l -`
#[derive(Debug, clap::Args)]
pub(super) struct ManArgs {
    /// The command whose page is printed, such as `hold set`
    command: Vec<String>,
}

impl ManArgs {
    pub(super) fn run(self, mut rungs: clap::Command) -> Exit {
        rungs.build();
        let command = self.command.iter().fold(rungs, |above, name| {
            above.find_subcommand(name).cloned().unwrap_or_else(|| {
                let names: Vec<_> = above.get_subcommands().map(clap::Command::get_name).collect();
                let (name, names) = (harmless(name), names.join(", "));
                super::usage_error(&format!("there is no command `{name}`; there are {names}"))
            })
        });
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page).expect("memory takes every write");
        console::print(&page);
        Exit::Done
    }
}
