//! The sites of a native repository.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use super::files::{ParsedFile, ParsedFiles};
use super::native_app::{find, moves_together, promotes};
use super::{AppFiles, AppInstance, AppSites, Barrier, ModelScope, StateBasis};
use crate::config::{EnvironmentName, Layer, ReadFile, Repository, RuleSeverity};
use crate::diagnostic::{Finding, Findings};
use crate::source::{ReadErrorKind, RepoPath, SourceFile, Tree};
use crate::yaml::Value;

/// The layers' names in each directory: the environment's, then the app's own.
const SHARED: &str = "environment.yaml";
const ROOT: &str = "environments";

/// The apps that each directory is asked for, rather than what it has: a listing of
/// thousands of files takes as long.
const FEW: usize = 16;

/// Files below `environments/`.
#[derive(Debug, Clone)]
pub(super) struct NativeModel {
    environments: Box<[EnvironmentDirectory]>,
    scope: ModelScope,
    files: ParsedFiles,
    findings: Findings,
}

/// An environment's directory.
#[derive(Debug, Clone)]
struct EnvironmentDirectory {
    name: EnvironmentName,
    directory: RepoPath,
    /// The directories from `environments/` to its own.
    chain: Vec<RepoPath>,
    unpinned: Option<RuleSeverity>,
}

impl NativeModel {
    pub(super) fn new(repository: &Repository, scope: &ModelScope) -> Self {
        let wanted = repository.environments.iter().filter(|one| scope.has_environment(&one.name));
        let environments = wanted.map(|environment| {
            let ways = std::iter::successors(Some(environment.directory.clone()), RepoPath::parent);
            let mut chain: Vec<_> = ways.take_while(|path| !path.is_root()).collect();
            chain.reverse();
            let rules = repository.policies.of(environment.tier);
            EnvironmentDirectory {
                name: environment.name.clone(),
                directory: environment.directory.clone(),
                chain,
                unpinned: rules.unpinned.as_ref().map(|severity| severity.value),
            }
        });
        let environments = environments.collect();
        Self {
            environments,
            scope: scope.clone(),
            files: ParsedFiles::default(),
            findings: Findings::new(),
        }
    }

    pub(super) fn read(&mut self, tree: &Tree) {
        let mut above: BTreeMap<&RepoPath, BTreeSet<String>> = BTreeMap::new();
        for leaf in &self.environments {
            let apps = match &self.scope.apps {
                Some(apps) if apps.len() <= FEW => apps.clone(),
                _ => {
                    let mut apps = listed(tree, &leaf.directory, &mut self.findings);
                    apps.retain(|app| self.scope.has_app(app));
                    apps
                }
            };
            read_layer(&mut self.files, tree, &leaf.directory, &apps);
            note_missing(&mut self.files, tree, &leaf.directory, &apps);
            for directory in leaf.chain.iter().filter(|directory| **directory != leaf.directory) {
                above.entry(directory).or_default().extend(apps.iter().cloned());
            }
        }
        for (directory, mut apps) in above {
            if apps.len() > FEW {
                retain_present(tree, directory, &mut apps);
            }
            read_layer(&mut self.files, tree, directory, &apps);
        }
    }

    pub(super) fn narrowed(&self, instance: &AppInstance) -> Self {
        let environments = self.environments.iter().filter(|one| one.name == instance.environment);
        let environments: Box<[_]> = environments.cloned().collect();
        let name = file_of(&instance.app);
        let directories = environments.iter().flat_map(|leaf| &leaf.chain);
        let paths = directories.flat_map(|directory| {
            directory.child_named(&name).into_iter().chain([directory.child(SHARED)])
        });
        Self {
            files: self.files.only(paths),
            environments,
            scope: ModelScope::of(instance),
            findings: Findings::new(),
        }
    }

