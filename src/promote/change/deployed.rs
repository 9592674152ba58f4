//! What a change of a native repository changes in what is deployed: images that templates
//! and settings bring, and rendered files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::lost::{Unexplained, obstacle_to};
use super::proposed::{ChangeSide, ProposedChange};
use crate::config::{EnvironmentName, Repository};
use crate::diagnostic::{Finding, Findings, Subject};
use crate::kubernetes::ImageReference;
use crate::promote::code::STALE_RENDERING;
use crate::promote::rerender::all_generated;
use crate::rendered;
use crate::sites::{AppInstance, SiteValue, State};
use crate::source::{FileChanges, Location, RepoPath, SourceFile, Tree};
use crate::worker::{RenderRequest, Wanted};
use crate::yaml::{self, Dialect, Node};

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
    /// The images that the change brings, each with a line that brought it.
    pub(super) images: Vec<(ImageReference, Location)>,
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
        deployed.add_images(repository, change, &differ, [&sides.before, &sides.after]);
        deployed.add_stale(repository, change, differ, &sides.after);
        deployed
    }

    /// The apps that something is to be said of, whatever becomes of their sites.
    pub(super) fn apps(&self, environment: &EnvironmentName) -> impl Iterator<Item = &str> {
        let own = self.apps.iter().filter(move |(one, _)| one.environment == *environment);
        let own = own
            .filter(|(_, app)| app.fails_newly || !app.stale.is_empty() || !app.images.is_empty());
        own.map(|(instance, _)| &*instance.app)
    }

    pub(super) fn app(&self, environment: &EnvironmentName, app: &str) -> Option<&DeployedApp> {
        self.apps.get(&AppInstance::new(environment, app))
    }

    /// The findings about files that are no app's.
    pub(super) fn into_others(self) -> Findings {
        self.others
    }

    fn add_images(
        &mut self,
        repository: &Repository,
        change: &ProposedChange<'_>,
        differ: &BTreeSet<RepoPath>,
        [before, after]: [&ExpectedFiles; 2],
    ) {
        let of_app = |path: &RepoPath| app_of(repository, path);
        let mut known: BTreeMap<AppInstance, BTreeSet<String>> = BTreeMap::new();
        for path in differ {
            let (Some(instance), Some(bytes)) = (of_app(path), after.get(path)) else { continue };
            let images = images_of(path, bytes);
            if images.is_empty() {
                continue;
            }
            let known = known.entry(instance.clone()).or_insert_with(|| {
                let own = rendered::directory(&instance.environment, Some(&instance.app));
                let files = before.iter().filter(|(path, _)| path.is_within(&own));
                files.flat_map(|(path, bytes)| images_of(path, bytes)).collect()
            });
            for image in images {
                if known.insert(image.clone())
                    && let Ok(reference) = ImageReference::parse(&image)
                {
                    let location =
                        brought_by(repository, change, &reference).unwrap_or_else(|| {
                            let full = repository.output.join(path.as_str());
                            Location::of_path(&full.unwrap_or_else(|_| path.clone()))
                        });
                    self.apps
                        .entry(instance.clone())
                        .or_default()
                        .images
                        .push((reference, location));
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
        let has_output = |tree: &Tree| tree.has_directory(output).unwrap_or_default();
        if !has_output(change.before.tree) && !has_output(change.after.tree) {
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

    /// The images that nothing explains: neither a judged state, nor an environment directly
    /// below, nor an exception of the base.
    pub(super) fn unexplained(
        &self,
        state: Option<&State>,
        is_allowed: impl Fn(&ImageReference) -> bool,
    ) -> Vec<Unexplained> {
        let is_judged = |image: &ImageReference| {
            state.iter().flat_map(|state| state.iter()).any(|(_, value)| is_of(value, image))
        };
        let new = self.images.iter().filter(|(image, _)| !is_judged(image) && !is_allowed(image));
        let unexplained = new.map(|(image, location)| Unexplained {
            reason: format!(
                "`{image}` is deployed then, which no site and no environment directly below has; \
                 pin the template, so that it is promoted, or name the image in `image: {{ unordered }}`"
            ),
            location: location.clone(),
        });
        unexplained.collect()
    }
}

/// Whether a site's value is deployed as that image. A template may leave its digest out.
fn is_of(value: &SiteValue, image: &ImageReference) -> bool {
    let SiteValue::Image(parts) = value else { return false };
    let repository = parts.repository.as_deref().map(crate::kubernetes::full_repository);
    let digest = image.digest.as_ref().map(crate::kubernetes::Digest::as_str);
    repository == Some(image.full_repository())
        && if digest.is_some() { parts.digest.as_deref() == digest } else { parts.tag == image.tag }
}

fn stale(path: &RepoPath) -> Finding {
    let message = format!("`{path}` is not what would be rendered");
    Finding::new(&STALE_RENDERING, message, Location::of_path(path))
        .because("the change leaves it different")
        .help("run `rungs render`, and commit the result")
}

/// The images that an environment deploys of an app, before a change.
pub(super) fn images_before(
    change: &ProposedChange<'_>,
    repository: &Repository,
    instance: &AppInstance,
) -> BTreeSet<String> {
    let files = render_app(change, repository, change.before, instance).unwrap_or_default();
    files.iter().flat_map(|(path, bytes)| images_of(path, bytes)).collect()
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
        let all = |side| {
            render(change, repository, side, Wanted::Named { environments: Vec::new(), app: None })
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
        let before = render_app(change, repository, change.before, instance);
        match render_app(change, repository, change.after, instance) {
            Ok(files) => self.after.extend(files),
            Err(findings) => {
                self.failures.insert(instance.clone(), (findings, before.is_ok()));
            }
        }
        self.before.extend(before.unwrap_or_default());
    }
}

fn render_app(
    change: &ProposedChange<'_>,
    repository: &Repository,
    side: ChangeSide<'_>,
    instance: &AppInstance,
) -> Result<ExpectedFiles, Findings> {
    let wanted =
        Wanted::App { environment: instance.environment.to_string(), app: instance.app.clone() };
    render(change, repository, side, wanted)
}

fn render(
    change: &ProposedChange<'_>,
    repository: &Repository,
    side: ChangeSide<'_>,
    wanted: Wanted,
) -> Result<ExpectedFiles, Findings> {
    // The limits are those of the base, whatever a change says.
    let settings = repository.worker;
    let changes = &FileChanges::new();
    let request =
        RenderRequest { tree: side.tree, changes, wanted, unused_values: false, settings };
    let result = change.renderer.render(&request, &|_| ())?;
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

/// The images that a rendered file names: what stands at a key `image`, or at one that ends
/// so and looks like a reference.
fn images_of(path: &RepoPath, bytes: &[u8]) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let file = Arc::new(SourceFile::new(path.clone(), text));
    let Ok(documents) = yaml::parse(&file, Dialect::Kubectl) else { return BTreeSet::new() };
    let mut images = BTreeSet::new();
    let mut pending: Vec<Node<'_>> = documents.iter().map(|document| document.root()).collect();
    while let Some(node) = pending.pop() {
        pending.extend(node.items());
        for (key, value) in node.entries() {
            let is_image = key.text() == "image";
            match value.as_str() {
                Some(text)
                    if is_image
                        || key.text().ends_with("Image") && text.contains([':', '/', '@']) =>
                {
                    if ImageReference::parse(text).is_ok() {
                        images.insert(text.to_owned());
                    }
                }
                _ => pending.push(value),
            }
        }
    }
    images
}

/// The line of a changed file that names an image.
fn brought_by(
    repository: &Repository,
    change: &ProposedChange<'_>,
    image: &ImageReference,
) -> Option<Location> {
    let whole = image.to_string();
    let name = image.repository();
    let sources = change.files.iter().filter(|path| !path.is_within(&repository.output));
    let files: Vec<_> = sources.filter_map(|path| change.after.tree.read(path).ok()).collect();
    [&*whole, &*name, image.name()].into_iter().find_map(|text| {
        files.iter().find_map(|file| {
            let line = (1..).zip(file.text().lines()).find(|(_, line)| line.contains(text));
            line.map(|(number, _)| Location::new(file, file.line(number)))
        })
    })
}
