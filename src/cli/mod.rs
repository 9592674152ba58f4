//! The command line: one file per command, arguments and function together.

mod carry_out;
mod console;
mod destination;
mod audit;
mod base;
mod exit;
mod explain;
mod gates;
mod completions;
mod hold;
mod init;
mod man;
mod promote;
mod reference;
mod render;
mod rollback;
mod schema;
mod set;
mod status;
mod values;
mod written;

use std::panic;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

use crate::diagnostic::{Finding, Findings, Format, ProblemKind, harmless};
use crate::git::{self, Cache, RepositoryAddress};
use crate::source::{RepoPath, Tree};

pub use exit::Exit;
pub use reference::reference;

use console::Console;
use written::{DataFormat, OutputFormat};

/// Renders the environments of a Kubernetes GitOps repository, and promotes what they deploy.
///
/// One binary, no server, no cluster: a repository says what runs in each environment, rungs
/// turns it into manifests and takes it from one environment to the next, and an operator such as
/// Flux or Argo CD deploys it.
#[derive(Debug, Parser)]
#[command(name = "rungs", version, max_term_width = 100, after_help = exit_codes())]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// The exit codes as `--help` shows them.
fn exit_codes() -> String {
    let lines = ProblemKind::exit_codes().map(|(code, meaning)| format!("\n  {code:2}  {meaning}"));
    format!("Exit codes:{}", lines.collect::<String>())
}

/// Options of every command.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Options of every command")]
struct Global {
    /// The repository: a directory, or an address, of which a clone is kept in the cache
    /// directory; the nearest directory upwards with a rungs.yaml if not given
    #[arg(long, global = true, value_name = "DIR|URL", value_hint = clap::ValueHint::DirPath)]
    repo: Option<PathBuf>,
    /// When to colour; `NO_COLOR` is honoured
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    color: Color,
    /// How to write findings, and data where a command prints some
    #[arg(long, global = true, value_name = "FORMAT", value_parser = OutputFormat::parser(), default_value_t = OutputFormat::Findings(Format::Text))]
    format: OutputFormat,
    /// Let findings of this severity fail the run too
    #[arg(long, global = true, value_name = "SEVERITY", value_enum)]
    deny: Option<Deny>,
    /// Say nothing but findings and data
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Say more of what is done
    #[arg(long, short, global = true)]
    verbose: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Deny {
    Warnings,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Init),
    Render(render::Render),
    Values(values::Values),
    Set(set::Set),
    Promote(promote::Promote),
    Rollback(rollback::Rollback),
    Hold(hold::Hold),
    Gates(gates::Gates),
    Status(status::Status),
    Audit(audit::Audit),
    Explain(explain::Explain),
    Schema(schema::Schema),
    Completions(completions::Completions),
    Man(man::Man),
}

impl Command {
    /// The formats of data that it writes besides text and JSON.
    fn data_formats(&self) -> &'static [DataFormat] {
        match self {
            Self::Audit(_) => &[DataFormat::Csv, DataFormat::Html],
            Self::Status(_) | Self::Gates(_) => &[DataFormat::Markdown],
            _ => &[],
        }
    }
}

/// What a command may use: where it works and how it speaks.
struct Context {
    repo: Option<PathBuf>,
    console: Console,
}

impl Context {
    /// The repository's directory: as asked for, or the nearest one upwards
    /// that holds a `rungs.yaml`, or this one.
    fn directory(&self) -> PathBuf {
        if let Some(repo) = &self.repo {
            if !repo.is_dir() {
                usage_error(&format!("`{}` is no directory", harmless(&repo.to_string_lossy())));
            }
            return repo.clone();
        }
        let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
        nearest_repository(&here).to_path_buf()
    }

    /// The repository's files; of a bare clone those of its `HEAD`.
    fn tree(&self) -> Tree {
        let directory = self.directory();
        let bare = git::LocalClone::containing(&directory).ok().flatten();
        let bare = bare.filter(git::LocalClone::is_bare).map(Arc::new);
        let head = bare.and_then(|clone| clone.tree_of(&clone.head().ok()??).ok());
        head.unwrap_or_else(|| git::work_tree(&directory))
    }

