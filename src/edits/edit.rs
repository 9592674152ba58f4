//! From files and a request to the files' new texts.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::along::changes_along;
use super::choose::{self, Chosen};
use super::choose_git::gits;
use super::code::{SEALED_FILE, TWO_VALUES};
use super::file::OpenedFile;
use super::repeated::{ChosenEdit, without_repeated};
use super::{EditRequest, RouteValue};
use crate::diagnostic::{Finding, Findings, nearest};
use crate::git::CanonicalAddress;
use crate::sites::{
    ImageRequest, RevisionParts, Site, SiteValue, WriteOptions, ambiguous, changes,
};
use crate::source::{Location, REDACTED, SourceFile};
use crate::yaml::{
    Change, Dialect, Kind, Node, Place, Route, Step, Value, is_secret_text, is_text,
    leads_to_secret, may_repeat, parse, shown, splice, where_written,
};

/// A file that changes.
#[derive(Debug)]
pub struct ChangedFile {
    /// The file as it was.
    pub file: Arc<SourceFile>,
    /// Its new text.
    pub text: String,
    /// The values that change, in the order of the lines.
    pub replaced: Vec<Replaced>,
    /// The note that others change along, if any do.
    pub along: Option<Finding>,
}

/// A value that changes.
#[derive(Debug)]
pub struct Replaced {
    /// Its place; for a new one, the place beside it.
    pub location: Location,
    /// The route to it.
    pub route: String,
    /// The old value; none if there was none. What looks like a secret is masked.
    pub old: Option<String>,
    /// The new value, masked as the old one is; none if it is removed.
    pub new: Option<String>,
}

/// Edits the files as requested: all of them, or none. Files that do not change
/// are not among the results.
///
/// `found` are files that were not named themselves, but found below a named
/// directory: one that cannot be read is skipped if it does not even contain the
/// words of the request.
///
/// # Errors
///
/// Every problem, in every file.
pub fn edit(
    named: &[Arc<SourceFile>],
    found: &[Arc<SourceFile>],
    request: &EditRequest,
) -> Result<Vec<ChangedFile>, Findings> {
    let mut findings = Findings::new();
    let mut files = Vec::new();
    for file in named {
        files.extend(findings.keep(OpenedFile::open(file, true)));
    }
    for file in found {
        match OpenedFile::open(file, false) {
            Ok(opened) => files.push(opened),
            Err(_) if !request.may_concern(file.text()) => {}
            Err(why) => findings.extend(why),
        }
    }
    if findings.has_errors() {
        return Err(findings);
    }
    let mut wanted = PendingEdits::new(&files, findings);
    for image in &request.images {
        wanted.image(image, request);
    }
    let (chosen, unclear) = gits(&files, &request.gits);
    wanted.findings.extend(unclear);
    for (git, chosen) in request.gits.iter().zip(chosen) {
        let value = SiteValue::Revision(RevisionParts::new(&*git.revision));
        wanted.take(&chosen, |_| value.clone(), options(request, false));
    }
    wanted.take_chosen();
    for route in &request.routes {
        wanted.route(route);
    }
    wanted.edited()
}

impl EditRequest {
    /// Whether a text has a word that every file contains that has what is to be
    /// set.
    fn may_concern(&self, text: &str) -> bool {
        let names = self.images.iter().filter_map(|image| image.name.as_deref());
        let paths = self.images.iter().filter(|image| image.name.is_none());
        let paths = paths.filter_map(|image| Some(image.repository.as_ref()?.path.as_str()));
        if names.chain(paths).any(|word| text.contains(word)) {
            return true;
        }
        // The rest of an address may be written differently, and all of it in
        // another case.
        let lower = text.to_lowercase();
        let mut addresses = self.gits.iter().map(|git| CanonicalAddress::of(&git.url));
        addresses.any(|address| lower.contains(&address.name().to_lowercase()))
    }
}

fn options(request: &EditRequest, add_digest: bool) -> WriteOptions {
    WriteOptions {
        repository: request.repository,
        drop_digest: request.drop_digest,
        add_digest,
        // It was named, so it is meant.
        moving: true,
        ..WriteOptions::default()
    }
}

/// The changes of each file.
struct PendingEdits<'f> {
    files: &'f [OpenedFile],
    /// The number of each file.
    numbers: HashMap<*const SourceFile, usize>,
    /// The sites that were chosen.
    chosen: Vec<ChosenEdit<'f>>,
    /// By the file's number.
    changes: BTreeMap<usize, FileEdits>,
    findings: Findings,
}

/// The changes of one file, each with the place that people are shown.
#[derive(Default)]
struct FileEdits {
    changes: Vec<(Location, Change)>,
    /// The number of the change of each place.
    by_place: HashMap<Place, usize>,
    /// The places of the sites that were chosen.
    chosen: HashSet<Place>,
}

