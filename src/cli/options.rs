//! Options of every command.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;

use super::format::OutputFormat;
use crate::diagnostic::Format;
use crate::git::SilenceLimit;

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
    /// How long git, and what it waits for (a server, a hook, a program that signs), may give no
    /// sign of life before it is ended, such as `30s` or `10m`
    #[arg(long, global = true, value_name = "TIME", value_parser = silence_limit, default_value = "2m")]
    pub(super) timeout: SilenceLimit,
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

/// The limit that a person typed.
///
/// # Errors
///
/// What to write.
fn silence_limit(text: &str) -> Result<SilenceLimit, String> {
    let unit = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "" if !number.is_empty() => {
            return Err(format!("a unit is missing; write `{number}s` for seconds"));
        }
        _ => 0,
    };
    let number: u64 = number.parse().unwrap_or(0);
    match number.checked_mul(seconds) {
        Some(seconds @ 1..) => Ok(SilenceLimit::new(Duration::from_secs(seconds))),
        _ => Err("a whole number and `s`, `m` or `h`: `30s`, `2m`".to_owned()),
    }
}
