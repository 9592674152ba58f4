//! Material for findings in the tests of `diagnostic`.

use std::sync::Arc;

use rungs::diagnostic::{Code, ProblemKind, Severity};
use rungs::source::{Location, RepoPath, SourceFile, Span};

const PAGE: &str = " Something is wrong.\n\n It matters, see [the guide](https://example.com).\n\n \
                    ```yaml\n a: 1      # wrong\n ```\n";

pub(crate) static ERROR: Code = code("some-error", ProblemKind::Input, Severity::Error);
pub(crate) static WARNING: Code = code("some-warning", ProblemKind::Answer, Severity::Warning);
pub(crate) static NOTE: Code = code("some-note", ProblemKind::Answer, Severity::Note);

const fn code(name: &'static str, kind: ProblemKind, severity: Severity) -> Code {
    Code { name, kind, severity, page: PAGE }
}

pub(crate) fn file(path: &str, text: &str) -> Arc<SourceFile> {
    Arc::new(SourceFile::new(RepoPath::new(path).unwrap(), text.to_owned()))
}

/// The place where `needle` first occurs.
pub(crate) fn at(file: &Arc<SourceFile>, needle: &str) -> Location {
    let start = file.text().find(needle).expect("the needle is in the file");
    Location::new(file, Span::new(start, start + needle.len()))
}

pub(crate) fn whole(path: &str) -> Location {
    Location::of_path(&RepoPath::new(path).unwrap())
}
