//! Options of every command.

use std::path::PathBuf;

use clap::ValueEnum;

use super::format::OutputFormat;
use crate::diagnostic::Format;

/// Options of every command.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub(super) struct Global {
    /// The repository: a directory, or an address, which is cloned into the cache directory; if not
    /// given, the nearest directory upwards with a rungs.yaml
    #[arg(long, global = true, value_name = "DIR|URL", value_hint = clap::ValueHint::DirPath)]
    pub(super) repo: Option<PathBuf>,
    /// When to use colours; `NO_COLOR` is honoured
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    pub(super) color: Color,
    /// The format of findings, and of data if the command prints any
    #[arg(long, global = true, value_name = "FORMAT", value_parser = OutputFormat::parser(), default_value_t = OutputFormat::Findings(Format::Text))]
    pub(super) format: OutputFormat,
    /// Fail on findings of this severity too
    #[arg(long, global = true, value_name = "SEVERITY", value_enum)]
    pub(super) deny: Option<Deny>,
    /// Print nothing but findings and data
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Print more about what is done
    #[arg(long, short, global = true)]
    pub(super) verbose: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Deny {
    Warnings,
}
