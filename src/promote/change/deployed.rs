//! What a change changes in what is deployed: images that templates and settings bring, and
//! rendered files; in a repository that is not rendered, what looks like an image and is no site.

use std::collections::{BTreeMap, BTreeSet};

use super::proposed::{ChangeSide, ProposedChange};
use crate::config::{EnvironmentName, Repository};
use crate::diagnostic::{Finding, Findings, Subject};
use crate::promote::code::STALE_RENDERING;
use crate::promote::deployed::{
    DeployedReference, ExpectedFiles, KeptFile, NewReferences, has_output, is_aside, is_manifest,
    kept_at, kept_files, likely_reference, line_naming, references_in, references_of, render,
    render_app, unread_images,
};
use crate::promote::rerender::all_generated;
use crate::rendered;
use crate::sites::AppInstance;
use crate::source::{Location, RepoPath, Tree};
use crate::worker::Wanted;

/// What a change changes in what is deployed.
#[derive(Default)]
pub(super) struct DeployedChange {
    apps: BTreeMap<AppInstance, DeployedApp>,
    /// Files that are no app's, and not what a render gives.
    others: Findings,
}

/// The same, of an app in an environment.
#[derive(Default)]
pub(super) struct DeployedApp {
    /// Why it does not render after the change.
    failure: Option<Findings>,
    /// Whether it did before.
    fails_newly: bool,
    /// The files below the output directory that the change leaves different from what is
    /// rendered, with their whole paths.
    pub(super) stale: Vec<RepoPath>,
    /// What it is deployed with after the change and was not before.
    pub(super) new: NewReferences,
}

impl DeployedChange {
    /// Renders both sides, as far as the change may have changed what is rendered.
    pub(super) fn of(repository: &Repository, change: &ProposedChange<'_>) -> Self {
        let mut deployed = Self::default();
        if !repository.is_native() {
            deployed.add_unread(repository, change);
            return deployed;
        }
        let sides = RenderedSides::of(repository, change);
        deployed.apps.extend(sides.failures.into_iter().map(|(instance, failure)| {
            let (failure, fails_newly) = failure;
            (
                instance,
                DeployedApp { failure: Some(failure), fails_newly, ..DeployedApp::default() },
            )
        }));
        let changed: BTreeSet<_> = sides.before.keys().chain(sides.after.keys()).collect();
        let differ: BTreeSet<RepoPath> = changed
            .into_iter()
            .filter(|path| sides.before.get(*path) != sides.after.get(*path))
            .cloned()
            .collect();
        deployed.add_brought(repository, change, &differ, [&sides.before, &sides.after]);
        deployed.add_stale(repository, change, differ, &sides.after);
        deployed
    }

    /// What a single commit brings: by the rendered files that it alters, which operators
    /// deploy, or by rendering both sides where none are kept. Whether those are what a render
    /// gives is asked of the whole change.
    pub(super) fn of_commit(repository: &Repository, change: &ProposedChange<'_>) -> Self {
        let mut deployed = Self::default();
        if !repository.is_native() {
            deployed.add_unread(repository, change);
            return deployed;
        }
        let [before, after] = [change.before, change.after].map(|side| side.tree);
        let output = &repository.output;
        if !has_output(before, output) && !change.files.iter().all(is_aside) {
            deployed.add_rendered(repository, change);
        }
        let below = |path: &RepoPath| RepoPath::new(path.below(output)?).ok();
        let altered: BTreeSet<_> = change.files.iter().filter_map(below).collect();
        for path in &altered {
            deployed.add_foreign(repository, change, path);
        }
        deployed.add_unnamed(repository, change);
        let instances = altered.iter().filter_map(|path| app_of(repository, path));
        let instances: BTreeSet<_> = instances.collect();
        let kept = |tree| {
            let files = instances.iter().map(|one| kept_files(tree, repository, one));
            files.flatten().collect::<ExpectedFiles>()
        };
        deployed.add_brought(repository, change, &altered, [&kept(before), &kept(after)]);
        deployed
    }

    /// Adds what looks like an image in the files of apps after the change and not before, and
    /// is no site.
    fn add_unread(&mut self, repository: &Repository, change: &ProposedChange<'_>) {
        let sides = [change.before, change.after];
        let affected =
            change.files.iter().flat_map(|path| sides.map(|side| side.model.affected(path)));
        let instances: BTreeSet<AppInstance> = affected.flatten().collect();
        for instance in instances {
            let Some(environment) = repository.environment(&instance.environment) else { continue };
            let [before, after] = sides.map(|side| unread_images(side.model, &instance));
            let known = before.into_iter().map(likely_reference).collect();
            let after = after.into_iter();
            let places: BTreeMap<DeployedReference, Location> =
                after.map(|image| (likely_reference(image.clone()), image.location)).collect();
            let at =
                |one: &DeployedReference| places.get(one).unwrap_or(&environment.location).clone();
            let new = NewReferences::between(&known, &places.keys().cloned().collect(), at);
            if !new.brought.is_empty() {
                self.apps.insert(instance, DeployedApp { new, ..DeployedApp::default() });
            }
        }
    }

