//! From a configured repository to the objects of its environments.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::config::{App, Environment, EnvironmentName, Repository, TemplateRef};
use crate::diagnostic::{Finding, Findings, Subject};
use crate::kubernetes::{self, LabelSetting, Object, ObjectId, ObjectSet, Scopes};
use crate::namespaces::Namespaces;
use crate::render::Template;
use crate::source::{RepoPath, Tree};

mod code;
mod effect;
mod job;
mod judged;
mod watch;

pub use code::CODES;

pub use watch::{RenderStep, RenderWatch, Unwatched, WatchedApp};

use job::RenderJob;

/// The names of an app's environment and of the app.
pub type LeftOutApp = (String, String);

/// Whether to look for what has no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum UnusedSearch {
    /// No.
    Nothing,
    /// For images, which takes another render for each app.
    Images,
    /// For values as well, which takes a render for each of them.
    ImagesAndValues,
}

/// What to render.
#[derive(Debug, Clone)]
pub struct RenderSelection<'r> {
    /// The environments, in this order.
    pub environments: Vec<&'r Environment>,
    /// The name of the only app to render, without the environment's own
    /// objects; none for all apps.
    pub app: Option<&'r str>,
    /// Apps that are left out.
    pub without: &'r BTreeSet<LeftOutApp>,
    /// What has to have an effect.
    pub unused: UnusedSearch,
    /// Whether the objects are validated. What is wrong with them does not stop rendering.
    pub validates: bool,
    /// Whether it stands for the whole repository, although only an app of it is
    /// rendered.
    pub stands_for_all: bool,
}

impl<'r> RenderSelection<'r> {
    /// The selected apps of an environment.
    pub fn apps(&self, environment: &'r Environment) -> impl Iterator<Item = &'r App> {
        let Self { app: only, without, .. } = *self;
        let is_left_out = move |app: &App| {
            let is_it =
                |(at, name): &LeftOutApp| at == environment.name.as_str() && *name == app.name;
            // Hardly ever is one left out.
            without.iter().any(is_it)
        };
        let apps = environment.apps.iter();
        apps.filter(move |app| only.is_none_or(|name| name == app.name) && !is_left_out(app))
    }

    /// The selected apps of all environments, each with its environment. An app's place in
    /// this order is its number to a [`RenderWatch`].
    fn all_apps(&self) -> impl Iterator<Item = (&'r Environment, &'r App)> {
        let environments = self.environments.iter();
        environments
            .flat_map(|&environment| self.apps(environment).map(move |app| (environment, app)))
    }
}

/// The objects of the selected environments.
#[derive(Debug)]
pub struct Rendering {
    /// Each environment, in the selection's order.
    pub environments: Vec<RenderedEnvironment>,
    /// Findings that did not stop the rendering: warnings, and whatever validation found.
    pub findings: Findings,
}

/// The objects of an environment.
#[derive(Debug)]
pub struct RenderedEnvironment {
    /// Its name.
    pub name: EnvironmentName,
    /// The environment's own objects; empty if only one app is rendered.
    pub own: ObjectSet,
    /// Its apps, by name.
    pub apps: Vec<RenderedApp>,
}

/// The objects of an app in one environment.
#[derive(Debug)]
pub struct RenderedApp {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its objects.
    pub objects: ObjectSet,
}

/// Renders the selection, and tells `watch` how that goes on.
///
/// The problems of all apps are returned together.
pub fn render(
    tree: &Tree,
    repository: &Repository,
    selection: &RenderSelection<'_>,
    watch: &dyn RenderWatch,
) -> Result<Rendering, Findings> {
    begin(selection, watch);
    let templates = load_templates(tree, selection, watch)?;
    let jobs = jobs(selection, &templates, watch);
    let rendered = render_apps(&jobs)?;
    let kept = kept_definitions(tree)?;
    let scopes = scopes(&kept, &rendered);
    let mut findings = Findings::new();
    let apps = set_app_metadata(&jobs, rendered, &scopes, &mut findings);
    let own = own_objects(repository, selection, &mut findings);
    findings.extend(clashes(&jobs, &apps, &selection.environments, &own));
    // Of what only an app that is left out uses, nothing is known.
    let every_environment = selection.environments.len() == repository.environments.len()
        && selection.without.is_empty();
    if selection.unused != UnusedSearch::Nothing {
        findings.extend(effect::unused_images(&jobs, every_environment));
    }
    if selection.unused == UnusedSearch::ImagesAndValues {
        let is_whole = every_environment && (selection.app.is_none() || selection.stands_for_all);
        findings.extend(effect::unused_values(&jobs, is_whole));
    }
    if findings.has_errors() {
        return Err(findings);
    }
    if selection.validates {
        findings = judged::without_unknown_kinds(findings);
        findings.extend(judged::judged(&selection.environments, &jobs, &apps, &own, &kept));
    }
    let environments = gather(selection, &jobs, apps, own)?;
    Ok(Rendering { environments, findings })
}

/// Tells `watch` which apps will be rendered.
fn begin(selection: &RenderSelection<'_>, watch: &dyn RenderWatch) {
    let apps = selection.all_apps();
    let apps: Vec<_> = apps.map(|(at, app)| (at, app, template_directory(&app.template))).collect();
    let watched = apps.iter().map(|(environment, app, template)| WatchedApp {
        environment: environment.name.as_str(),
        app: &app.name,
        template,
        file: app.location.path(),
    });
    watch.begins(&watched.collect::<Vec<_>>());
}

/// Loads each template once. To the watch, that is work for the first app that has it.
fn load_templates<'r>(
    tree: &Tree,
    selection: &RenderSelection<'r>,
    watch: &dyn RenderWatch,
) -> Result<HashMap<TemplateKey<'r>, Template>, Findings> {
    let mut references: BTreeMap<TemplateKey<'_>, (usize, &TemplateRef)> = BTreeMap::new();
    for (number, (_, app)) in selection.all_apps().enumerate() {
        references.entry(template_key(&app.template)).or_insert((number, &app.template));
    }
    let mut templates = HashMap::with_capacity(references.len());
    let mut findings = Findings::new();
    for (key, (number, reference)) in references {
        let id = watch.starts(number, RenderStep::Template);
        let loaded = load_template(tree, reference);
        watch.ends(id);
        templates.extend(findings.keep(loaded).map(|made| (key, made)));
    }
    if findings.is_empty() { Ok(templates) } else { Err(findings) }
}

