//! Findings that several engines share.

use super::code::{INCLUDE_MISSING, INCLUDE_OUTSIDE};
use crate::diagnostic::{Finding, nearest};
use crate::source::{Location, PathError, RepoPath};

/// A name to include or import that is not a path inside the repository.
pub(super) fn outside(name: &str, error: &PathError, at: Location) -> Finding {
    let why = match error {
        PathError::Outside(_) => "climbs out of the repository",
        PathError::Absolute(_) => "is absolute",
        PathError::Nul => "has a NUL byte",
    };
    Finding::new(&INCLUDE_OUTSIDE, format!("`{name}` {why}"), at)
        .because("only files of this repository can be read")
        .help("copy the file into the template's directory, or into `vendor/`")
}

/// A name to include or import that is nowhere where it is looked for.
pub(super) fn missing(name: &str, looked_in: &[RepoPath], at: Location) -> Finding {
    let places: Vec<_> = looked_in.iter().map(|place| format!("`{place}`")).collect();
    Finding::new(&INCLUDE_MISSING, format!("`{name}` is not there"), at)
        .because("no such file")
        .help(format!("it was looked for in {}", places.join(", then ")))
}

/// The nearest of `known` to a name that is not among them, as a question.
pub(super) fn did_you_mean<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(name, known).map(|other| format!("did you mean `{other}`?"))
}
