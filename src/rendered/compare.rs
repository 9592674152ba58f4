//! Comparing what is in a tree with what should be.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::changes::{DirectoryChanges, EnvironmentChanges, FileAction, OutputChanges};
use super::code::FOREIGN_FILE;
use super::existing::{Existing, in_the_way, unreadable};
use super::file::{HEAD, MARK, RenderedFiles, is_ours};
use super::on_disk::OutputDirectory;
use super::scope::RenderScope;
use crate::diagnostic::{Finding, Findings};
use crate::disk::is_temporary;
use crate::source::{EntryKind, Location, ReadErrorKind, RepoPath};

/// A directory's files that should be there: names and bytes, by name.
type PlannedFiles<'f> = Vec<(&'f str, &'f [u8])>;
/// The files that should be there, by environment's directory, then by app's.
type Planned<'f> = BTreeMap<RepoPath, BTreeMap<RepoPath, PlannedFiles<'f>>>;

impl OutputChanges {
    /// Compares a tree, which need not be on disk, with what should be in it.
    /// Whatever is in the way is a finding; all of them are reported together.
    /// Files outside the scope are not looked at.
    ///
    /// Our files are exactly two directories deep: deeper ones, and those in
    /// directories whose name starts with a dot, are somebody else's.
    pub fn of(
        existing: &dyn Existing,
        files: RenderedFiles,
        scope: &RenderScope,
    ) -> Result<Self, Findings> {
        let mut findings = Findings::new();
        let mut planned = by_directory(&files, scope);
        let leftovers = add_existing(existing, scope, &mut planned, &mut findings);
        let surveyed: Vec<_> = planned
            .into_par_iter()
            .map(|(path, apps)| Survey { existing, scope, path }.environment(apps))
            .collect();
        let environments = gather(surveyed, &mut findings).into_iter().flatten().collect();
        if findings.is_empty() {
            Ok(Self { files, environments, leftovers })
        } else {
            Err(findings)
        }
    }
}

impl OutputDirectory {
    /// Compares the directory with what should be in it, for a report: takes no
    /// lock and creates no directory. [`OutputDirectory::lock`] is for writing.
    pub fn compare(
        &self,
        files: RenderedFiles,
        scope: &RenderScope,
    ) -> Result<OutputChanges, Findings> {
        let root = self.open()?;
        OutputChanges::of(&self.on_disk(root.as_ref()), files, scope)
    }
}

fn by_directory<'f>(files: &'f RenderedFiles, scope: &RenderScope) -> Planned<'f> {
    let mut planned = Planned::new();
    for (path, bytes) in files.iter().filter(|(path, _)| scope.covers(path)) {
        let app = path.parent().unwrap_or_else(RepoPath::root);
        let environment = app.parent().unwrap_or_else(RepoPath::root);
        planned.entry(environment).or_default().entry(app).or_default().push((path.name(), bytes));
    }
    planned
}

/// Adds the environments in scope that should have no files, and finds what a
/// killed run left in the output directory.
fn add_existing(
    existing: &dyn Existing,
    scope: &RenderScope,
    planned: &mut Planned<'_>,
    findings: &mut Findings,
) -> Vec<String> {
    if let Some(environments) = scope.environments() {
        for path in environments {
            planned.entry(path).or_default();
        }
        return Vec::new();
    }
    let entries = match existing.list(&RepoPath::root()) {
        // Nothing was written there yet.
        Err(ReadErrorKind::Missing) => return Vec::new(),
        Err(kind) => {
            findings.push(unreadable(&existing.name(&RepoPath::root()), &kind));
            return Vec::new();
        }
        Ok(entries) => entries,
    };
    let directories = entries.into_iter().filter(|(_, kind)| *kind == EntryKind::Directory);
    let (leftovers, environments) = directories.partition::<Vec<_>, _>(|(n, _)| is_temporary(n));
    for (name, _) in environments.iter().filter(|(name, _)| !name.starts_with('.')) {
        planned.entry(RepoPath::root().child(name)).or_default();
    }
    leftovers.into_iter().map(|(name, _)| name).collect()
}