    pub(super) fn possible_instances(
        &self,
        path: &RepoPath,
        apps: &dyn Fn(&EnvironmentName) -> BTreeSet<String>,
    ) -> BTreeSet<AppInstance> {
        let instances = self.leaves_of(path).flat_map(|leaf| {
            let own = || BTreeSet::from([path.stem().to_owned()]);
            let apps = if path.name() == SHARED { apps(&leaf.name) } else { own() };
            apps.into_iter().map(|app| AppInstance::new(&leaf.name, &app))
        });
        instances.collect()
    }

    /// The environments that a file belongs to, if it is one that would be read.
    fn leaves_of(&self, path: &RepoPath) -> impl Iterator<Item = &EnvironmentDirectory> {
        let directory = path.parent().filter(|_| self.concerns(path));
        let leaves = self.environments.iter();
        leaves.filter(move |leaf| directory.as_ref().is_some_and(|one| leaf.chain.contains(one)))
    }

    pub(super) fn scope(&self) -> &ModelScope {
        &self.scope
    }

    /// What the state of the only app of the scope is computed from.
    pub(super) fn basis(&self) -> Option<StateBasis> {
        let leaf = self.environments.first()?;
        let apps = self.scope.apps.iter().flatten();
        let reading =
            format!("native {} {apps:?}", leaf.directory, apps = apps.collect::<Vec<_>>());
        Some(StateBasis { reading, files: self.files.contents()?, shared: Some(SHARED) })
    }

    /// Takes the files that the configuration was loaded from, which are all that there
    /// are.
    pub(super) fn take(&mut self, files: &[ReadFile]) {
        for file in files {
            if self.concerns(&file.path) {
                self.files.take(file);
            }
        }
    }

    pub(super) fn put(
        &mut self,
        path: &RepoPath,
        file: Option<&Arc<SourceFile>>,
    ) -> BTreeSet<AppInstance> {
        if !self.concerns(path) || !self.files.put(path, file.cloned()) {
            return BTreeSet::new();
        }
        self.affected(path)
    }

    pub(super) fn app_files(&self, tree: &Tree) -> Option<AppFiles> {
        let directories = self.environments.iter().flat_map(|leaf| &leaf.chain);
        let directories: BTreeSet<&RepoPath> = directories.collect();
        let mut files = AppFiles::default();
        for leaf in &self.environments {
            let chain = leaf.chain.iter().map(|one| (one.clone(), one.child(SHARED)));
            files.chains.insert(leaf.directory.clone(), chain.collect());
        }
        for directory in directories {
            for (name, content) in tree.contents(directory)? {
                let path = directory.child_named(&name)?;
                if name == SHARED {
                    files.shared.push((path, content));
                } else if let Some(app) = app_of(&name) {
                    files.own.entry(app.to_owned()).or_default().push((path, content));
                }
            }
        }
        // Where no environment has it, there is no app.
        let AppFiles { own, chains, .. } = &mut files;
        let is_leaf = |path: &RepoPath| path.parent().is_some_and(|one| chains.contains_key(&one));
        own.retain(|_, own| own.iter().any(|(path, _)| is_leaf(path)));
        Some(files)
    }

    pub(super) fn is_shared(&self, path: &RepoPath) -> bool {
        path.name() == SHARED && self.concerns(path)
    }

    fn concerns(&self, path: &RepoPath) -> bool {
        let (directory, name) = path.split();
        let is_wanted =
            name == SHARED || name.strip_suffix(".yaml").is_some_and(|app| self.scope.has_app(app));
        let mut directories = self.environments.iter().flat_map(|leaf| &leaf.chain);
        is_wanted && directories.any(|one| one.as_str() == directory)
    }

    pub(super) fn affected(&self, path: &RepoPath) -> BTreeSet<AppInstance> {
        let instances = self.leaves_of(path).flat_map(|leaf| {
            let is_own = || path.parent().as_ref() == Some(&leaf.directory);
            let apps = if path.name() == SHARED {
                self.apps(&leaf.name)
            } else if is_own() || self.has(leaf, path.stem()) {
                vec![path.stem().to_owned()]
            } else {
                Vec::new()
            };
            apps.into_iter().map(|app| AppInstance::new(&leaf.name, &app))
        });
        instances.collect()
    }

