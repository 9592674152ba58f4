//! The stable name of a problem, with its public page.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What answers a problem: each kind is one exit code, so that a script can
/// tell "mend your files" from "try again".
///
/// The order of declaration is the order of precedence, and [`Ord`] is it: a
/// run with errors of several kinds ends with the last of them
/// ([`Findings::kind`]). What has to be mended first wins: a gate says nothing
/// about input that was not understood, and what failed outside may hide all
/// the rest.
///
/// [`Findings::kind`]: super::Findings::kind
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ProblemKind {
    /// The answer to the question is no: a stale tree, an edit refused, an
    /// error found in what was rendered.
    Answer,
    /// A gate waits.
    Wait,
    /// A gate fails.
    Gate,
    /// The input was not understood: usage, configuration, a template that
    /// does not render.
    Input,
    /// Disk, network, permissions, a commit that is not there: the input may
    /// be right, and a retry may help.
    Outside,
    /// A defect of rungs.
    Defect,
}

impl ProblemKind {
    /// Every kind, by exit code.
    pub const ALL: [Self; 6] =
        [Self::Answer, Self::Input, Self::Gate, Self::Outside, Self::Wait, Self::Defect];

    /// The exit code of a run that ends with this kind; it is contract. Where
    /// nothing is wrong it is 0.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Answer => 1,
            Self::Input => 2,
            Self::Gate => 3,
            Self::Outside => 4,
            Self::Wait => 5,
            // EX_SOFTWARE of sysexits.h.
            Self::Defect => 70,
        }
    }

    /// Each exit code with its meaning, in their order; 0 is the first.
    pub fn exit_codes() -> impl Iterator<Item = (u8, &'static str)> {
        let kinds = Self::ALL.into_iter().map(|kind| (kind.exit_code(), kind.meaning()));
        std::iter::once((0, "done, or nothing to do")).chain(kinds)
    }

    /// What the exit code says, in a few words.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Answer => {
                "the answer is no: an error was found, a tree is stale, an edit is refused"
            }
            Self::Input => "not understood: usage, configuration, a template that does not render",
            Self::Gate => "a gate fails",
            Self::Outside => {
                "the outside world failed and a retry may help: disk, network, permissions, a missing commit"
            }
            Self::Wait => "a gate waits",
            Self::Defect => "a defect of rungs",
        }
    }
}

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Probably wrong; does not fail a run by itself.
    Warning,
    /// Wrong.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// A kind of problem. Its name is contract: it never changes and is never
/// used for another problem.
#[derive(Debug)]
pub struct Code {
    /// Lower-case words joined by `-`.
    pub name: &'static str,
    /// What answers it.
    pub kind: ProblemKind,
    /// How much it matters unless a policy says otherwise.
    pub severity: Severity,
    /// The public page as Markdown: its first line is the title, the rest says
    /// what is wrong, why it matters and how to mend it.
    pub page: &'static str,
}

impl Code {
    /// The page's first line.
    pub fn title(&self) -> &'static str {
        self.page.trim().lines().next().unwrap_or_default().trim_end_matches('.')
    }

    /// What a run that finds it exits with, where nothing worse is found.
    pub fn exit_codes(&self) -> String {
        if self.severity == Severity::Error {
            return self.kind.exit_code().to_string();
        }
        if self.severity == Severity::Note {
            return "0".to_owned();
        }
        format!("0, or {} with `--deny warnings`", ProblemKind::Answer.exit_code())
    }

    /// The page below its title.
    pub fn body(&self) -> String {
        let lines = self.page.trim().lines().skip(1);
        // Doc comments keep the space after their slashes.
        let lines = lines.map(|line| line.strip_prefix(' ').unwrap_or(line));
        lines.collect::<Vec<_>>().join("\n").trim().to_owned()
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Code {}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

/// Declares the codes of one module: a doc comment that is the public page,
/// then `NAME = "name", ProblemKind, Severity;`. They are gathered in `CODES`, which
/// `codes.rs` concatenates.
macro_rules! codes {
    ($($(#[doc = $line:literal])+ $constant:ident = $name:literal, $kind:ident, $severity:ident;)+) => {
        $(
            $(#[doc = $line])+
            #[allow(unreachable_pub)]
            pub static $constant: $crate::diagnostic::Code = $crate::diagnostic::Code {
                name: $name,
                kind: $crate::diagnostic::ProblemKind::$kind,
                severity: $crate::diagnostic::Severity::$severity,
                page: concat!($($line, "\n"),+),
            };
        )+
        /// The codes that this module declares.
        #[allow(unreachable_pub)]
        pub static CODES: &[&$crate::diagnostic::Code] = &[$(&$constant),+];
    };
}
pub(crate) use codes;
