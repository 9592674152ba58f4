//! What repeats what is to change, as an alias or by `<<`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::code::{SHARED_ANCHOR, TWO_VALUES};
use super::file::OpenedFile;
use crate::diagnostic::{Finding, Findings};
use crate::sites::{Site, SitePart};
use crate::source::{SourceFile, Span};
use crate::yaml::{Change, Place, Step};

/// A site that was chosen, with the changes that give it its value.
pub(super) struct ChosenEdit<'f> {
    pub(super) file: &'f OpenedFile,
    pub(super) site: &'f Site,
    pub(super) changes: Vec<Change>,
}

/// Where something is written: the file, and the span in it; of what is not there yet, the
/// span of its map, and the key.
type WrittenPlace<'s> = (*const SourceFile, Span, Option<&'s Step>);

/// The changes of chosen sites, without those of places that repeat another of them: they
/// change with it.
///
/// # Errors
///
/// A place is to get another value than the one that it repeats, or something that was not
/// chosen would change as well.
pub(super) fn without_repeated(edits: &mut [ChosenEdit<'_>]) -> Result<(), Findings> {
    let mut findings = Findings::new();
    let own = own_changes(edits);
    for edit in &mut *edits {
        let (file, site) = (edit.file, edit.site);
        edit.changes.retain(|change| {
            let part = part_of(site, change).filter(|part| part.is_repeated);
            let at = part.and_then(|part| written(file, part));
            let Some(before) = at.and_then(|at| own.get(&at)) else { return true };
            if before.as_deref() != Some(said(change)) {
                findings.push(differs(site));
            }
            false
        });
    }
    findings.extend(reached(edits));
    if findings.is_empty() { Ok(()) } else { Err(findings) }
}

/// What becomes of each scalar that is a chosen site's own, by where it is written; none
/// if it stays.
fn own_changes<'f>(edits: &[ChosenEdit<'f>]) -> HashMap<WrittenPlace<'f>, Option<String>> {
    let mut own = HashMap::new();
    for edit in edits {
        let by_place: HashMap<Place, &Change> =
            edit.changes.iter().map(|change| (change.place(), change)).collect();
        for part in edit.site.parts.iter().filter(|part| !part.is_repeated) {
            let Some(at) = written(edit.file, part) else { continue };
            let change = by_place.get(&part.at).map(|change| said(change).to_owned());
            if change.is_some() || !own.contains_key(&at) {
                own.insert(at, change);
            }
        }
    }
    own
}

/// The findings that sites which were not chosen repeat what is to change.
fn reached(edits: &[ChosenEdit<'_>]) -> Findings {
    let mut changing: HashMap<WrittenPlace<'_>, &ChosenEdit<'_>> = HashMap::new();
    let mut chosen: HashSet<(*const SourceFile, &Place)> = HashSet::new();
    let mut files: Vec<&OpenedFile> = Vec::new();
    for edit in edits {
        let file = Arc::as_ptr(&edit.file.file);
        if files.last().is_none_or(|last| !std::ptr::eq(*last, edit.file)) {
            files.push(edit.file);
        }
        chosen.extend(edit.site.parts.iter().map(|part| (file, &part.at)));
        let parts = edit.changes.iter().filter_map(|change| part_of(edit.site, change));
        let places = parts.filter_map(|part| written(edit.file, part));
        changing.extend(places.map(|at| (at, edit)));
    }
    files.sort_by_key(|file| std::ptr::from_ref(*file));
    files.dedup_by(|one, other| std::ptr::eq(*one, *other));
    let mut findings = Findings::new();
    for file in files {
        let repeated = file.sites.iter().filter_map(|site| {
            let is_chosen = |part: &SitePart| chosen.contains(&(Arc::as_ptr(&file.file), &part.at));
            let mut parts = site.parts.iter().filter(|part| !is_chosen(part));
            parts.find_map(|part| {
                let by = changing.get(&written(file, part)?)?;
                Some(reaches(site, part.is_repeated, by))
            })
        });
        findings.extend(repeated);
    }
    findings
}

/// The part of a site that a change is of.
fn part_of<'s>(site: &'s Site, change: &Change) -> Option<&'s SitePart> {
    let place = change.place();
    site.parts.iter().find(|part| part.at == place)
}

fn written<'s>(file: &OpenedFile, part: &'s SitePart) -> Option<WrittenPlace<'s>> {
    let key = part.at.route.steps().last().filter(|_| !part.is_there);
    Some((Arc::as_ptr(&file.file), part.written?, key))
}

/// The text that a change gives a scalar; empty if it is removed.
fn said(change: &Change) -> &str {
    match change {
        Change::Set { text, .. } | Change::Insert { text, .. } => text,
        Change::SetYaml { yaml, .. } => yaml,
        Change::Append { .. } | Change::Remove { .. } => "",
    }
}

fn differs(site: &Site) -> Finding {
    let message = format!("`{}` repeats another place, and is to get another value", site.key);
    Finding::new(&TWO_VALUES, message, site.location.clone())
        .because("changes with what it repeats")
        .help("write the value out here, in place of the alias")
}

fn reaches(site: &Site, is_repeated: bool, by: &ChosenEdit<'_>) -> Finding {
    let (noun, key) = (site.key.noun(), &site.key);
    let message = format!("the {noun} `{key}` would change as well");
    let finding = Finding::new(&SHARED_ANCHOR, message, site.location.clone());
    let finding = if is_repeated {
        let why = format!("repeats what is to change for `{}`", by.site.key);
        finding.because(why).label(by.site.location.clone(), "which is written here")
    } else {
        let why = format!("has what is to change for `{}`", by.site.key);
        finding.because(why).label(by.site.location.clone(), "which repeats it here")
    };
    finding.help("write the value out in place of the alias; each can be set by itself then")
}