impl<'f> PendingEdits<'f> {
    fn new(files: &'f [OpenedFile], findings: Findings) -> Self {
        let numbers = files.iter().enumerate();
        let numbers = numbers.map(|(number, file)| (Arc::as_ptr(&file.file), number)).collect();
        Self { files, numbers, chosen: Vec::new(), changes: BTreeMap::new(), findings }
    }

    fn image(&mut self, image: &ImageRequest, request: &EditRequest) {
        match choose::images(self.files, image, request.repository) {
            Ok(chosen) => {
                let options = options(request, image.digest.is_some());
                self.take(&chosen, |site| image.value_of(site), options);
            }
            Err(findings) => self.findings.extend(findings),
        }
    }

    fn take(
        &mut self,
        chosen: &[Chosen<'f>],
        value: impl Fn(&Site) -> SiteValue,
        options: WriteOptions,
    ) {
        for &(file, site) in chosen {
            match changes(site, &value(site), options) {
                Ok(changes) => self.chosen.push(ChosenEdit { file, site, changes }),
                Err(finding) => self.findings.push(finding),
            }
        }
    }

    /// Takes the changes of the chosen sites, those of anchors and aliases once.
    fn take_chosen(&mut self) {
        let mut chosen = std::mem::take(&mut self.chosen);
        self.findings.extend(without_repeated(&mut chosen).err().into_iter().flatten());
        for ChosenEdit { file, site, changes } in chosen {
            // The anchor may be at a place that is no site.
            for change in where_written(&file.documents, changes) {
                self.push(file, site.location.clone(), change);
            }
            let number = self.numbers[&Arc::as_ptr(&file.file)];
            let places = site.parts.iter().map(|part| part.at.clone());
            self.changes.entry(number).or_default().chosen.extend(places);
        }
    }

    /// Sets the value at a route: in each file that was named itself, and in one of those
    /// that were found.
    fn route(&mut self, wanted: &RouteValue) {
        let files = self.files;
        let found = files.iter().position(|file| !file.is_named).unwrap_or(files.len());
        let (named, found) = files.split_at(found);
        let mut is_found = false;
        for group in named.chunks(1).chain([found]) {
            let places = places(group, &wanted.route);
            is_found |= !places.is_empty();
            let shown = places.iter().map(|one| (one.at.route.to_string(), one.node.location()));
            if let Some(finding) = ambiguous(&wanted.route.to_string(), &shown.collect::<Vec<_>>())
            {
                self.findings.push(finding);
                continue;
            }
            for RoutePlace { file, at, node } in places {
                if let Some(change) = set_value(at, Some(node), wanted) {
                    self.push(file, node.location(), change);
                }
            }
        }
        if !is_found {
            let what = format!("a value at `{}`", wanted.route);
            let near = near_route(self.files, &wanted.route);
            let route = wanted.route.to_string();
            self.findings.push(choose::nothing(self.files, &what, &route, near));
        }
    }

    fn push(&mut self, file: &OpenedFile, location: Location, change: Change) {
        let number = self.numbers[&Arc::as_ptr(&file.file)];
        let edits = self.changes.entry(number).or_default();
        let next = edits.changes.len();
        let at = *edits.by_place.entry(change.place()).or_insert(next);
        match edits.changes.get(at) {
            // Two sites may share a scalar: a container's and a marker's.
            Some((_, other)) if *other == change => {}
            Some((first, _)) => {
                let message = "one place would get two different values";
                let finding = Finding::new(&TWO_VALUES, message, first.clone());
                self.findings.push(finding.because("asked for twice").help("give it one value"));
            }
            None => edits.changes.push((location, change)),
        }
    }

    fn edited(mut self) -> Result<Vec<ChangedFile>, Findings> {
        let mut all = Vec::new();
        for (number, edits) in std::mem::take(&mut self.changes) {
            // Of a chosen site that is right already, only the places are known.
            if !edits.changes.is_empty() {
                let edited = apply(&self.files[number], edits);
                all.extend(self.findings.keep(edited));
            }
        }
        if self.findings.has_errors() { Err(self.findings) } else { Ok(all) }
    }
}

fn apply(opened: &OpenedFile, edits: FileEdits) -> Result<ChangedFile, Findings> {
    let FileEdits { changes: wanted, chosen, .. } = edits;
    let file = Arc::clone(&opened.file);
    for (location, change) in &wanted {
        let document = opened.documents.get(change.place().document);
        if document.is_some_and(|document| document.root().get("sops").is_some()) {
            let message =
                format!("`{}` is encrypted by SOPS, which signs all of its values", file.path());
            return Err(Finding::new(&SEALED_FILE, message, location.clone())
                .help("edit it with `sops`")
                .into());
        }
    }
    let mut replaced: Vec<_> = wanted.iter().map(|(at, change)| of(opened, at, change)).collect();
    replaced.sort_by_key(|one| one.location.span());
    let changes: Vec<_> = wanted.into_iter().map(|(_, change)| change).collect();
    let text = splice(&file, &changes)?;
    let after = Arc::new(SourceFile::new(file.path().clone(), text.clone()));
    let after = if may_repeat(&text) { parse(&after, Dialect::Kubectl).ok() } else { None };
    let along =
        after.and_then(|after| changes_along(&opened.documents, &after, &|at| chosen.contains(at)));
    Ok(ChangedFile { file, text, replaced, along })
}

fn of(opened: &OpenedFile, beside: &Location, change: &Change) -> Replaced {
    let Place { document, route } = change.place();
    let root = opened.documents.get(document).map(Value::root);
    let node = root.and_then(|root| route.find(root));
    let is_named = leads_to_secret(root, &route);
    let is_secret = node.is_some_and(|node| shown(node, is_named).1);
    let old = node.filter(|node| !node.is_null()).map(|node| match node.kind() {
        _ if is_secret => REDACTED.to_owned(),
        Kind::String(text) => text.to_string(),
        _ => node.location().text().to_owned(),
    });
    let new = match change {
        Change::Set { text, .. } | Change::Insert { text, .. } => Some(text.clone()),
        Change::SetYaml { yaml, .. } => Some(yaml.trim_end().to_owned()),
        Change::Append { item, .. } => Some(item.to_string()),
        Change::Remove { .. } => None,
    };
    let location = node.map_or_else(|| beside.clone(), Node::location);
    let new = new.map(|text| {
        if is_secret_text(&text, is_named || is_secret) { REDACTED.to_owned() } else { text }
    });
    Replaced { location, old, new, route: route.to_string() }
}

/// A place that a route leads to.
struct RoutePlace<'f> {
    file: &'f OpenedFile,
    at: Place,
    node: Node<'f>,
}

