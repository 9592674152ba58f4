//! The reference of the commands, made from the output of `--help`.

use clap::CommandFactory;

use super::Cli;

/// `docs/reference/commands.md`.
pub fn reference() -> String {
    let mut rungs = Cli::command().term_width(100);
    rungs.build();
    let mut page =
        "<!-- Generated from what `--help` prints. Do not edit. -->\n\n# Commands\n".to_owned();
    page.push_str(&section("rungs", &mut rungs.clone()));
    push_below(&mut page, "rungs", &rungs);
    page
}

/// Appends the subcommands of a command, and theirs.
fn push_below(page: &mut String, above: &str, command: &clap::Command) {
    for command in command.get_subcommands().filter(|command| command.get_name() != "help") {
        let name = format!("{above} {}", command.get_name());
        // Options of every command are listed once, above.
        let own = command.clone().bin_name(&name).mut_args(|arg| {
            let hidden = arg.is_global_set() || arg.get_id() == "help";
            arg.hide(hidden)
        });
        page.push_str(&section(&name, &mut own.disable_help_flag(true)));
        push_below(page, &name, command);
    }
}

fn section(name: &str, command: &mut clap::Command) -> String {
    let help = command.render_long_help().to_string();
    let lines = help.trim_end().lines().map(str::trim_end);
    format!("\n## {name}\n\n```text\n{}\n```\n", lines.collect::<Vec<_>>().join("\n"))
}
