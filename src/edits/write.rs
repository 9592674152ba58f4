//! Files that were edited, onto the disk.

use super::code::FILES_UNWRITTEN;
use crate::diagnostic::Finding;
use crate::disk::{self, Rewrite, WriteError};
use crate::source::{Location, RepoPath};

/// Writes all of the files, or none. `shown` says what one of them is called in
/// a message, and its path in the finding.
pub fn write(
    files: &[Rewrite<'_>],
    shown: &dyn Fn(usize) -> (String, RepoPath),
) -> Result<(), Finding> {
    disk::write(files).map_err(|error| {
        let (name, path) = shown(error.at);
        let message = format!("`{name}` cannot be written: {error}");
        Finding::new(&FILES_UNWRITTEN, message, Location::of_path(&path))
            .help(what_is_left(&error, shown))
    })
}

fn what_is_left(error: &WriteError, shown: &dyn Fn(usize) -> (String, RepoPath)) -> String {
    let left = error.left.iter().map(|at| format!("`{}`", shown(*at).0)).collect::<Vec<_>>();
    if left.is_empty() {
        "nothing was changed; make room or mend the permissions, and try again".to_owned()
    } else {
        format!("what was changed before it could not be put back: {}", left.join(", "))
    }
}
