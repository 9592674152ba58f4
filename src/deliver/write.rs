//! Into the files of the work tree.

use std::fs;

use super::code::{DIRTY_FILE, NO_WORK_TREE};
use super::{Desk, Done, Executed};
use crate::diagnostic::{Finding, Findings};
use crate::disk::Rewrite;
use crate::edits;
use crate::git::Changes;
use crate::promote::Intent;
use crate::source::{Location, RepoPath};

/// Computes for the work tree's files and changes them. Gates that bind when a
/// change is merged are only told of.
pub(super) fn execute(desk: &Desk, intent: &dyn Intent) -> Result<Executed, Findings> {
    if let Ok(clone) = desk.clone()
        && clone.is_bare()
    {
        let at = Location::of_path(&RepoPath::root());
        let finding = Finding::new(&NO_WORK_TREE, "there is no work tree to write to", at)
            .because("the clone is bare, as that of an address is");
        return Err(finding.help("use `--commit` or `--branch`").into());
    }
    let computed = desk.compute_in_work_tree(intent, &desk.how(false))?;
    if computed.is_stopped(intent) {
        return Ok(Executed { computed, done: Done::Shown });
    }
    if computed.is_nothing() {
        return Ok(Executed { computed, done: Done::Nothing });
    }
    refuse_dirty(desk, &computed.files)?;
    write(desk, &computed.files)?;
    let written = computed.files.keys().cloned().collect();
    Ok(Executed { computed, done: Done::Written(written) })
}

fn write(desk: &Desk, files: &Changes) -> Result<(), Finding> {
    let root = desk.directory();
    let old: Vec<_> = files.keys().map(|path| fs::read(root.join(path.as_str())).ok()).collect();
    let rewrites: Vec<_> = files
        .iter()
        .zip(&old)
        .map(|((path, new), old)| Rewrite { root, path, old: old.as_deref(), new: new.as_deref() })
        .collect();
    edits::write(&rewrites, &|at| (rewrites[at].path.to_string(), rewrites[at].path.clone()))
}

/// Refuses files that are not as they were committed: the change would be
/// mixed with somebody's own. Outside of a clone nobody can tell.
fn refuse_dirty(desk: &Desk, files: &Changes) -> Result<(), Findings> {
    let Ok(clone) = desk.clone() else { return Ok(()) };
    let prefix = clone.prefix();
    let full = |path: &RepoPath| {
        prefix.join(path.as_str()).expect("both paths stay in the repository").to_string()
    };
    let program = clone.program();
    let command = program
        .command("status")
        .args(["--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--"])
        // Git runs at the root, and takes every path as it stands.
        .args(files.keys().map(full));
    let output = command
        .run()
        .map_err(|error| Findings::from(error.finding(Location::of_path(&RepoPath::root()))))?;
    let text = String::from_utf8_lossy(&output);
    let dirty = text.split('\0').filter_map(|entry| entry.get(3..));
    let dirty: Findings = dirty
        .filter_map(|path| RepoPath::new(path).ok())
        .map(|path| {
            let below = path.below(prefix).and_then(|path| RepoPath::new(path).ok());
            let path = below.unwrap_or(path);
            Finding::new(
                &DIRTY_FILE,
                format!("`{path}` has changes that are not committed"),
                Location::of_path(&path),
            )
            .because("they would be mixed with this change")
            .help("commit or stash them, or use `--commit`, which leaves the work tree alone")
        })
        .collect();
    if dirty.is_empty() { Ok(()) } else { Err(dirty) }
}