    /// Where apps are not named, those that were there once count, too, and
    /// their files may stand in every directory above.
    pub(super) fn paths(&self) -> Vec<RepoPath> {
        self.paths_with(self.promotes_values())
    }

    pub(super) fn all_paths(&self) -> Vec<RepoPath> {
        self.paths_with(true)
    }

    fn paths_with(&self, promotes_values: bool) -> Vec<RepoPath> {
        let Some(apps) = &self.scope.apps else { return vec![RepoPath::root().child(ROOT)] };
        let directories = self.environments.iter().flat_map(|leaf| &leaf.chain);
        let files = directories.flat_map(|directory| {
            let own = apps.iter().filter_map(|app| directory.child_named(&file_of(app)));
            own.chain(promotes_values.then(|| directory.child(SHARED)))
        });
        files.collect()
    }

    /// Whether an app that is asked about promotes values, which the files that
    /// all apps share may say; of a model without files nobody knows.
    fn promotes_values(&self) -> bool {
        let mut is_empty = true;
        for leaf in &self.environments {
            for app in self.apps(&leaf.name) {
                is_empty = false;
                if promotes(&self.layers(leaf, &file_of(&app), false, &mut Findings::new())) {
                    return true;
                }
            }
        }
        is_empty
    }

    pub(super) fn environments(&self) -> Vec<EnvironmentName> {
        self.environments.iter().map(|leaf| leaf.name.clone()).collect()
    }

    pub(super) fn apps(&self, environment: &EnvironmentName) -> Vec<String> {
        let Some(leaf) = self.leaf(environment) else { return Vec::new() };
        let apps = self.files.in_directory(&leaf.directory).filter_map(app_of);
        let mut apps: Vec<_> =
            apps.filter(|app| self.scope.has_app(app)).map(str::to_owned).collect();
        apps.sort_unstable();
        apps
    }

    pub(super) fn app(&self, environment: &EnvironmentName, app: &str) -> Option<AppSites> {
        let leaf = self.leaf(environment)?;
        let name = file_of(app);
        let own = self.files.get_in(&leaf.directory, &name)?;
        let mut blocking = Findings::new();
        let mut layers = self.layers(leaf, &name, false, &mut blocking);
        let reads_shared = promotes(&layers);
        if reads_shared {
            blocking = Findings::new();
            layers = self.layers(leaf, &name, true, &mut blocking);
        }
        let mut sites = Vec::new();
        if blocking.is_empty() {
            let root = own.documents().ok().and_then(|documents| documents.first());
            sites = find(&own.file, root.map(Value::root), &layers);
        }
        if let Some(barrier) = self.barrier(leaf, &name, own.file.path()) {
            for site in &mut sites {
                site.barrier = Some(barrier.clone());
            }
        }
        let found = AppSites::new(environment, app, sites, blocking, leaf.unpinned);
        Some(AppSites { reads_shared, moves_together: moves_together(&layers), ..found })
    }

    /// What keeps an app's file, which was read by its `name` in a directory, from being
    /// changed: it is the file of other environments as well, or behind a link.
    fn barrier(&self, leaf: &EnvironmentDirectory, name: &str, file: &RepoPath) -> Option<Barrier> {
        if self.files.are_without_links() {
            return None;
        }
        let leads_there = |leaf: &&EnvironmentDirectory| {
            let parsed = self.files.get_in(&leaf.directory, name);
            parsed.is_some_and(|parsed| parsed.file.path() == file)
        };
        let environments: Vec<_> = self.environments.iter().filter(leads_there).collect();
        if environments.len() > 1 {
            let names = environments.iter().map(|leaf| leaf.name.clone());
            return Some(Barrier::Shared(names.collect()));
        }
        (file.split() != (leaf.directory.as_str(), name))
            .then(|| Barrier::Link(leaf.directory.child(name)))
    }