    /// Adds what apps are rendered to after the change and not before.
    fn add_rendered(&mut self, repository: &Repository, change: &ProposedChange<'_>) {
        for environment in &repository.environments {
            let both = [change.before, change.after].into_iter();
            let all = || both.flat_map(|side| side.model.apps(&environment.name)).collect();
            let names: BTreeSet<String> = change.apps.cloned().unwrap_or_else(all);
            for app in names {
                let instance = AppInstance::new(&environment.name, &app);
                let [before, after] = [change.before, change.after]
                    .map(|side| change.deployed.rendered(side.tree, &instance));
                let at = |one: &DeployedReference| {
                    let location = brought_by(repository, change, one);
                    location.unwrap_or_else(|| environment.location.clone())
                };
                let new = NewReferences::between(&before, &after, at);
                if !new.brought.is_empty() {
                    let app = DeployedApp { new, ..DeployedApp::default() };
                    self.apps.insert(instance, app);
                }
            }
        }
    }

    /// Adds a finding about a file below the output directory that is no app's manifest, or
    /// cannot be read as one: what it deploys between two commits is not known.
    fn add_foreign(
        &mut self,
        repository: &Repository,
        change: &ProposedChange<'_>,
        path: &RepoPath,
    ) {
        let Ok(full) = repository.output.join(path.as_str()) else { return };
        let is_known = match kept_at(change.after.tree, &full) {
            KeptFile::Missing => true,
            KeptFile::Unreadable => false,
            KeptFile::Bytes(bytes) => {
                let is_generated = path.name() != "kustomization.yaml" && is_manifest(path, &bytes);
                is_generated
                    && (app_of(repository, path).is_some()
                        || references_of(path, &bytes).is_empty())
            }
        };
        if !is_known {
            self.others.push(stale(&full));
        }
    }

    /// Adds findings about files below the output directory whose names no path can have.
    fn add_unnamed(&mut self, repository: &Repository, change: &ProposedChange<'_>) {
        let output = &repository.output;
        let within = change.unnamed.iter().filter(|path| path.is_within(output));
        self.others.extend(within.map(stale));
    }

    /// The apps that something is to be said of, whatever becomes of their sites.
    pub(super) fn apps(&self, environment: &EnvironmentName) -> impl Iterator<Item = &str> {
        let own = self.apps.iter().filter(move |(one, _)| one.environment == *environment);
        let own = own.filter(|(_, app)| {
            app.fails_newly || !app.stale.is_empty() || !app.new.brought.is_empty()
        });
        own.map(|(instance, _)| &*instance.app)
    }

    pub(super) fn app(&self, environment: &EnvironmentName, app: &str) -> Option<&DeployedApp> {
        self.apps.get(&AppInstance::new(environment, app))
    }

    /// The findings about files that are no app's.
    pub(super) fn into_others(self) -> Findings {
        self.others
    }

    fn add_brought(
        &mut self,
        repository: &Repository,
        change: &ProposedChange<'_>,
        differ: &BTreeSet<RepoPath>,
        [files_before, files_after]: [&ExpectedFiles; 2],
    ) {
        let mut differing: BTreeMap<AppInstance, Vec<&RepoPath>> = BTreeMap::new();
        for path in differ {
            if let Some(instance) = app_of(repository, path) {
                differing.entry(instance).or_default().push(path);
            }
        }
        for (instance, paths) in differing {
            let own = rendered::directory(&instance.environment, Some(&instance.app));
            let [before, after] = [files_before, files_after]
                .map(|files| references_in(files.iter().filter(|(path, _)| path.is_within(&own))));
            let names = |path: &RepoPath, one: &DeployedReference| {
                let bytes = files_after.get(path);
                bytes.is_some_and(|bytes| references_of(path, bytes).contains(one))
            };
            let at = |one: &DeployedReference| {
                brought_by(repository, change, one).unwrap_or_else(|| {
                    let path = paths.iter().find(|path| names(path, one)).unwrap_or(&paths[0]);
                    let full = repository.output.join(path.as_str());
                    Location::of_path(&full.unwrap_or_else(|_| (*path).clone()))
                })
            };
            let new = NewReferences::between(&before, &after, at);
            if !new.before.is_empty() || !new.brought.is_empty() {
                self.apps.entry(instance).or_default().new = new;
            }
        }
    }

