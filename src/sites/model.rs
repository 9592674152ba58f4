//! The sites of a whole tree.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use super::adopted_model::AdoptedModel;
use super::chart::is_of_chart;
use super::native_model::NativeModel;
use super::{AppFiles, AppInstance, AppSites, LikelyImage, ModelScope, Site, StateBasis};
use crate::config::{EnvironmentName, Loaded, Repository};
use crate::diagnostic::Findings;
use crate::git::ContentFacts;
use crate::source::{RepoPath, SourceFile, Tree};

/// The sites of a tree, kept by file. The sites of another tree are found by
/// replacing the files that differ ([`Model::put`]), as history is followed.
#[derive(Debug, Clone)]
pub struct Model(Layout);

#[derive(Debug, Clone)]
enum Layout {
    Native(NativeModel),
    Adopted(Box<AdoptedModel>),
}

/// Calls the layout's own function of that name.
macro_rules! each {
    ($model:expr, $layout:ident => $call:expr) => {
        match $model {
            Layout::Native($layout) => $call,
            Layout::Adopted($layout) => $call,
        }
    };
}

impl Model {
    /// Reads the sites of a scope, and no files of others.
    pub fn of_tree(repository: &Repository, tree: &Tree, scope: &ModelScope) -> Self {
        let mut model = Self::empty(repository, scope);
        each!(&mut model.0, layout => layout.read(tree));
        model
    }

    /// As [`Model::of_tree`], of the tree that a configuration was loaded from, with at
    /// least the apps of the scope. What the configuration has read is neither read nor
    /// parsed again.
    pub fn of_loaded(loaded: &Loaded, tree: &Tree, scope: &ModelScope) -> Self {
        let mut model = Self::empty(&loaded.repository, scope);
        match &mut model.0 {
            Layout::Native(layout) => layout.take(&loaded.files),
            Layout::Adopted(layout) => layout.read(tree),
        }
        model
    }

    /// A model without files.
    pub fn empty(repository: &Repository, scope: &ModelScope) -> Self {
        Self(if repository.is_native() {
            Layout::Native(NativeModel::new(repository, scope))
        } else {
            Layout::Adopted(Box::new(AdoptedModel::new(repository, scope)))
        })
    }

    /// The environments that no file of a tree belongs to. No file is read.
    pub(super) fn unbound(repository: &Repository, tree: &Tree) -> HashSet<EnvironmentName> {
        match Self::empty(repository, &ModelScope::all()).0 {
            // The directory of each has its own file.
            Layout::Native(_) => HashSet::new(),
            Layout::Adopted(model) => model.unbound(tree),
        }
    }

    /// The apps of a tree, in whatever environment.
    pub fn apps_anywhere(repository: &Repository, tree: &Tree) -> BTreeSet<String> {
        let all = Self::of_tree(repository, tree, &ModelScope::all());
        repository.environments.iter().flat_map(|one| all.apps(&one.name)).collect()
    }

    /// The directories that would belong to environments of their names, if there were any.
    pub fn other_spellings(repository: &Repository, tree: &Tree) -> BTreeSet<String> {
        let Layout::Adopted(model) = Self::empty(repository, &ModelScope::all()).0 else {
            return BTreeSet::new();
        };
        let environments = repository.environments.iter();
        let spellings: Vec<&str> = environments.map(|one| &*one.spelling).collect();
        model.other_spellings(tree, &spellings)
    }

    /// The sites of one app in one environment alone, as [`Model::of_tree`] would find
    /// them; none if they may be in files that other apps have sites in.
    pub fn narrowed(&self, instance: &AppInstance) -> Option<Self> {
        Some(Self(match &self.0 {
            Layout::Native(layout) => Layout::Native(layout.narrowed(instance)),
            Layout::Adopted(layout) => Layout::Adopted(Box::new(layout.narrowed(instance)?)),
        }))
    }

    /// Whether [`Model::narrowed`] returns the sites of every app.
    pub fn is_narrowable(&self) -> bool {
        match &self.0 {
            Layout::Native(_) => true,
            Layout::Adopted(layout) => layout.is_narrowable(),
        }
    }