/// One environment's directory.
struct Survey<'a> {
    existing: &'a dyn Existing,
    scope: &'a RenderScope,
    path: RepoPath,
}

impl Survey<'_> {
    /// The environment's changes; none if nothing is there and nothing should be.
    fn environment(
        self,
        planned: BTreeMap<RepoPath, PlannedFiles<'_>>,
    ) -> Result<Option<EnvironmentChanges>, Findings> {
        let kind = self.existing.kind(&self.path);
        match kind.map_err(|kind| unreadable(&self.existing.name(&self.path), &kind))? {
            Some(EntryKind::Directory) => self.existing_directory(planned).map(Some),
            _ if planned.is_empty() => Ok(None),
            Some(other) => Err(in_the_way(&self.existing.name(&self.path), other).into()),
            None => Ok(Some(EnvironmentChanges {
                exists: false,
                leftovers: Vec::new(),
                directories: planned
                    .iter()
                    .map(|(path, files)| new_directory(path, files))
                    .collect(),
                vanishes: false,
                path: self.path,
            })),
        }
    }

    fn existing_directory(
        self,
        planned: BTreeMap<RepoPath, PlannedFiles<'_>>,
    ) -> Result<EnvironmentChanges, Findings> {
        let entries = self.existing.list(&self.path);
        let entries = entries
            .map_err(|kind| Findings::from(unreadable(&self.existing.name(&self.path), &kind)))?;
        let mut apps: BTreeMap<RepoPath, (bool, PlannedFiles<'_>)> =
            planned.into_iter().map(|(path, files)| (path, (false, files))).collect();
        let mut findings = Findings::new();
        let (mut leftovers, mut others) = (Vec::new(), false);
        for (name, kind) in entries {
            let path = self.path.child(&name);
            let is_directory = kind == EntryKind::Directory;
            if is_directory && is_temporary(&name) {
                leftovers.push(name);
            } else if is_directory && self.scope.covers(&path) && !name.starts_with('.') {
                apps.entry(path).or_default().0 = true;
            } else if apps.contains_key(&path) {
                findings.push(in_the_way(&self.existing.name(&path), kind));
            } else {
                others = true;
            }
        }
        let compared: Vec<_> = apps
            .into_par_iter()
            .map(|(path, (exists, files))| {
                if exists {
                    compare(self.existing, &path, &files)
                } else {
                    Ok(new_directory(&path, &files))
                }
            })
            .collect();
        let directories = gather(compared, &mut findings);
        if !findings.is_empty() {
            return Err(findings);
        }
        // An empty directory without a trace of ours is somebody else's.
        let ours = !directories.is_empty() || !leftovers.is_empty();
        let vanishes = ours
            && !others
            && self.scope.covers(&self.path)
            && directories.iter().all(|directory| directory.vanishes);
        Ok(EnvironmentChanges { path: self.path, exists: true, leftovers, directories, vanishes })
    }
}

/// The results without findings; the others' findings are added to `findings`.
fn gather<T>(results: Vec<Result<T, Findings>>, findings: &mut Findings) -> Vec<T> {
    let mut gathered = Vec::with_capacity(results.len());
    for result in results {
        match result {
            Ok(one) => gathered.push(one),
            Err(found) => findings.extend(found),
        }
    }
    gathered
}

/// The changes of a directory that does not exist yet.
fn new_directory(path: &RepoPath, files: &[(&str, &[u8])]) -> DirectoryChanges {
    DirectoryChanges {
        path: path.clone(),
        exists: false,
        changes: files.iter().map(|(name, _)| ((*name).to_owned(), FileAction::Create)).collect(),
        unchanged: 0,
        leftovers: Vec::new(),
        vanishes: false,
    }
}

