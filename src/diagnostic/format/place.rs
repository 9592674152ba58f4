//! Places as CI systems name them.

use crate::source::{Location, Position, RepoPath};

/// The clone that the repository is a directory of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checkout<'p> {
    /// From its root to the repository's directory.
    pub(super) prefix: &'p RepoPath,
}

impl Checkout<'_> {
    /// The file's path in the clone.
    pub(super) fn path(self, at: &Location) -> RepoPath {
        let path = self.prefix.join(at.path().as_str());
        path.expect("a path that stays in the repository stays in its clone")
    }

    /// `path:line:column`; the path alone where the file has no text.
    pub(super) fn place(self, at: &Location) -> String {
        let path = self.path(at);
        if !at.has_text() {
            return path.to_string();
        }
        let Position { line, column } = at.start();
        format!("{path}:{line}:{column}")
    }
}
