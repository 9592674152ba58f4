//! The command line: one file per command, with its arguments and its function.

mod exit;
mod format;
mod options;
mod part_args;
mod console;
mod context;
mod base;
mod delivery_args;
mod carry_out;
mod audit;
mod explain;
mod gates;
mod completions;
mod hold;
mod init;
mod man;
mod markdown;
mod promote;
mod reference_page;
mod render;
mod rollback;
mod schema;
mod set;
mod status;
mod time_span;
mod validate;
mod values;
mod worker_args;

use std::panic;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::diagnostic::{Findings, ProblemKind};
use crate::git::WorkspaceOptions;
use crate::source::RepoPath;
use crate::worker;

pub use exit::Exit;
pub use reference_page::reference;

use console::Console;
use context::{Context, Outcome};
use exit::{usage_error, usage_error_of};
use format::DataFormat;
use options::Global;

/// Renders the environments of a Kubernetes GitOps repository, and promotes what they deploy.
///
/// One binary, no server, no cluster: a repository says what runs in each environment, rungs
/// turns it into manifests and takes it from one environment to the next, and an operator such as
/// Flux or Argo CD deploys it.
#[derive(Debug, Parser)]
#[command(name = "rungs", version, max_term_width = 100, after_help = exit_codes())]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// The exit codes, as `--help` shows them.
fn exit_codes() -> String {
    let lines = ProblemKind::exit_codes().map(|(code, meaning)| format!("\n  {code:2}  {meaning}"));
    format!("Exit codes:{}", lines.collect::<String>())
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::InitArgs),
    Render(render::RenderArgs),
    Validate(validate::ValidateArgs),
    Values(values::ValuesArgs),
    Set(set::SetArgs),
    Promote(promote::PromoteArgs),
    Rollback(rollback::RollbackArgs),
    Hold(hold::HoldArgs),
    Gates(gates::GatesArgs),
    Status(status::StatusArgs),
    Audit(audit::AuditArgs),
    Explain(explain::ExplainArgs),
    Schema(schema::SchemaArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

impl Command {
    /// What the person says about the base branch and the author; nothing if the
    /// command has no such options.
    fn options(&self) -> WorkspaceOptions {
        match self {
            Self::Set(command) => command.options(),
            Self::Promote(command) => command.options(),
            Self::Rollback(command) => command.options(),
            Self::Hold(command) => command.options(),
            Self::Gates(command) => command.options(),
            Self::Status(command) => command.options(),
            Self::Audit(command) => command.options(),
            Self::Init(_)
            | Self::Render(_)
            | Self::Validate(_)
            | Self::Values(_)
            | Self::Explain(_)
            | Self::Schema(_)
            | Self::Completions(_)
            | Self::Man(_) => WorkspaceOptions::default(),
        }
    }

    /// The formats of data that the command writes besides text and JSON.
    fn data_formats(&self) -> &'static [DataFormat] {
        match self {
            Self::Audit(_) => &[DataFormat::Csv, DataFormat::Html],
            Self::Status(_) | Self::Gates(_) => &[DataFormat::Markdown],
            _ => &[],
        }
    }
}

/// Runs the program on this process's arguments.
pub fn main() -> ExitCode {
    report_panics_as_defects();
    if let Some(exit) = worker::serve(std::env::args_os()) {
        return exit;
    }
    if let Some(exit) = completions::answer(Cli::command) {
        return exit.into();
    }
    let Cli { global, command } = Cli::try_parse()
        .unwrap_or_else(|error| meant_option(error, std::env::args().nth(1).as_deref()).exit());
    global.format.refuse_unless(command.data_formats());
    let options = WorkspaceOptions { silence_limit: global.timeout, ..command.options() };
    let context = Context::new(global.repo.clone(), options, Console::new(&global));
    let mut context = match context {
        Ok(context) => context,
        Err((console, finding)) => {
            let findings = Findings::from(finding);
            console.report(&findings, serde_json::Map::new(), &RepoPath::root());
            return Exit::of(&findings, false).into();
        }
    };
    let result = match command {
        Command::Init(command) => command.run(&context),
        Command::Render(command) => command.run(&mut context),
        Command::Validate(command) => command.run(&context),
        Command::Values(command) => command.run(&context),
        Command::Set(command) => command.run(&context),
        Command::Promote(command) => command.run(&context),
        Command::Rollback(command) => command.run(&context),
        Command::Hold(command) => command.run(&context),
        Command::Gates(command) => command.run(&context),
        Command::Status(command) => command.run(&context),
        Command::Audit(command) => command.run(&context),
        Command::Explain(command) => return command.run(&context).into(),
        Command::Schema(command) => return command.run().into(),
        Command::Completions(command) => return command.run().into(),
        Command::Man(command) => return command.run(Cli::command()).into(),
    };
    let outcome = result.unwrap_or_else(Outcome::from);
    let findings = outcome.findings.settled();
    let exit = match (Exit::of(&findings, global.deny.is_some()), outcome.answer) {
        (Exit::Problem(found), Some(answer)) => Exit::Problem(found.max(answer)),
        (Exit::Done, Some(answer)) => Exit::Problem(answer),
        (exit, None) => exit,
    };
    if !outcome.is_reported {
        context.console.report(&findings, outcome.data, &context.prefix());
    }
    exit.into()
}

/// Reports a panic as a defect of rungs, with its exit code.
fn report_panics_as_defects() {
    panic::set_hook(Box::new(|panic| {
        console::print_to_stderr(&format!(
            "rungs has a defect and stopped: {panic}\nPlease report it, with the command that you ran.\n"
        ));
        std::process::exit(i32::from(Exit::Problem(ProblemKind::Defect).code()));
    }));
}

/// Options that people take from one command to another, and what they are called there.
const MEANT_OPTIONS: &[(&[&str], &str, &str)] = &[
    (&["promote", "gates"], "--env", "--to"),
    (&["promote", "gates"], "--environment", "--to"),
    (&["set", "rollback", "status", "audit", "hold", "values", "render"], "--to", "--env"),
    (&["promote", "gates", "rollback"], "--tag", "--ref"),
    (&["promote", "set", "rollback", "hold"], "--message", "--reason"),
    (&["promote", "set", "rollback"], "--push", "--commit"),
    (&["promote", "set", "rollback"], "--pr", "--branch"),
];

/// An error about an unknown option, which suggests the one that is meant.
fn meant_option(mut error: clap::Error, command: Option<&str>) -> clap::Error {
    use clap::error::{ContextKind, ContextValue, ErrorKind};
    let given = match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::UnknownArgument, Some(ContextValue::String(given))) => given.clone(),
        _ => return error,
    };
    let given = given.split('=').next().unwrap_or_default();
    let meant = MEANT_OPTIONS.iter().find(|(commands, option, _)| {
        command.is_some_and(|command| commands.contains(&command)) && *option == given
    });
    if let Some((_, _, meant)) = meant {
        error.remove(ContextKind::SuggestedArg);
        error.insert(ContextKind::SuggestedArg, ContextValue::String((*meant).to_owned()));
    }
    error
}
