//! The formats that `--format` names.

use std::fmt;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::usage_error;
use crate::diagnostic::Format;

/// What `--format` names. There is one option for findings and data, because
/// nobody who types `--format csv` wants to know that the two are different
/// things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OutputFormat {
    /// A format of findings; text and JSON are formats of data as well.
    Findings(Format),
    /// A format of data, which some commands write; findings go to stderr.
    Data(DataFormat),
}

/// A format of data alone. The names are a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DataFormat {
    /// Comma-separated values, RFC 4180.
    Csv,
    /// A page without scripts, images or other files.
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
            Self::Csv => "Comma-separated values, for `audit`",
            Self::Html => "A page that needs no other files, for `audit`",
            Self::Markdown => "Tables in Markdown, for `status` and `gates`",
        }
    }
}

impl OutputFormat {
    fn all() -> impl Iterator<Item = (Self, &'static str)> {
        let findings = Format::ALL.into_iter().map(|one| (Self::Findings(one), one.purpose()));
        findings.chain(DataFormat::ALL.into_iter().map(|one| (Self::Data(one), one.purpose())))
    }

    /// Parses a format's name, and lists all of them in the help.
    pub(super) fn parser() -> impl TypedValueParser<Value = Self> {
        let names = Self::all().map(|(one, purpose)| PossibleValue::new(one.name()).help(purpose));
        PossibleValuesParser::new(names).map(|name| {
            let format = Self::all().find(|(one, _)| one.name() == name);
            format.expect("clap accepts only these names").0
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Findings(format) => format.name(),
            Self::Data(format) => format.name(),
        }
    }

    /// The format of findings.
    pub(super) fn findings(self) -> Format {
        match self {
            Self::Findings(format) => format,
            Self::Data(_) => Format::Text,
        }
    }

    /// Ends the run if the command does not write that format.
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
