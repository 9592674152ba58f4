//! How a command writes what it answers.

use std::fmt;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::usage_error;
use crate::diagnostic::Format;

/// What `--format` names. One option for findings and data, because nobody who
/// types `--format csv` wants to know that the two are different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OutputFormat {
    /// A format of findings; text and JSON are of data as well.
    Findings(Format),
    /// A format of data, which some commands write; findings go to stderr.
    Data(DataFormat),
}

/// A format of data alone. The names are contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DataFormat {
    /// Comma-separated values, RFC 4180.
    Csv,
    /// A page that needs nothing else.
    Html,
    /// A table in Markdown.
    Markdown,
}

impl DataFormat {
    const ALL: [Self; 3] = [Self::Csv, Self::Html, Self::Markdown];

    fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Html => "html",
            Self::Markdown => "markdown",
        }
    }

    fn purpose(self) -> &'static str {
        match self {
            Self::Csv => "Comma-separated values, of `audit`",
            Self::Html => "A page that needs nothing else, of `audit`",
            Self::Markdown => "Tables in Markdown, of `status` and `gates`",
        }
    }
}

impl OutputFormat {
    fn all() -> impl Iterator<Item = (Self, &'static str)> {
        let findings = Format::ALL.into_iter().map(|one| (Self::Findings(one), one.purpose()));
        findings.chain(DataFormat::ALL.into_iter().map(|one| (Self::Data(one), one.purpose())))
    }

    /// Takes a format's name, and lists them all in the help.
    pub(super) fn parser() -> impl TypedValueParser<Value = Self> {
        let names = Self::all().map(|(one, purpose)| PossibleValue::new(one.name()).help(purpose));
        PossibleValuesParser::new(names).map(|name| {
            let format = Self::all().find(|(one, _)| one.name() == name);
            format.expect("clap lets none but these names through").0
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Findings(format) => format.name(),
            Self::Data(format) => format.name(),
        }
    }

    /// How findings are written.
    pub(super) fn findings(self) -> Format {
        match self {
            Self::Findings(format) => format,
            Self::Data(_) => Format::Text,
        }
    }

    /// Ends the run where the command does not write that format.
    pub(super) fn refuse_unless(self, written: &[DataFormat]) {
        if let Self::Data(format) = self
            && !written.contains(&format)
        {
            usage_error(&format!("this command does not write {}", format.name()));
        }
    }
}

impl fmt::Display for OutputFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
