//! Delivers a change to the files of the work tree.

use std::path::Path;

use super::code::DIRTY_FILE;
use super::delivered::{Delivered, Done};
use super::delivery::{Delivery, git_failed};
use crate::diagnostic::{Finding, Findings};
use crate::disk::{self, FILES_UNWRITTEN, Rewrite};
use crate::promote::{Intent, PlannedChange};
use crate::source::{FileChanges, Location, RepoPath, Tree};

/// Computes the change for the work tree's files and writes them. Gates that
/// bind when a change is merged are only reported.
pub(super) fn execute(delivery: &Delivery<'_>, intent: &dyn Intent) -> Result<Delivered, Findings> {
    let (tree, planned) = planned(delivery, intent)?;
    let settled = |planned, done| Ok(Delivered { planned, done, base: None });
    if planned.is_stopped(intent) {
        return settled(planned, Done::Stopped);
    }
    if planned.is_nothing() {
        return settled(planned, Done::Nothing);
    }
    refuse_dirty(delivery, &planned.files)?;
    write(delivery.workspace.require_work_tree()?, &tree, &planned.files)?;
    delivery.wrote(&planned.files);
    let written = planned.files.paths().cloned().collect();
    settled(planned, Done::Written(written))
}

/// What [`execute`] would do.
pub(super) fn show(delivery: &Delivery<'_>, intent: &dyn Intent) -> Result<Delivered, Findings> {
    let (_, planned) = planned(delivery, intent)?;
    let done = if planned.is_stopped(intent) { Done::Stopped } else { Done::Shown };
    if done == Done::Shown {
        refuse_dirty(delivery, &planned.files)?;
    }
    Ok(Delivered { planned, done, base: None })
}

/// The work tree's files, and the change for them.
fn planned(
    delivery: &Delivery<'_>,
    intent: &dyn Intent,
) -> Result<(Tree, PlannedChange), Findings> {
    let root = delivery.workspace.require_work_tree();
    root.map_err(|finding| finding.help("use `--commit` or `--branch`"))?;
    let base = delivery.base_here(|| Ok(delivery.workspace.work_tree().snapshot()), intent)?;
    let planned = delivery.compute(&base, intent, &delivery.submission(false))?;
    Ok((base.tree.clone(), planned))
}

/// Writes the files, if each is as it was when the change was computed from
/// `tree`: what somebody has saved since is kept.
fn write(root: &Path, tree: &Tree, files: &FileChanges) -> Result<(), Finding> {
    let old: Result<Vec<_>, _> = files.paths().map(|path| tree.bytes_if_present(path)).collect();
    let old = old.map_err(|error| Finding::of_read_error(&error, None))?;
    let rewrites: Vec<_> = files
        .iter()
        .zip(&old)
        .map(|((path, new), old)| Rewrite { root, path, old: old.as_deref(), new })
        .collect();
    let shown = |at: usize| (rewrites[at].path.to_string(), RepoPath::clone(rewrites[at].path));
    disk::write(&rewrites).map_err(|error| error.finding(&FILES_UNWRITTEN, &shown))
}

/// Refuses files with uncommitted changes: the change would be mixed with
/// somebody's own. Outside of a clone, this cannot be known.
fn refuse_dirty(delivery: &Delivery<'_>, files: &FileChanges) -> Result<(), Findings> {
    let Some(clone) = delivery.workspace.local_clone()? else { return Ok(()) };
    let dirty = clone.uncommitted(files.paths()).map_err(|error| git_failed(&error))?;
    let dirty: Findings = dirty
        .iter()
        .map(|path| {
            let message = format!("`{path}` has uncommitted changes");
            Finding::new(&DIRTY_FILE, message, Location::of_path(path))
                .because("they would be mixed with this change")
                .help("commit or stash them, or use `--commit`, which leaves the work tree alone")
        })
        .collect();
    if dirty.is_empty() { Ok(()) } else { Err(dirty) }
}