    /// The apps that may have sites in the file at a path, or depend on it, whether or not
    /// they are there now; `apps` says which apps an environment has or had. The model has
    /// to be one that can be narrowed.
    pub fn possible_instances(
        &self,
        path: &RepoPath,
        apps: &dyn Fn(&EnvironmentName) -> BTreeSet<String>,
    ) -> BTreeSet<AppInstance> {
        match &self.0 {
            Layout::Native(layout) => layout.possible_instances(path, apps),
            Layout::Adopted(layout) => layout.possible_instances(path),
        }
    }

    /// The apps that may say something else after the files at these paths change; none if
    /// those may be any, or are so many that all are read as fast.
    pub fn possible_apps(&self, paths: &[RepoPath]) -> Option<BTreeSet<String>> {
        let is_any = Cell::new(!self.is_narrowable() || self.reads_charts_at(paths));
        let all = |_: &EnvironmentName| {
            is_any.set(true);
            BTreeSet::new()
        };
        let instances = paths.iter().flat_map(|path| self.possible_instances(path, &all));
        let apps: BTreeSet<String> = instances.map(|instance| instance.app).collect();
        let is_narrow = match &self.0 {
            Layout::Native(_) => true,
            Layout::Adopted(_) => AdoptedModel::are_few(&apps),
        };
        (is_narrow && !is_any.get()).then_some(apps)
    }

    /// Whether one of these files may belong to a chart whose values are read: what those of
    /// environments mean depends on it.
    pub fn reads_charts_at(&self, paths: &[RepoPath]) -> bool {
        match &self.0 {
            Layout::Native(_) => false,
            Layout::Adopted(layout) => {
                layout.reads_charts() && paths.iter().any(|path| is_of_chart(path.name()))
            }
        }
    }

    /// What the state of an app in an environment is computed from; none if a file is not
    /// a commit's, or may have sites of other apps.
    pub fn basis(&self, instance: &AppInstance) -> Option<StateBasis> {
        let is_narrow = each!(&self.0, layout => layout.scope() == &ModelScope::of(instance));
        let narrowed = if is_narrow { None } else { Some(self.narrowed(instance)?) };
        each!(&narrowed.as_ref().unwrap_or(self).0, layout => layout.basis())
    }

    /// Replaces the file at a path, or removes it. Returns the apps whose sites
    /// may have changed.
    #[allow(clippy::needless_pass_by_value, reason = "the caller does not need the file any more")]
    pub fn put(&mut self, path: &RepoPath, file: Option<Arc<SourceFile>>) -> BTreeSet<AppInstance> {
        each!(&mut self.0, layout => layout.put(path, file.as_ref()))
    }

    /// Replaces a file by the version whose content has that name, if facts say what is in
    /// it, and returns as [`Model::put`] does. What the sites look like to people is not
    /// known then.
    pub fn put_known(
        &mut self,
        path: &RepoPath,
        content: &str,
        facts: &ContentFacts,
    ) -> Option<BTreeSet<AppInstance>> {
        match &mut self.0 {
            Layout::Native(_) => None,
            Layout::Adopted(layout) => layout.put_known(path, content, facts),
        }
    }

    /// Keeps what is in the version of a file that was put last, whose content has that
    /// name.
    pub fn keep(&self, path: &RepoPath, content: &str, facts: &ContentFacts) {
        if let Layout::Adopted(layout) = &self.0 {
            layout.keep(path, content, facts);
        }
    }

    /// The files of all apps of a tree, as far as their names tell; none if they do not, or
    /// if one is not a plain file of a commit.
    pub fn app_files(&self, tree: &Tree) -> Option<AppFiles> {
        match &self.0 {
            Layout::Native(layout) => layout.app_files(tree),
            Layout::Adopted(_) => None,
        }
    }

    /// Whether all apps of an environment share the file at that path.
    pub fn is_shared(&self, path: &RepoPath) -> bool {
        match &self.0 {
            Layout::Native(layout) => layout.is_shared(path),
            Layout::Adopted(_) => false,
        }
    }

    /// The apps with sites in the file at that path, and those that depend on it.
    pub fn affected(&self, path: &RepoPath) -> BTreeSet<AppInstance> {
        each!(&self.0, layout => layout.affected(path))
    }

