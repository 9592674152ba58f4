//! What trees deploy: rendered files that they keep, or what they are rendered to.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::files::images_of_files;
use super::references::{DeployedReference, references_of};
use crate::config::Repository;
use crate::diagnostic::Findings;
use crate::rendered;
use crate::sites::AppInstance;
use crate::source::{EntryKind, FileChanges, RepoPath, Tree};
use crate::worker::{RenderRequest, Renderer, Wanted};

/// The files that a tree is rendered to, by their paths below the output directory.
pub(in crate::promote) type ExpectedFiles = BTreeMap<RepoPath, Vec<u8>>;

/// What trees deploy of apps: by their rendered files where they are kept, else by what they
/// are rendered to; nothing if an app does not render. In a repository that is not rendered, by
/// what looks like an image in their files. That of commits is remembered.
pub struct DeployedApps<'a> {
    repository: &'a Repository,
    renderer: &'a dyn Renderer,
    /// By the app and the commit.
    known: RefCell<KnownApps>,
    /// By the same, of what they are rendered to.
    rendered: RefCell<KnownApps>,
}

/// What is deployed of apps at commits.
type KnownApps = HashMap<(AppInstance, String), DeployedReferences>;

/// What is deployed of an app.
pub(in crate::promote) type DeployedReferences = Rc<BTreeSet<DeployedReference>>;

impl<'a> DeployedApps<'a> {
    /// Nothing is known yet.
    pub fn new(repository: &'a Repository, renderer: &'a dyn Renderer) -> Self {
        Self { repository, renderer, known: RefCell::default(), rendered: RefCell::default() }
    }

    pub(in crate::promote) fn renderer(&self) -> &'a dyn Renderer {
        self.renderer
    }

    /// What a tree deploys of an app.
    pub(in crate::promote) fn of(&self, tree: &Tree, instance: &AppInstance) -> DeployedReferences {
        remembered(&self.known, tree, instance, || self.find(tree, instance))
    }

    /// What an app is rendered to from a tree, whatever files it keeps.
    pub(in crate::promote) fn rendered(
        &self,
        tree: &Tree,
        instance: &AppInstance,
    ) -> DeployedReferences {
        let find = || Rc::new(references_in(&self.render(tree, instance)));
        remembered(&self.rendered, tree, instance, find)
    }

    fn render(&self, tree: &Tree, instance: &AppInstance) -> ExpectedFiles {
        render_app(self.renderer, self.repository, tree, instance).unwrap_or_default()
    }

    fn find(&self, tree: &Tree, instance: &AppInstance) -> DeployedReferences {
        if !self.repository.is_native() {
            Rc::new(images_of_files(self.repository, tree, instance))
        } else if has_output(tree, &self.repository.output) {
            Rc::new(references_in(&kept_files(tree, self.repository, instance)))
        } else {
            self.rendered(tree, instance)
        }
    }
}

/// What is known of an app in the tree of a commit, which is found once. Other trees change.
fn remembered(
    known: &RefCell<KnownApps>,
    tree: &Tree,
    instance: &AppInstance,
    find: impl FnOnce() -> DeployedReferences,
) -> DeployedReferences {
    let Some(commit) = tree.revision() else { return find() };
    let key = (instance.clone(), commit.to_owned());
    if let Some(known) = known.borrow().get(&key) {
        return Rc::clone(known);
    }
    let found = find();
    known.borrow_mut().insert(key, Rc::clone(&found));
    found
}

/// What rendered files name.
pub(in crate::promote) fn references_in<'f>(
    files: impl IntoIterator<Item = (&'f RepoPath, &'f Vec<u8>)>,
) -> BTreeSet<DeployedReference> {
    files.into_iter().flat_map(|(path, bytes)| references_of(path, bytes)).collect()
}

/// What stands at the path of a rendered file.
#[derive(PartialEq, Eq)]
pub(in crate::promote) enum KeptFile {
    Missing,
    Bytes(Vec<u8>),
    /// A link, on the way as well: what is read through it changes with another file. Or a
    /// submodule, a directory, or a file that cannot be read.
    Unreadable,
}

pub(in crate::promote) fn kept_at(tree: &Tree, path: &RepoPath) -> KeptFile {
    if obstacle_to(tree, path).is_some() {
        return KeptFile::Unreadable;
    }
    match tree.bytes_if_present(path) {
        Ok(None) => KeptFile::Missing,
        Ok(Some(bytes)) => KeptFile::Bytes(bytes),
        Err(_) => KeptFile::Unreadable,
    }
}

/// Whether rendered files are kept in a tree.
pub(in crate::promote) fn has_output(tree: &Tree, output: &RepoPath) -> bool {
    tree.has_directory(output).unwrap_or_default()
}

/// The rendered files of an app that a tree keeps.
pub(in crate::promote) fn kept_files(
    tree: &Tree,
    repository: &Repository,
    instance: &AppInstance,
) -> ExpectedFiles {
    let own = rendered::directory(&instance.environment, Some(&instance.app));
    let Ok(directory) = repository.output.join(own.as_str()) else { return ExpectedFiles::new() };
    let files = tree.walk(&directory, |_| true).unwrap_or_default().into_iter();
    let kept = files.filter_map(|path| {
        let below = RepoPath::new(path.below(&repository.output)?).ok()?;
        Some((below, tree.read_bytes(&path).ok()?))
    });
    kept.collect()
}

/// The first path on the way to a file that is a link or a submodule.
pub(in crate::promote) fn obstacle_to(tree: &Tree, path: &RepoPath) -> Option<RepoPath> {
    let mut ways: Vec<_> = std::iter::successors(Some(path.clone()), RepoPath::parent)
        .filter(|way| !way.is_root())
        .collect();
    ways.reverse();
    ways.into_iter().find(|way| {
        let entry = tree.store().entry(way).ok().flatten();
        entry.is_some_and(|entry| matches!(entry.kind(), EntryKind::Link | EntryKind::Other))
    })
}

pub(in crate::promote) fn render_app(
    renderer: &dyn Renderer,
    repository: &Repository,
    tree: &Tree,
    instance: &AppInstance,
) -> Result<ExpectedFiles, Findings> {
    let wanted =
        Wanted::App { environment: instance.environment.to_string(), app: instance.app.clone() };
    render(renderer, repository, tree, wanted)
}

pub(in crate::promote) fn render(
    renderer: &dyn Renderer,
    repository: &Repository,
    tree: &Tree,
    wanted: Wanted,
) -> Result<ExpectedFiles, Findings> {
    // The limits are those of the base, whatever a change says.
    let settings = repository.worker;
    let changes = &FileChanges::new();
    let request =
        RenderRequest { tree, changes, wanted, unused_values: false, validates: false, settings };
    let result = renderer.render(&request, &|_| ())?;
    Ok(result.files.iter().map(|(path, bytes)| (path.clone(), bytes.to_vec())).collect())
}