/// The places that a route leads to in any document of these files.
fn places<'f>(files: &'f [OpenedFile], route: &Route) -> Vec<RoutePlace<'f>> {
    let mut places = Vec::new();
    for file in files {
        for (document, value) in file.documents.iter().enumerate() {
            let all = route.all(value.root()).into_iter();
            let place = |(route, node)| RoutePlace { file, at: Place { document, route }, node };
            places.extend(all.map(place));
        }
    }
    places
}

/// The change that gives the value at a place a new text; none if it has that already. `node`
/// is what is there, if anything is.
pub fn set_value(at: Place, node: Option<Node<'_>>, wanted: &RouteValue) -> Option<Change> {
    let text = wanted.value.clone();
    let was_text = node.is_some_and(|node| matches!(node.kind(), Kind::String(_)));
    let written = node.map(|node| match node.kind() {
        Kind::String(own) => own.to_string(),
        _ => node.location().text().to_owned(),
    });
    if written.as_ref() == Some(&text) {
        return None;
    }
    let Some((route, Step::Key(key))) = at.route.split_last() else {
        return Some(Change::Set { at, text });
    };
    let (map, key) = (Place { document: at.document, route }, key.clone());
    // `replicas: 2` stays a number; a tag is never one.
    Some(if !was_text && !is_text(&text) && !is_name(&key) {
        Change::SetYaml { map, key, yaml: text }
    } else if written.is_some() {
        Change::Set { at, text }
    } else {
        Change::Insert { map, key, text }
    })
}

/// Whether a key's value is a name, even if it looks like a number.
fn is_name(key: &str) -> bool {
    let lower = key.to_ascii_lowercase();
    ["tag", "version", "digest", "ref", "revision", "image", "commit", "branch", "sha"]
        .iter()
        .any(|end| lower.ends_with(end))
}

/// The route that was probably meant: the part that exists, and a key that is
/// similar to the missing one.
fn near_route(files: &[OpenedFile], wanted: &Route) -> Option<String> {
    let mut documents = files.iter().flat_map(|file| &file.documents);
    documents.find_map(|document| near_in(document.root(), wanted))
}

fn near_in(root: Node<'_>, wanted: &Route) -> Option<String> {
    let mut route = Route::root();
    let mut node = root;
    for (at, step) in wanted.steps().iter().enumerate() {
        if let Some(next) = step.find(node) {
            route.push(step.clone());
            node = next;
            continue;
        }
        let Step::Key(key) = step else { return None };
        let near = nearest(key, node.entries().map(|(key, _)| key.text()))?;
        route.push(Step::Key(near.to_owned()));
        for step in &wanted.steps()[at + 1..] {
            route.push(step.clone());
        }
        return Some(route.to_string());
    }
    None
}
