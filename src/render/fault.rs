//! Findings that several engines share.

use super::code::{INCLUDE_MISSING, INCLUDE_OUTSIDE, TEMPLATE_READ_FAILED, TEMPLATE_UNREADABLE};
use crate::diagnostic::Finding;
use crate::source::{Location, PathError, ReadError, ReadErrorKind, RepoPath};

/// A file of a template that cannot be read; `asked_at` is the include or
/// import that asks for it, where one does.
pub(super) fn unreadable(error: &ReadError, asked_at: Option<&Location>) -> Finding {
    let code =
        if error.kind.is_outside_world() { &TEMPLATE_READ_FAILED } else { &TEMPLATE_UNREADABLE };
    let file = Location::of_path(&error.path);
    let finding = match asked_at {
        Some(location) => Finding::new(code, error.to_string(), location.clone())
            .because("asked for here")
            .label(file, "this file"),
        None => Finding::new(code, error.to_string(), file),
    };
    finding.maybe_help(advice(&error.kind))
}

fn advice(kind: &ReadErrorKind) -> Option<String> {
    let advice = match kind {
        ReadErrorKind::Outside { .. } => {
            "copy the file into the repository; links may not leave it"
        }
        ReadErrorKind::LinkLoop => "make the link lead to a file",
        ReadErrorKind::NotUtf8 { .. } => "save the file as UTF-8, or move it out of the template",
        ReadErrorKind::TooLarge { .. } => "split the file, or move it out of the template",
        ReadErrorKind::Git => "move what the template needs out of `.git`",
        ReadErrorKind::Missing
        | ReadErrorKind::NotAFile
        | ReadErrorKind::NotADirectory
        | ReadErrorKind::Name(_)
        | ReadErrorKind::Failed(_)
        | ReadErrorKind::Absent(_) => return None,
    };
    Some(advice.to_owned())
}

/// A name to include or import that is no path inside the repository.
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
    let near = |other: &&str| strsim::damerau_levenshtein(name, other) <= 1 + name.len() / 4;
    known
        .into_iter()
        .filter(near)
        .min_by_key(|other| strsim::damerau_levenshtein(name, other))
        .map(|other| format!("did you mean `{other}`?"))
}