    /// Paths to limit history to: no site of the scope has ever been in a file outside of
    /// these files and directories. Files that all apps of an environment share are left
    /// out if they say nothing of the scope's apps now ([`AppSites::reads_shared`]).
    pub fn paths(&self) -> Vec<RepoPath> {
        outermost(each!(&self.0, layout => layout.paths()))
    }

    /// The same paths with those of all files that apps share: an earlier version of an app
    /// may depend on them.
    pub fn all_paths(&self) -> Vec<RepoPath> {
        outermost(each!(&self.0, layout => layout.all_paths()))
    }

    /// The environments of the scope, in the repository's order.
    pub fn environments(&self) -> Vec<EnvironmentName> {
        each!(&self.0, layout => layout.environments())
    }

    /// The apps of an environment, by name.
    pub fn apps(&self, environment: &EnvironmentName) -> Vec<String> {
        each!(&self.0, layout => layout.apps(environment))
    }

    /// An app's sites in an environment; none if it is not there.
    pub fn app(&self, environment: &EnvironmentName, app: &str) -> Option<AppSites> {
        each!(&self.0, layout => layout.app(environment, app))
    }

    /// An app's sites in an environment, once these files have other texts; none if it is
    /// not there then.
    pub fn app_after(&self, instance: &AppInstance, files: &[Arc<SourceFile>]) -> Option<AppSites> {
        let mut after = self.narrowed(instance).unwrap_or_else(|| self.clone());
        for file in files {
            after.put(file.path(), Some(Arc::clone(file)));
        }
        after.app(&instance.environment, &instance.app)
    }

    /// What looks like an image in the files of an app alone, as far as their kind is to have
    /// all that they deploy, and whether it is a site. None of a native repository.
    pub fn likely_images(&self, instance: &AppInstance) -> Vec<(LikelyImage, bool)> {
        match &self.0 {
            Layout::Native(_) => Vec::new(),
            Layout::Adopted(layout) => layout.likely_images(instance),
        }
    }

    /// The sites in a file of every app in every environment, also of those that are not in
    /// the scope. Their keys are the short ones. In a native repository, where each app has
    /// files of its own, there are none of other apps to ask for.
    pub fn sites_in(&self, file: &Arc<SourceFile>) -> Vec<(AppInstance, Site)> {
        match &self.0 {
            Layout::Native(_) => Vec::new(),
            Layout::Adopted(layout) => layout.sites_in(file),
        }
    }

    /// Sites of apps that are only in files shared by several environments. They
    /// must not be changed there ([`super::Barrier::Shared`]); the finding is
    /// [`super::shared_base`]. The scope has to be everything, and the tree the
    /// one that the model was read from.
    pub fn shared(&self, tree: &Tree) -> BTreeMap<AppInstance, Vec<Site>> {
        match &self.0 {
            Layout::Native(_) => BTreeMap::new(),
            Layout::Adopted(layout) => layout.shared(tree),
        }
    }

    /// The findings that belong to no app: files of these environments that cannot be
    /// read, and rules that find nothing. The latter are only known if every app is in
    /// the scope.
    pub fn findings_of_files(&self, is_shown: impl Fn(&EnvironmentName) -> bool) -> Findings {
        match &self.0 {
            Layout::Native(layout) => layout.findings(),
            Layout::Adopted(layout) => layout.findings(is_shown),
        }
    }

    /// All findings: those that belong to no app, and those of each app.
    pub fn findings(&self) -> Findings {
        let mut findings = self.findings_of_files(|_| true);
        for environment in self.environments() {
            for app in self.apps(&environment) {
                let Some(sites) = self.app(&environment, &app) else { continue };
                findings.extend(sites.state.err().into_iter().flatten());
                findings.extend(sites.findings);
            }
        }
        findings.settled()
    }
}

/// The paths, without those below others.
fn outermost(mut paths: Vec<RepoPath>) -> Vec<RepoPath> {
    // Not by their text, which puts `a.yaml` between `a` and `a/b`.
    paths.sort_by(|a, b| a.segments().cmp(b.segments()));
    let mut kept: Vec<RepoPath> = Vec::new();
    for path in paths {
        if kept.last().is_none_or(|last| !path.is_within(last)) {
            kept.push(path);
        }
    }
    kept
}