    /// The layers of the app whose files have that name, outermost first; those that the
    /// environment's apps share only where they matter, since a file that cannot be read
    /// blocks.
    fn layers<'m>(
        &'m self,
        leaf: &EnvironmentDirectory,
        name: &str,
        with_shared: bool,
        blocking: &mut Findings,
    ) -> Vec<Layer<'m>> {
        let mut layers = Vec::new();
        for directory in &leaf.chain {
            let shared = with_shared.then(|| self.files.get_in(directory, SHARED)).flatten();
            let own = self.files.get_in(directory, name);
            layers.extend(shared.and_then(|file| layer(file, false, blocking)));
            layers.extend(own.and_then(|file| layer(file, true, blocking)));
        }
        layers
    }

    pub(super) fn findings(&self) -> Findings {
        self.findings.clone()
    }

    fn leaf(&self, environment: &EnvironmentName) -> Option<&EnvironmentDirectory> {
        self.environments.iter().find(|leaf| leaf.name == *environment)
    }

    fn has(&self, leaf: &EnvironmentDirectory, app: &str) -> bool {
        self.files.get_in(&leaf.directory, &file_of(app)).is_some()
    }
}

/// The name of an app's files.
fn file_of(app: &str) -> String {
    format!("{app}.yaml")
}

/// The app whose files have that name.
fn app_of(name: &str) -> Option<&str> {
    let app = name.strip_suffix(".yaml")?;
    (name != SHARED && !app.is_empty() && !app.starts_with('.')).then_some(app)
}

/// The names of a directory's apps.
fn listed(tree: &Tree, directory: &RepoPath, findings: &mut Findings) -> BTreeSet<String> {
    match tree.names(directory) {
        Ok(names) => {
            let files = names.iter().filter(|entry| !entry.is_directory);
            files.filter_map(|entry| app_of(&entry.name)).map(str::to_owned).collect()
        }
        Err(error) if matches!(error.kind, ReadErrorKind::Missing) => BTreeSet::new(),
        Err(error) => {
            findings.push(Finding::of_read_error(&error, None));
            BTreeSet::new()
        }
    }
}

/// Reads the files that a directory has for these apps, and the one that all share.
fn read_layer(files: &mut ParsedFiles, tree: &Tree, directory: &RepoPath, apps: &BTreeSet<String>) {
    let own = apps.iter().filter_map(|app| directory.child_named(&file_of(app)));
    for path in own.chain([directory.child(SHARED)]) {
        files.read(tree, &path);
    }
}

/// Notes the apps whose files are listed and are not there: links that lead nowhere.
fn note_missing(
    files: &mut ParsedFiles,
    tree: &Tree,
    directory: &RepoPath,
    apps: &BTreeSet<String>,
) {
    let own = apps.iter().filter_map(|app| directory.child_named(&file_of(app)));
    let missing: Vec<RepoPath> = own.filter(|path| files.get(path).is_none()).collect();
    if missing.is_empty() {
        return;
    }
    // What cannot be listed has a finding of its own, where every app is read.
    let listed: BTreeSet<String> = listed(tree, directory, &mut Findings::new());
    for path in missing.iter().filter(|path| listed.contains(path.stem())) {
        files.miss(path);
    }
}

/// Leaves out the apps without a file in a directory: in those above the
/// environments most apps have none, and to ask for each of thousands takes longer
/// than one listing. In one that cannot be listed, each is asked for.
fn retain_present(tree: &Tree, directory: &RepoPath, apps: &mut BTreeSet<String>) {
    if let Ok(names) = tree.names(directory) {
        let there: HashSet<_> = names.iter().map(|entry| entry.name.as_str()).collect();
        apps.retain(|app| there.contains(file_of(app).as_str()));
    }
}

/// A file as a layer, where it says anything; one that cannot be read is found
/// instead. Of several documents the first counts, as the others never did.
fn layer<'a>(
    file: &'a Arc<ParsedFile>,
    is_own: bool,
    blocking: &mut Findings,
) -> Option<Layer<'a>> {
    match file.documents() {
        Ok(documents) => Some(Layer { root: documents.first()?.root(), is_own }),
        Err(findings) => {
            blocking.extend(findings.iter().cloned());
            None
        }
    }
}