/// Compares one directory with the files that should be in it.
fn compare(
    existing: &dyn Existing,
    path: &RepoPath,
    files: &[(&str, &[u8])],
) -> Result<DirectoryChanges, Findings> {
    let entries = existing
        .list(path)
        .map_err(|kind| Findings::from(unreadable(&existing.name(path), &kind)))?;
    let entries: BTreeMap<String, EntryKind> = entries.into_iter().collect();
    let comparison = Comparison { existing, path, entries: &entries };
    let mut directory = DirectoryChanges { exists: true, ..new_directory(path, &[]) };
    let mut findings = Findings::new();
    for (name, bytes) in files {
        match comparison.change_of(name, bytes) {
            Ok(Some(action)) => directory.changes.push(((*name).to_owned(), action)),
            Ok(None) => directory.unchanged += 1,
            Err(finding) => findings.push(finding),
        }
    }
    let is_planned = |name: &str| files.binary_search_by(|(known, _)| (*known).cmp(name)).is_ok();
    let mut others = false;
    for (name, kind) in entries.iter().filter(|(name, _)| !is_planned(name)) {
        match comparison.is_stale(name, *kind) {
            _ if *kind == EntryKind::File && is_temporary(name) => {
                directory.leftovers.push(name.clone());
            }
            Ok(true) => directory.changes.push((name.clone(), FileAction::Remove)),
            Ok(false) => others = true,
            Err(finding) => findings.push(finding),
        }
    }
    directory.vanishes = files.is_empty() && !others && directory.has_work();
    if findings.is_empty() { Ok(directory) } else { Err(findings) }
}

struct Comparison<'a> {
    existing: &'a dyn Existing,
    path: &'a RepoPath,
    entries: &'a BTreeMap<String, EntryKind>,
}

impl Comparison<'_> {
    /// What has to happen for `name` to hold `bytes`; none if it already does.
    fn change_of(&self, name: &str, bytes: &[u8]) -> Result<Option<FileAction>, Finding> {
        match self.entries.get(name) {
            None => return Ok(Some(FileAction::Create)),
            Some(EntryKind::File) => {}
            Some(other) => {
                return Err(in_the_way(&self.existing.name(&self.path.child(name)), *other));
            }
        }
        let found = self.head(name, bytes.len().max(HEAD) + 1)?;
        if found == bytes {
            return Ok(None);
        }
        // An empty file holds nothing that could be lost: it may be one of ours
        // after a power failure.
        if found.is_empty() || self.is_ours(name, &found)? {
            return Ok(Some(FileAction::Update));
        }
        Err(foreign(&self.existing.name(&self.path.child(name))))
    }

    /// Whether a file that should not be there is ours.
    fn is_stale(&self, name: &str, kind: EntryKind) -> Result<bool, Finding> {
        // All our files have such names, and somebody else's need not be opened.
        if kind != EntryKind::File || !(name.ends_with(MANIFEST) || name.ends_with(MARK)) {
            return Ok(false);
        }
        let head = self.head(name, HEAD)?;
        self.is_ours(name, &head)
    }

    fn is_ours(&self, name: &str, head: &[u8]) -> Result<bool, Finding> {
        if is_ours(head) {
            return Ok(true);
        }
        let mark = format!("{name}{MARK}");
        if self.entries.get(&mark) != Some(&EntryKind::File) {
            return Ok(false);
        }
        Ok(is_ours(&self.head(&mark, HEAD)?))
    }

    fn head(&self, name: &str, most: usize) -> Result<Vec<u8>, Finding> {
        let path = self.path.child(name);
        self.existing
            .head(&path, most)
            .map_err(|kind| unreadable(&self.existing.name(&path), &kind))
    }
}

/// The end of the names of all files with objects.
const MANIFEST: &str = ".yaml";

fn foreign(path: &RepoPath) -> Finding {
    let message = format!("`{path}` is not rungs', and would be overwritten");
    Finding::new(&FOREIGN_FILE, message, Location::of_path(path))
        .because("does not start with the line that says it is rendered")
        .help("move it away, or remove it if rungs should write it; nothing was written")
}