    fn add_stale(
        &mut self,
        repository: &Repository,
        change: &ProposedChange<'_>,
        differ: BTreeSet<RepoPath>,
        expected: &ExpectedFiles,
    ) {
        let output = &repository.output;
        if !has_output(change.before.tree, output) && !has_output(change.after.tree, output) {
            return;
        }
        let below = |path: &RepoPath| RepoPath::new(path.below(output)?).ok();
        let altered = differ.into_iter().chain(change.files.iter().filter_map(below));
        for path in altered.collect::<BTreeSet<_>>() {
            let Ok(full) = output.join(path.as_str()) else { continue };
            let is_fresh = match (kept_at(change.after.tree, &full), expected.get(&path)) {
                (KeptFile::Missing, None) => true,
                (KeptFile::Bytes(bytes), Some(expected)) => bytes == *expected,
                _ => false,
            };
            let instance = app_of(repository, &path);
            let of_failing = instance.as_ref().and_then(|one| self.apps.get(one));
            let is_failing = of_failing.is_some_and(|app| app.failure.is_some());
            // Nothing is rendered of an app that fails, so that only what is edited tells.
            if is_fresh || is_failing && !change.files.contains(&full) {
                continue;
            }
            let is_app =
                |one: &AppInstance| change.after.model.app(&one.environment, &one.app).is_some();
            match instance.filter(is_app) {
                Some(instance) => self.apps.entry(instance).or_default().stale.push(full),
                None => self.others.push(stale(&full)),
            }
        }
        self.add_unnamed(repository, change);
    }
}

impl DeployedApp {
    /// Whether it renders, and its files are those of a render or those of `restored`.
    pub(super) fn check(
        &self,
        restored: Option<&Tree>,
        after: &Tree,
        subject: &Subject,
    ) -> Result<(), Findings> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let is_stale = |path: &&RepoPath| {
            restored.is_none_or(|restored| {
                let [restored, after] = [restored, after].map(|tree| kept_at(tree, path));
                after == KeptFile::Unreadable || restored != after
            })
        };
        let found: Vec<_> = self.stale.iter().filter(is_stale).collect();
        match found.first() {
            None => Ok(()),
            Some(first) => Err(stale(first).about(subject.clone()).into()),
        }
    }
}

fn stale(path: &RepoPath) -> Finding {
    let message = format!("`{path}` is not what would be rendered");
    Finding::new(&STALE_RENDERING, message, Location::of_path(path))
        .because("the change leaves it different")
        .help("run `rungs render`, and commit the result")
}

/// What both sides are rendered to, of all apps that the change may have changed.
#[derive(Default)]
struct RenderedSides {
    before: ExpectedFiles,
    after: ExpectedFiles,
    /// The apps that do not render after the change, and whether they did before.
    failures: BTreeMap<AppInstance, (Findings, bool)>,
}

impl RenderedSides {
    fn of(repository: &Repository, change: &ProposedChange<'_>) -> Self {
        let all = |side: ChangeSide<'_>| {
            let wanted = Wanted::Named { environments: Vec::new(), app: None };
            render(change.renderer, repository, side.tree, wanted)
        };
        if change.apps.is_none()
            && let (Ok(before), Ok(after)) = (all(change.before), all(change.after))
        {
            return Self { before, after, failures: BTreeMap::new() };
        }
        let mut sides = Self::default();
        for environment in &repository.environments {
            let both = [change.before, change.after].into_iter();
            let all = || both.flat_map(|side| side.model.apps(&environment.name)).collect();
            let names: BTreeSet<String> = change.apps.cloned().unwrap_or_else(all);
            for app in &names {
                sides.add(repository, change, &AppInstance::new(&environment.name, app));
            }
        }
        // What environments generate themselves follows from which apps there are.
        if let (Ok(before), Ok(after)) =
            (all_generated(change.before.tree), all_generated(change.after.tree))
        {
            sides.before.extend(before);
            sides.after.extend(after);
        }
        sides
    }

    fn add(
        &mut self,
        repository: &Repository,
        change: &ProposedChange<'_>,
        instance: &AppInstance,
    ) {
        let before = render_app(change.renderer, repository, change.before.tree, instance);
        match render_app(change.renderer, repository, change.after.tree, instance) {
            Ok(files) => self.after.extend(files),
            Err(findings) => {
                self.failures.insert(instance.clone(), (findings, before.is_ok()));
            }
        }
        self.before.extend(before.unwrap_or_default());
    }
}

/// The app that a file below the output directory belongs to.
fn app_of(repository: &Repository, path: &RepoPath) -> Option<AppInstance> {
    repository.environments.iter().find_map(|environment| {
        let own = rendered::directory(&environment.name, None);
        let rest = path.below(&own.parent()?)?;
        let (app, _) = rest.split_once('/')?;
        let is_app = own.name() != app;
        rendered::name_of(app)
            .filter(|_| is_app)
            .map(|app| AppInstance::new(&environment.name, &app))
    })
}

/// The line of a changed file that names what it brings.
fn brought_by(
    repository: &Repository,
    change: &ProposedChange<'_>,
    reference: &DeployedReference,
) -> Option<Location> {
    let sources = change.files.iter().filter(|path| !path.is_within(&repository.output));
    let files: Vec<_> = sources.filter_map(|path| change.after.tree.read(path).ok()).collect();
    line_naming(&files, reference)
}