/// A template's name and the revision it is read from.
type TemplateKey<'r> = (&'r str, Option<&'r str>);

fn template_key(reference: &TemplateRef) -> TemplateKey<'_> {
    (&reference.name, reference.pin.as_deref())
}

fn template_directory(reference: &TemplateRef) -> RepoPath {
    RepoPath::root().child("templates").child(&reference.name)
}

fn load_template(tree: &Tree, reference: &TemplateRef) -> Result<Template, Findings> {
    let root = template_directory(reference);
    let Some(pin) = &reference.pin else { return Template::load(tree, &root) };
    let pinned = tree
        .at(pin)
        .map_err(|error| Finding::of_revision_error(&error, Some(&reference.location)))?;
    Template::load(&pinned, &root)
}

fn jobs<'r>(
    selection: &RenderSelection<'r>,
    templates: &'r HashMap<TemplateKey<'r>, Template>,
    watch: &'r dyn RenderWatch,
) -> Vec<RenderJob<'r>> {
    let apps = selection.all_apps().enumerate();
    let jobs = apps.map(|(number, (environment, app))| {
        let configured = app.labels.iter().map(|(key, label)| LabelSetting {
            key,
            value: &label.value,
            location: &label.location,
        });
        let labels = kubernetes::labels(configured, Some(&app.name), &app.location);
        let template = &templates[&template_key(&app.template)];
        RenderJob::new(environment, app, template, labels, (number, watch))
    });
    jobs.collect()
}

