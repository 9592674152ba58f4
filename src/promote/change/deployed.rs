//! What a change of a native repository changes in what is deployed: images that templates
//! and settings bring, and rendered files.

use std::collections::{BTreeMap, BTreeSet};

use super::lost::obstacle_to;
use super::proposed::{ChangeSide, ProposedChange};
use super::references::{DeployedReference, references_of};
use crate::config::{EnvironmentName, Repository};
use crate::diagnostic::{Finding, Findings, Subject};
use crate::promote::code::STALE_RENDERING;
use crate::promote::rerender::all_generated;
use crate::rendered;
use crate::sites::AppInstance;
use crate::source::{FileChanges, Location, RepoPath, Tree};
use crate::worker::{RenderRequest, Renderer, Wanted};

/// The files that a tree is rendered to, by their paths below the output directory.
type ExpectedFiles = BTreeMap<RepoPath, Vec<u8>>;

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
    /// What the change brings, each with a line that brought it.
    pub(super) brought: Vec<(DeployedReference, Location)>,
}

impl DeployedChange {
    /// Renders both sides, as far as the change may have changed what is rendered.
    pub(super) fn of(repository: &Repository, change: &ProposedChange<'_>) -> Self {
        let mut deployed = Self::default();
        if !repository.is_native() {
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
            return deployed;
        }
        let [before, after] = [change.before, change.after].map(|side| side.tree);
        let output = &repository.output;
        if !has_output(before, output) && !has_output(after, output) {
            let whole = Self::of(repository, change);
            let brought = whole.apps.into_iter().filter(|(_, app)| !app.brought.is_empty());
            deployed.apps.extend(brought.map(|(instance, app)| {
                (instance, DeployedApp { brought: app.brought, ..DeployedApp::default() })
            }));
            return deployed;
        }
        let below = |path: &RepoPath| RepoPath::new(path.below(output)?).ok();
        let altered: BTreeSet<_> = change.files.iter().filter_map(below).collect();
        let instances = altered.iter().filter_map(|path| app_of(repository, path));
        let instances: BTreeSet<_> = instances.collect();
        let kept = |tree| {
            let files = instances.iter().map(|one| kept_files(tree, repository, one));
            files.flatten().collect::<ExpectedFiles>()
        };
        deployed.add_brought(repository, change, &altered, [&kept(before), &kept(after)]);
        deployed
    }

