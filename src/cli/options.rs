//! Options of every command.

use std::path::PathBuf;

use clap::ValueEnum;

use super::written::OutputFormat;
use crate::diagnostic::Format;

/// Options of every command.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub(super) struct Global {
    /// The repository: a directory, or an address, of which a clone is kept in the cache
    /// directory; the nearest directory upwards with a rungs.yaml if not given
    #[arg(long, global = true, value_name = "DIR|URL", value_hint = clap::ValueHint::DirPath)]
    pub(super) repo: Option<PathBuf>,
    /// When to colour; `NO_COLOR` is honoured
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    pub(super) color: Color,
    /// How to write findings, and data where a command prints some
    #[arg(long, global = true, value_name = "FORMAT", value_parser = OutputFormat::parser(), default_value_t = OutputFormat::Findings(Format::Text))]
    pub(super) format: OutputFormat,
    /// Let findings of this severity fail the run too
    #[arg(long, global = true, value_name = "SEVERITY", value_enum)]
    pub(super) deny: Option<Deny>,
    /// Say nothing but findings and data
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Say more of what is done
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