    /// From the clone's root to the repository's directory. Where no clone is,
    /// or none that can be opened, paths are the repository's own.
    fn prefix(&self) -> RepoPath {
        let clone = git::LocalClone::containing(&self.directory()).ok().flatten();
        clone.map_or_else(RepoPath::root, |clone| clone.prefix().clone())
    }
}

/// The nearest directory upwards that holds a `rungs.yaml`, or this one.
fn nearest_repository(here: &Path) -> &Path {
    here.ancestors().find(|directory| directory.join("rungs.yaml").is_file()).unwrap_or(here)
}

/// What a command came to: findings that do not stop it, and what its answer
/// is for another reason than a finding.
#[derive(Debug, Default)]
struct Outcome {
    findings: Findings,
    answer: Option<ProblemKind>,
    /// What JSON output says beside the findings.
    data: serde_json::Map<String, serde_json::Value>,
    /// Whether the command has written the findings itself, behind data that
    /// it does not keep in memory.
    is_reported: bool,
}

impl From<Findings> for Outcome {
    fn from(findings: Findings) -> Self {
        Self { findings, ..Self::default() }
    }
}

/// Runs the program on this process's arguments.
pub fn main() -> ExitCode {
    report_panics_as_defects();
    if let Some(exit) = completions::answer() {
        return exit.into();
    }
    let Cli { global, command } = Cli::parse();
    global.format.refuse_unless(command.data_formats());
    let console = Console::new(&global);
    let repo = match global.repo.map(local).transpose() {
        Ok(repo) => repo,
        Err(finding) => {
            let findings = Findings::from(finding);
            console.report(&findings, serde_json::Map::new(), &RepoPath::root());
            return Exit::of(&findings, false).into();
        }
    };
    let mut context = Context { repo, console };
    let result = match command {
        Command::Init(command) => command.run(&context),
        Command::Render(command) => command.run(&mut context),
        Command::Values(command) => command.run(&context),
        Command::Set(command) => command.run(&mut context),
        Command::Promote(command) => command.run(&mut context),
        Command::Rollback(command) => command.run(&mut context),
        Command::Hold(command) => command.run(&mut context),
        Command::Gates(command) => command.run(&mut context),
        Command::Status(command) => command.run(&context),
        Command::Audit(command) => command.run(&mut context),
        Command::Explain(command) => return command.run(&context).into(),
        Command::Schema(command) => return command.run().into(),
        Command::Completions(command) => return command.run().into(),
        Command::Man(command) => return command.run().into(),
    };
    let outcome = result.unwrap_or_else(Outcome::from);
    let findings = outcome.findings.settled();
    let exit = match Exit::of(&findings, global.deny.is_some()) {
        Exit::Done => outcome.answer.map_or(Exit::Done, Exit::Problem),
        exit @ Exit::Problem(_) => exit,
    };
    if !outcome.is_reported {
        context.console.report(&findings, outcome.data, &context.prefix());
    }
    exit.into()
}

/// The directory of a repository: of an address, its clone in the cache.
fn local(repo: PathBuf) -> Result<PathBuf, Finding> {
    let Some(address) = repo.to_str().filter(|text| RepositoryAddress::is_meant(text)) else {
        return Ok(repo);
    };
    let address = RepositoryAddress::parse(address)?;
    match Cache::of(&carry_out::variables()) {
        Some(cache) => cache.fetch(&address),
        None => usage_error("no directory for clones is known; set RUNGS_CACHE to one"),
    }
}

/// Ends the run as clap does for arguments that it does not understand.
fn usage_error(message: &str) -> ! {
    Cli::command().error(clap::error::ErrorKind::InvalidValue, message).exit()
}

/// A panic is a defect of ours: it says so, and exits as one.
fn report_panics_as_defects() {
    panic::set_hook(Box::new(|panic| {
        console::complain(&format!(
            "rungs has a defect, and stopped: {panic}\nPlease report it with what you ran.\n"
        ));
        std::process::exit(i32::from(Exit::Problem(ProblemKind::Defect).code()));
    }));
}
