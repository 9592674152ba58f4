//! The formats of findings: a file for each, and one table.

mod excerpt;
mod github;
mod gitlab;
mod json;
mod junit;
mod mask;
mod place;
mod plain;
mod sarif;
mod style;
mod text;
mod wrapped;

use std::fmt;

use self::mask::masked;
use self::place::Checkout;
use super::Findings;
use crate::source::RepoPath;

pub use self::json::{json_of, json_part, json_with};
pub use self::plain::explain;
pub use self::style::TextStyle;
pub use self::wrapped::{abbreviated, wrapped};

/// Declares the formats, the default first: how each is called, what it is for,
/// in a few words, and how findings are written in it.
macro_rules! formats {
    ($($(#[$about:meta])+ $format:ident = $name:literal, $purpose:literal, $render:expr;)+) => {
        /// How findings are written. The names are contract.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub enum Format {
            $($(#[$about])+ $format,)+
        }

        impl Format {
            /// Every format, the default first.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$format),+];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$format => $name),+ }
            }

            /// What it is for, in a few words.
            pub const fn purpose(self) -> &'static str {
                match self { $(Self::$format => $purpose),+ }
            }

            fn renderer(self) -> FindingsRenderer {
                match self { $(Self::$format => $render),+ }
            }
        }
    };
}

type FindingsRenderer = fn(&Findings, TextStyle, Checkout<'_>) -> String;

formats! {
    /// For people: messages with excerpts of the source.
    #[default]
    Text = "text", "For people: messages with excerpts of the source",
        |findings, style, _| text::render(findings, style);
    /// JSON, versioned and stable.
    Json = "json", "JSON, versioned and stable",
        |findings, _, _| json::render(findings);
    /// SARIF 2.1.0, for code scanning.
    Sarif = "sarif", "SARIF 2.1.0, for code scanning",
        |findings, _, checkout| sarif::render(findings, checkout);
    /// JUnit XML, for test reports.
    Junit = "junit", "JUnit XML, for test reports",
        |findings, _, checkout| junit::render(findings, checkout);
    /// Workflow commands, which GitHub shows at the lines of a pull request.
    Github = "github", "Workflow commands, which GitHub shows at the lines of a pull request",
        |findings, _, checkout| github::render(findings, checkout);
    /// A Code Quality report, which GitLab shows in a merge request.
    Gitlab = "gitlab", "A Code Quality report, which GitLab shows in a merge request",
        |findings, _, checkout| gitlab::render(findings, checkout);
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The findings in that format, in the order in which they are given.
///
/// What was marked secret appears in none, and no text of the findings or
/// their files can command a terminal or a CI system that reads the result.
/// Nothing found is empty text, and a valid empty report in the other formats.
///
/// `prefix` leads from the clone's root to the repository's directory. CI
/// systems find a file by its path in the clone, so their reports have it
/// before each path; text and JSON name files as the repository does.
pub fn render(findings: &Findings, format: Format, style: &TextStyle, prefix: &RepoPath) -> String {
    format.renderer()(&masked(findings), *style, Checkout { prefix })
}
