//! Adding holds to their file and lifting them, with every other byte as it
//! was.

use std::sync::Arc;

use super::code::{NO_SUCH_HOLD, UNEDITABLE_HOLDS};
use super::read::own;
use super::{Hold, directory, named, path};
use crate::config::EnvironmentName;
use crate::diagnostic::{Finding, Findings};
use crate::sites::{AppSites, StateReference, shown_reference};
use crate::source::{FileChanges, Location, Memory, RepoPath, SourceFile, Tree};
use crate::yaml::{Change, NewValue, Place, Route, Step, splice};

/// The file with one more hold; no file where the same is held back already,
/// until the same time.
///
/// # Errors
///
/// The file has problems, or is written so that nothing can be added.
pub fn added(tree: &Tree, hold: &Hold) -> Result<FileChanges, Findings> {
    let path = path(&hold.environment, &hold.app).ok_or_else(|| unnameable(&hold.app))?;
    let (holds, file) = own(tree, &hold.environment, &hold.app)?;
    if holds.iter().any(|one| one.state == hold.state && one.until == hold.until) {
        return Ok(FileChanges::new());
    }
    let file = match file {
        None => Arc::new(SourceFile::new(path.clone(), String::new())),
        Some(file) => file.file,
    };
    let list = Place { document: 0, route: Route::root() };
    let text = edited(&file, &[Change::Append { list, item: item(hold) }])?;
    let wanted: Vec<_> = holds.iter().chain([hold]).collect();
    if !says(&path, &text, hold, &wanted) {
        return Err(uneditable(&path, "the new hold would not stand for itself").into());
    }
    Ok(FileChanges::from([(path, Some(text.into_bytes()))]))
}

/// The file without the holds that name `reference` (of an image: its tag, its
/// digest, or both; or a git reference, or a value), or without any of them; a
/// file without holds goes. No file where nothing is held back. `sites` has the
/// names of the app's images, where the app is there.
///
/// # Errors
///
/// The file has problems or is written so that nothing can be taken out, or
/// none of its holds names the reference.
pub fn lifted(
    tree: &Tree,
    environment: &EnvironmentName,
    app: &str,
    reference: Option<&StateReference>,
    sites: Option<&AppSites>,
) -> Result<FileChanges, Findings> {
    let (holds, file) = own(tree, environment, app)?;
    let Some(file) = file.filter(|_| !holds.is_empty()) else { return Ok(FileChanges::new()) };
    let path = file.file.path().clone();
    let is_lifted = match reference {
        Some(reference) => named(&holds, reference, sites)?,
        None => vec![true; holds.len()],
    };
    let kept = is_lifted.iter().filter(|is_lifted| !**is_lifted).count();
    if let Some(reference) = reference.filter(|_| kept == holds.len()) {
        return Err(no_such_hold(reference, &holds).into());
    }
    if kept == 0 {
        return Ok(FileChanges::from([(path, None)]));
    }
    let removed = is_lifted.iter().enumerate().rev().filter(|(_, is_lifted)| **is_lifted);
    // From the last to the first, so that the places of those before stay.
    let changes: Vec<_> = removed.map(|(index, _)| remove(index)).collect();
    let text = edited(&file.file, &changes)?;
    Ok(FileChanges::from([(path, Some(text.into_bytes()))]))
}

/// Whether a file of that text has exactly these holds; `of` is any of them.
fn says(path: &RepoPath, text: &str, of: &Hold, wanted: &[&Hold]) -> bool {
    let tree = Tree::new(Memory::of([(path.as_str(), text)]));
    let found = own(&tree, &of.environment, &of.app);
    found.is_ok_and(|(found, _)| {
        found.len() == wanted.len()
            && found.iter().zip(wanted).all(|(one, two)| one.says_the_same(two))
    })
}

/// An entry of a file of holds.
fn item(hold: &Hold) -> NewValue {
    let state = hold.state.iter().map(|(key, text)| (key, NewValue::text(text)));
    let mut entries = vec![
        ("state", NewValue::map(state)),
        ("reason", NewValue::text(&hold.reason)),
        ("by", NewValue::text(&hold.by)),
    ];
    for (key, time) in [("since", hold.since), ("until", hold.until)] {
        entries.extend(time.map(|time| (key, NewValue::text(time.to_string()))));
    }
    NewValue::map(entries)
}

/// Takes away the hold of that index.
fn remove(index: usize) -> Change {
    let mut route = Route::root();
    route.push(Step::Index(index));
    Change::Remove { at: Place { document: 0, route } }
}

/// A file of holds with changes.
fn edited(file: &Arc<SourceFile>, changes: &[Change]) -> Result<String, Findings> {
    splice(file, changes).map_err(|findings| {
        let why = findings.iter().next().map(|finding| finding.message.as_str());
        uneditable(file.path(), why.unwrap_or_default()).into()
    })
}

fn unnameable(app: &str) -> Finding {
    let message = format!("`{app}` cannot be the name of a file");
    Finding::new(&UNEDITABLE_HOLDS, message, Location::of_path(&directory()))
        .because("holds stand in `<environment>/<app>.yaml`")
}

fn uneditable(path: &RepoPath, why: &str) -> Finding {
    Finding::new(&UNEDITABLE_HOLDS, format!("`{path}` cannot be edited"), Location::of_path(path))
        .because(why)
        .help("edit the file by hand")
}

fn no_such_hold(reference: &StateReference, holds: &[Hold]) -> Finding {
    let held = holds
        .iter()
        .flat_map(|hold| hold.state.values().map(|text| format!("`{}`", shown_reference(text))));
    let held: Vec<_> = held.collect();
    let first = &holds[0];
    Finding::new(
        &NO_SUCH_HOLD,
        format!("no hold of `{}` in `{}` is on `{reference}`", first.app, first.environment),
        first.location.clone(),
    )
    .because("none of these names it")
    .help(format!("held back is {}", held.join(", ")))
}
