//! What an edit carries along: the places that repeat what it changes, by an alias or by
//! `<<`, the promoted values that a value inside them belongs to, and the references that are
//! inside a promoted value.
//!
//! Nothing here follows aliases. The edited files are read as sites once more, and what
//! differs has changed: so it does not matter what is repeated, a scalar, a map or part of
//! one.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::plan::SiteChange;
use super::propose::{Proposal, TargetSites, WantedValue};
use crate::diagnostic::{Finding, Findings};
use crate::edits::{SHARED_ANCHOR, TWO_VALUES, changes_along};
use crate::sites::{AppInstance, Key, Site, SiteValue};
use crate::source::{Location, RepoPath, SourceFile};
use crate::yaml::{
    Change, Dialect, Place, Value, may_repeat, parse, same_yaml, splice, where_written,
};

/// A file before and after its edits.
struct EditedSource<'s> {
    before: &'s Arc<SourceFile>,
    /// What it had before.
    documents: Vec<Value>,
    after: Arc<SourceFile>,
}

impl Proposal {
    /// Moves edits to where what they change is written, and adds what changes along with
    /// it: the app's own sites to the changes, sites of others to the obstacles.
    pub(super) fn carry(&mut self, target: TargetSites<'_>, wanted: &[WantedValue<'_>]) {
        let mut edited = Vec::new();
        for (path, edits) in &mut self.edits {
            let mut files = target.app.sites.iter().map(|site| &site.file);
            let Some(file) = files.find(|file| file.path() == path) else { continue };
            let is_value = |wanted: &WantedValue<'_>| {
                wanted.site.file.path() == path && wanted.value.yaml().is_some()
            };
            let may_carry = may_repeat(file.text()) || self.routed.contains(path);
            if !may_carry && !wanted.iter().any(is_value) {
                continue;
            }
            let Ok(documents) = parse(file, Dialect::Kubectl) else { continue };
            *edits = where_written(&documents, std::mem::take(edits));
            let mut seen = HashSet::new();
            edits.retain(|edit| seen.insert(edit.clone()));
            self.obstacles.extend(contradiction(target, path, edits));
            match splice(file, edits) {
                Ok(text) => {
                    let after = Arc::new(SourceFile::new(path.clone(), text));
                    edited.push(EditedSource { before: file, documents, after });
                }
                // Nothing else would show that these are to change anything.
                Err(found) if self.routed.contains(path) => {
                    self.obstacles.extend(found.about(&target.subject()));
                }
                // It is said when the file is edited.
                Err(_) => {}
            }
        }
        for file in &edited {
            self.obstacles.extend(reaches_others(target, file));
            self.warnings.extend(along(target, file));
        }
        if !edited.is_empty() {
            self.carry_own(target, wanted, &edited);
        }
    }

    /// Adds the app's own sites that change along with others.
    fn carry_own(
        &mut self,
        target: TargetSites<'_>,
        wanted: &[WantedValue<'_>],
        edited: &[EditedSource<'_>],
    ) {
        let instance = AppInstance::new(&target.app.environment, &target.app.app);
        let files: Vec<_> = edited.iter().map(|file| Arc::clone(&file.after)).collect();
        let Some(after) = target.model.app_after(&instance, &files) else { return };
        let is_edited = |site: &&Site| files.iter().any(|file| file.path() == site.file.path());
        let after_edits = after.sites.iter().filter(is_edited);
        let by_place: BTreeMap<_, &Site> =
            after_edits.filter_map(|site| Some((place(site)?, site))).collect();
        let wanted: HashMap<*const Site, &WantedValue<'_>> =
            wanted.iter().map(|wanted| (std::ptr::from_ref(wanted.site), wanted)).collect();
        let mut carried: BTreeMap<Key, SiteValue> = BTreeMap::new();
        let own = target.app.sites.iter().filter(is_edited);
        let known: HashSet<_> = own.clone().filter_map(place).collect();
        for (_, new) in by_place.iter().filter(|(place, _)| !known.contains(place)) {
            if let Some(value) = &new.value {
                self.changes.push(SiteChange { from: None, ..SiteChange::planned(new, value) });
                carried.insert(new.key.clone(), value.clone());
            }
        }
        for site in own {
            let Some(now) = place(site).and_then(|place| by_place.get(&place)) else { continue };
            match (wanted.get(&std::ptr::from_ref(site)), &now.value) {
                (Some(wanted), _) => {
                    let left = wanted.changes(now, target.options);
                    let same =
                        |yaml: &str| now.value.as_ref()?.yaml().map(|is| same_yaml(is, yaml));
                    let is_same = wanted.value.yaml().and_then(same).unwrap_or_default();
                    let is_other = left.is_ok_and(|left| !left.is_empty()) && !is_same
                        || !target.options.repository && now.repository() != site.repository();
                    if now.value != site.value && is_other {
                        self.obstacles.push(follows(target, site, &wanted.value, now));
                    }
                }
                (None, Some(value)) if now.value != site.value => {
                    self.obstacles.extend(stale(target, site, value));
                    self.add_change(site, value);
                    carried.insert(site.key.clone(), value.clone());
                }
                _ => {}
            }
        }
        if !carried.is_empty() {
            self.obstacles.extend(after.state.err().into_iter().flatten());
            self.state = self.state.with(&carried);
        }
    }
}

/// What identifies a site in a file whose values change.
fn place(site: &Site) -> Option<(RepoPath, String, Place)> {
    let part = site.parts.first()?;
    Some((site.file.path().clone(), site.key.noun().to_owned(), part.at.clone()))
}

/// The finding that two sites that are written at one place are to get different values.
fn contradiction(target: TargetSites<'_>, path: &RepoPath, edits: &[Change]) -> Option<Finding> {
    let mut by_place: BTreeMap<_, &Change> = BTreeMap::new();
    let place = edits.iter().find_map(|edit| {
        let place = edit.place();
        let before = by_place.insert(place.clone(), edit);
        before.is_some_and(|before| before != edit).then_some(place)
    })?;
    let sites = target.app.sites.iter().filter(|site| site.file.path() == path);
    let location = sites.map(|site| &site.location).next()?.clone();
    let message = format!("`{}` would get two different values", place.route);
    Some(
        Finding::new(&TWO_VALUES, message, location)
            .because("is in this file, where aliases repeat it")
            .help("write out what is to differ, in place of the alias")
            .about(target.subject()),
    )
}

/// The finding that a site follows another one, and is to be something else.
fn follows(target: TargetSites<'_>, site: &Site, wanted: &SiteValue, now: &Site) -> Finding {
    let says = now.value.as_ref().map(ToString::to_string).unwrap_or_default();
    let key = &site.key;
    let wanted = wanted.shown(key);
    let message = format!("`{key}` is to be `{wanted}`, and would become `{says}`");
    let is_repeated = site.parts.iter().any(|part| part.is_repeated);
    let (because, help) = if is_repeated {
        (
            "repeats what another value of this change is written as",
            "write the value out here, in place of the alias",
        )
    } else {
        (
            "is inside a value that is promoted, and says something else there",
            "name what is to be promoted in `promote` without the image beside it",
        )
    };
    Finding::new(&TWO_VALUES, message, site.location.clone())
        .because(because)
        .help(help)
        .about(target.subject())
}

/// The finding that an image gets another tag beside the digest that it had.
fn stale(target: TargetSites<'_>, site: &Site, now: &SiteValue) -> Option<Finding> {
    let (Some(SiteValue::Image(before)), SiteValue::Image(now)) = (&site.value, now) else {
        return None;
    };
    if now.digest.is_none() || before.digest != now.digest || before.tag == now.tag {
        return None;
    }
    let tag = now.tag.as_deref().unwrap_or_default();
    let message = format!("`{}` would get the tag `{tag}` beside another tag's digest", site.key);
    Some(
        Finding::new(&SHARED_ANCHOR, message, site.location.clone())
            .because("repeats the tag alone")
            .help("write the tag out here, in place of the alias, or set this image as well")
            .about(target.subject()),
    )
}

/// The findings that sites of other apps or environments change along with the edits.
fn reaches_others(target: TargetSites<'_>, file: &EditedSource<'_>) -> Findings {
    let own = AppInstance::new(&target.app.environment, &target.app.app);
    let after = target.model.sites_in(&file.after);
    let after: BTreeMap<_, &Site> = after
        .iter()
        .filter_map(|(instance, site)| Some(((instance, place(site)?), site)))
        .collect();
    let mut findings = Findings::new();
    for (instance, site) in target.model.sites_in(file.before) {
        let Some(place) = place(&site).filter(|_| instance != own) else { continue };
        let now = after.get(&(&instance, place)).and_then(|site| site.value.as_ref());
        if now != site.value.as_ref() {
            findings.push(reaches(target, &instance, &site));
        }
    }
    findings
}

/// The note that values change along which are sites of nobody.
fn along(target: TargetSites<'_>, file: &EditedSource<'_>) -> Option<Finding> {
    if !may_repeat(file.before.text()) {
        return None;
    }
    let after = parse(&file.after, Dialect::Kubectl).ok()?;
    let own = target.app.sites.iter().filter(|site| site.file.path() == file.before.path());
    let places = |site: &Site| site.parts.iter().map(|part| part.at.clone()).collect::<Vec<_>>();
    let mut known: HashSet<Place> = own.flat_map(places).collect();
    let others = target.model.sites_in(file.before);
    known.extend(others.iter().flat_map(|(_, site)| places(site)));
    let along = changes_along(&file.documents, &after, &|at| known.contains(at))?;
    Some(along.about(target.subject()))
}

fn reaches(target: TargetSites<'_>, other: &AppInstance, site: &Site) -> Finding {
    let AppInstance { environment, app } = other;
    let (noun, key) = (site.key.noun(), &site.key);
    let message = format!("the {noun} `{key}` of `{app}` in `{environment}` would change as well");
    let finding = Finding::new(&SHARED_ANCHOR, message, site.location.clone())
        .because("repeats what is to change")
        .help("write the value out here, in place of the alias, and promote each by itself")
        .about(target.subject());
    let written = site.parts.iter().find(|part| part.is_repeated).and_then(|part| part.written);
    match written {
        Some(written) => finding.label(Location::new(&site.file, written), "it is written here"),
        None => finding,
    }
}