    /// The apps that something is to be said of, whatever becomes of their sites.
    pub(super) fn apps(&self, environment: &EnvironmentName) -> impl Iterator<Item = &str> {
        let own = self.apps.iter().filter(move |(one, _)| one.environment == *environment);
        let own = own
            .filter(|(_, app)| app.fails_newly || !app.stale.is_empty() || !app.brought.is_empty());
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
        [before, after]: [&ExpectedFiles; 2],
    ) {
        let mut known: BTreeMap<AppInstance, BTreeSet<DeployedReference>> = BTreeMap::new();
        for path in differ {
            let Some(instance) = app_of(repository, path) else { continue };
            let references = after.get(path).map(|bytes| references_of(path, bytes));
            let Some(references) = references.filter(|found| !found.is_empty()) else { continue };
            let known = known.entry(instance.clone()).or_insert_with(|| {
                let own = rendered::directory(&instance.environment, Some(&instance.app));
                let files = before.iter().filter(|(path, _)| path.is_within(&own));
                files.flat_map(|(path, bytes)| references_of(path, bytes)).collect()
            });
            for reference in references {
                if known.insert(reference.clone()) {
                    let location =
                        brought_by(repository, change, &reference).unwrap_or_else(|| {
                            let full = repository.output.join(path.as_str());
                            Location::of_path(&full.unwrap_or_else(|_| path.clone()))
                        });
                    let app = self.apps.entry(instance.clone()).or_default();
                    app.brought.push((reference, location));
                }
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
            // What is read through a link changes with another file.
            let actual = match obstacle_to(change.after.tree, &full) {
                None => change.after.tree.bytes_if_present(&full).ok().flatten(),
                Some(_) => None,
            };
            let instance = app_of(repository, &path);
            let of_failing = instance.as_ref().and_then(|one| self.apps.get(one));
            if actual.as_ref() == expected.get(&path)
                || of_failing.is_some_and(|app| app.failure.is_some())
            {
                continue;
            }
            match instance {
                Some(instance) => self.apps.entry(instance).or_default().stale.push(full),
                None => self.others.push(stale(&full)),
            }
        }
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
        let bytes = |tree: &Tree, path: &RepoPath| tree.bytes_if_present(path).ok();
        let is_stale = |path: &&RepoPath| {
            restored.is_none_or(|restored| bytes(restored, path) != bytes(after, path))
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

/// What a tree deploys of an app: by its rendered files where they are kept, else by what it
/// is rendered to; none if it does not render.
pub(super) fn deployed_in(
    tree: &Tree,
    repository: &Repository,
    renderer: &dyn Renderer,
    instance: &AppInstance,
) -> Option<BTreeSet<DeployedReference>> {
    let files = if has_output(tree, &repository.output) {
        kept_files(tree, repository, instance)
    } else {
        render_app(renderer, repository, tree, instance).ok()?
    };
    Some(files.iter().flat_map(|(path, bytes)| references_of(path, bytes)).collect())
}

/// Whether rendered files are kept in a tree.
pub(super) fn has_output(tree: &Tree, output: &RepoPath) -> bool {
    tree.has_directory(output).unwrap_or_default()
}

/// The rendered files of an app that a tree keeps.
fn kept_files(tree: &Tree, repository: &Repository, instance: &AppInstance) -> ExpectedFiles {
    let own = rendered::directory(&instance.environment, Some(&instance.app));
    let Ok(directory) = repository.output.join(own.as_str()) else { return ExpectedFiles::new() };
    let files = tree.walk(&directory, |_| true).unwrap_or_default().into_iter();
    let kept = files.filter_map(|path| {
        let below = RepoPath::new(path.below(&repository.output)?).ok()?;
        Some((below, tree.read_bytes(&path).ok()?))
    });
    kept.collect()
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

fn render_app(
    renderer: &dyn Renderer,
    repository: &Repository,
    tree: &Tree,
    instance: &AppInstance,
) -> Result<ExpectedFiles, Findings> {
    let wanted =
        Wanted::App { environment: instance.environment.to_string(), app: instance.app.clone() };
    render(renderer, repository, tree, wanted)
}

fn render(
    renderer: &dyn Renderer,
    repository: &Repository,
    tree: &Tree,
    wanted: Wanted,
) -> Result<ExpectedFiles, Findings> {
    // The limits are those of the base, whatever a change says.
    let settings = repository.worker;
    let changes = &FileChanges::new();
    let request = RenderRequest { tree, changes, wanted, unused_values: false, settings };
    let result = renderer.render(&request, &|_| ())?;
    Ok(result.files.iter().map(|(path, bytes)| (path.clone(), bytes.to_vec())).collect())
}

/// The app that a file below the output directory belongs to.
fn app_of(repository: &Repository, path: &RepoPath) -> Option<AppInstance> {
    repository.environments.iter().find_map(|environment| {
        let own = rendered::directory(&environment.name, None);
        let rest = path.below(&own.parent()?)?;
        let (app, _) = rest.split_once('/')?;
        (own.name() != app).then(|| AppInstance::new(&environment.name, app))
    })
}

/// The line of a changed file that names what it brings.
fn brought_by(
    repository: &Repository,
    change: &ProposedChange<'_>,
    (key, value): &DeployedReference,
) -> Option<Location> {
    let whole = value.to_string();
    let name = key.name().rsplit('/').next().unwrap_or_default();
    let sources = change.files.iter().filter(|path| !path.is_within(&repository.output));
    let files: Vec<_> = sources.filter_map(|path| change.after.tree.read(path).ok()).collect();
    [&*whole, key.name(), name].into_iter().filter(|text| !text.is_empty()).find_map(|text| {
        files.iter().find_map(|file| {
            let line = (1..).zip(file.text().lines()).find(|(_, line)| line.contains(text));
            line.map(|(number, _)| Location::new(file, file.line(number)))
        })
    })
}