fn render_apps(jobs: &[RenderJob<'_>]) -> Result<Vec<Vec<Object>>, Findings> {
    let objects =
        |job: &RenderJob<'_>| job.objects().map_err(|findings| findings.about(&job.subject()));
    let results: Vec<_> = jobs.par_iter().map(objects).collect();
    let mut objects = Vec::with_capacity(jobs.len());
    let mut findings = Findings::new();
    for result in results {
        objects.extend(findings.keep(result));
    }
    if findings.is_empty() { Ok(objects) } else { Err(findings) }
}

/// The scopes of Kubernetes' own kinds, of those in `schemas/crds/`, and of
/// those that the repository itself deploys.
fn scopes(kept: &[Object], rendered: &[Vec<Object>]) -> Scopes {
    let mut scopes = Scopes::built_in();
    scopes.learn(kept);
    for objects in rendered {
        scopes.learn(objects);
    }
    scopes
}

/// The definitions that the repository keeps in `schemas/crds/`.
fn kept_definitions(tree: &Tree) -> Result<Vec<Object>, Findings> {
    kubernetes::read_definitions(tree, &RepoPath::root().child("schemas").child("crds"))
}

fn set_app_metadata(
    jobs: &[RenderJob<'_>],
    mut rendered: Vec<Vec<Object>>,
    scopes: &Scopes,
    findings: &mut Findings,
) -> Vec<Vec<Object>> {
    let found = jobs
        .par_iter()
        .zip(&mut rendered)
        .map(|(job, objects)| job.set_metadata(objects, scopes).about(&job.subject()));
    for found in found.collect::<Vec<_>>() {
        findings.extend(found);
    }
    rendered
}

/// Each environment's own objects, in the selection's order.
fn own_objects(
    repository: &Repository,
    selection: &RenderSelection<'_>,
    findings: &mut Findings,
) -> Vec<Vec<Object>> {
    if selection.app.is_some() {
        return selection.environments.iter().map(|_| Vec::new()).collect();
    }
    let namespaces = Namespaces::of(&repository.environments);
    findings.extend(namespaces.conflicts(&selection.environments));
    selection.environments.iter().map(|environment| namespaces.generate(environment)).collect()
}

/// A finding for each object that more than one app or environment has.
fn clashes(
    jobs: &[RenderJob<'_>],
    apps: &[Vec<Object>],
    environments: &[&Environment],
    own: &[Vec<Object>],
) -> Findings {
    let mut count: HashMap<&ObjectId, usize> = HashMap::new();
    for object in apps.iter().chain(own).flatten() {
        *count.entry(&object.id).or_default() += 1;
    }
    let is_again = |object: &&Object| count[&object.id] > 1;
    let of_apps = jobs.iter().zip(apps).flat_map(|(job, objects)| {
        let again: Vec<_> = objects.iter().filter(is_again).collect();
        let again = if again.is_empty() { Vec::new() } else { job.traced(&again) };
        again.into_iter().map(|object| (job.subject(), object))
    });
    let of_environments = environments.iter().zip(own).flat_map(|(environment, objects)| {
        let subject = Subject { environment: environment.name.as_str().to_owned(), app: None };
        let again = objects.iter().filter(is_again).cloned();
        again.map(move |object| (subject.clone(), object))
    });
    kubernetes::clashes(of_apps.chain(of_environments))
}

fn gather(
    selection: &RenderSelection<'_>,
    jobs: &[RenderJob<'_>],
    apps: Vec<Vec<Object>>,
    own: Vec<Vec<Object>>,
) -> Result<Vec<RenderedEnvironment>, Findings> {
    let mut apps = jobs.iter().zip(apps).peekable();
    let mut environments = Vec::with_capacity(selection.environments.len());
    for (&environment, own) in selection.environments.iter().zip(own) {
        let mut rendered = Vec::new();
        while let Some((job, objects)) =
            apps.next_if(|(job, _)| std::ptr::eq(job.environment, environment))
        {
            rendered.push(RenderedApp {
                name: job.app.name.clone(),
                namespace: job.app.namespace.value.clone(),
                objects: ObjectSet::of(objects)?,
            });
        }
        let own = ObjectSet::of(own)?;
        environments.push(RenderedEnvironment {
            name: environment.name.clone(),
            own,
            apps: rendered,
        });
    }
    Ok(environments)
}

#[cfg(test)]
mod tests;
