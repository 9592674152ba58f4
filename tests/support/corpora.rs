//! Material for tests that is not part of the repository, and the programs that
//! tests compare with.

use std::path::{Path, PathBuf};

use super::component::absent;
use super::program::path_of;

/// A folder of the corpora; none, with a line that says so, if it is absent.
///
/// # Panics
///
/// If it is absent and `RUNGS_REQUIRE_COMPONENTS` is set.
pub fn folder(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("RUNGS_CORPORA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"),
        PathBuf::from,
    );
    let folder = root.join(name);
    present(folder.is_dir(), &format!("the corpus `{name}`")).then_some(folder)
}

/// Whether a program is on the path; if it is not, a line says so.
///
/// # Panics
///
/// If it is absent and `RUNGS_REQUIRE_COMPONENTS` is set.
pub fn program(name: &str) -> bool {
    present(path_of(name).is_some(), &format!("the program `{name}`"))
}

fn present(is_there: bool, what: &str) -> bool {
    if !is_there {
        absent(&format!("{what} is not here"));
    }
    is_there
}
