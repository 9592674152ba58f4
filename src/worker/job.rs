//! A job of the worker, done where it is called: in the worker's process, or in a test's.

use std::collections::{BTreeSet, HashSet};
use std::mem;

use serde::{Deserialize, Serialize};

use super::renderer::{RenderProgress, RenderRequest, RenderResult, Renderer, Wanted};
use crate::config::{self, Environment, Loaded, Repository};
use crate::diagnostic::Findings;
use crate::pipeline::{
    self, LeftOutApp, RenderSelection, RenderStep, RenderWatch, UnusedSearch, Unwatched,
};
use crate::rendered::RenderedFiles;
use crate::source::{RepoPath, Tree};

/// What the worker is asked to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum WorkerJob {
    /// Render manifests.
    Render(RenderTask),
}

/// An app that is rendered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct WorkerApp {
    /// The environment's name.
    pub(super) environment: String,
    /// The app's name.
    pub(super) app: String,
    /// The template's directory.
    pub(super) template: RepoPath,
    /// The app's own file, which says which template it is.
    pub(super) file: RepoPath,
}

/// What is to be rendered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RenderTask {
    /// The environments and apps.
    pub(super) wanted: Wanted,
    /// What has to have an effect.
    unused: UnusedSearch,
    /// Whether to validate the objects.
    validates: bool,
    /// Whether it stands for the whole repository, although only an app of it is rendered.
    stands_for_all: bool,
    /// Apps that are left out.
    pub(super) without: BTreeSet<LeftOutApp>,
    /// Whether each step of an engine is reported at once: when the worker is asked, it may
    /// be dead.
    pub(super) tells_at_once: bool,
}

/// Renders in this process, without any limit: for input that is trusted.
#[derive(Debug, Clone, Copy, Default)]
pub struct InProcess;

impl Renderer for InProcess {
    fn render(
        &self,
        request: &RenderRequest<'_>,
        _progress: &dyn Fn(RenderProgress),
    ) -> Result<RenderResult, Findings> {
        RenderTask::of(request).run(&request.changed_tree(), &Unwatched)
    }
}

impl RenderTask {
    /// The job that a request asks for.
    pub(super) fn of(request: &RenderRequest<'_>) -> Self {
        Self {
            wanted: request.wanted.clone(),
            unused: if request.unused_values {
                UnusedSearch::ImagesAndValues
            } else {
                UnusedSearch::Images
            },
            validates: request.validates,
            stands_for_all: false,
            without: BTreeSet::new(),
            tells_at_once: matches!(request.wanted, Wanted::App { .. }),
        }
    }

    /// The part of the same job that is about one app, and that an engine was at. Whether an
    /// image or a value has an effect depends on the app's other environments too.
    pub(super) fn only(&self, app: &WorkerApp, step: Option<RenderStep>) -> Self {
        let (environment, app) = (app.environment.clone(), app.app.clone());
        let is_effect = matches!(step, Some(RenderStep::Images | RenderStep::Values));
        let wanted = match &self.wanted {
            Wanted::Named { environments, .. } if is_effect => {
                Wanted::Named { environments: environments.clone(), app: Some(app) }
            }
            Wanted::Named { .. } | Wanted::App { .. } => Wanted::App { environment, app },
        };
        Self {
            wanted,
            unused: match step {
                None | Some(RenderStep::Template | RenderStep::Objects) => UnusedSearch::Nothing,
                Some(RenderStep::Images) => UnusedSearch::Images,
                Some(RenderStep::Values) => UnusedSearch::ImagesAndValues,
            },
            validates: false,
            stands_for_all: matches!(self.wanted, Wanted::Named { app: None, .. }),
            without: self.without.clone(),
            tells_at_once: true,
        }
    }

    /// Loads the settings and renders.
    ///
    /// # Errors
    ///
    /// The problems of all settings; or those of all apps, with the warnings about
    /// settings.
    pub(super) fn run(
        &self,
        tree: &Tree,
        watch: &dyn RenderWatch,
    ) -> Result<RenderResult, Findings> {
        match &self.wanted {
            Wanted::Named { environments, app } => {
                let Loaded { repository, mut warnings, .. } = config::load(tree)?;
                let selection = self.named(&repository, environments, app.as_deref());
                let result = selection.and_then(|one| render(tree, &repository, &one, watch));
                match result {
                    Ok(result) => {
                        warnings.extend(result.findings);
                        Ok(RenderResult { findings: warnings, ..result })
                    }
                    Err(mut findings) => {
                        findings.extend(warnings);
                        Err(findings)
                    }
                }
            }
            Wanted::App { environment, app } => {
                let loaded = config::load_apps(tree, &BTreeSet::from([app.clone()]))?;
                let environments = &loaded.repository.environments;
                let environment = environments.iter().find(|one| one.name.as_str() == environment);
                let has = |one: &&Environment| one.apps.iter().any(|it| it.name == *app);
                let Some(environment) = environment.filter(has) else {
                    return Ok(RenderResult::default());
                };
                let selection = self.selection(vec![environment], Some(app));
                render(tree, &loaded.repository, &selection, watch)
            }
        }
    }

    /// The part of a repository that a person named. Each environment is rendered once,
    /// however often it is named, in the repository's order.
    fn named<'r>(
        &'r self,
        repository: &'r Repository,
        names: &[String],
        app: Option<&'r str>,
    ) -> Result<RenderSelection<'r>, Findings> {
        let mut environments: Vec<_> = repository.environments.iter().collect();
        if !names.is_empty() {
            let found = names.iter().map(|name| repository.find_environment(name));
            let wanted = found.map(|found| found.map(|one| &one.name));
            let wanted = wanted.collect::<Result<HashSet<_>, _>>()?;
            environments.retain(|one| wanted.contains(&one.name));
        }
        let selection = self.selection(environments, app);
        let Some(app) = app else { return Ok(selection) };
        let has = |one: &&Environment| one.apps.iter().any(|it| it.name == app);
        if !selection.environments.iter().any(has) {
            let first = names.first().map(String::as_str);
            let first = first.or(repository.environments.first().map(|one| one.name.as_str()));
            repository.find_app(first.unwrap_or_default(), app)?;
        }
        Ok(selection)
    }

    fn selection<'r>(
        &'r self,
        environments: Vec<&'r Environment>,
        app: Option<&'r str>,
    ) -> RenderSelection<'r> {
        RenderSelection {
            environments,
            app,
            without: &self.without,
            unused: self.unused,
            validates: self.validates,
            stands_for_all: self.stands_for_all,
        }
    }
}

fn render(
    tree: &Tree,
    repository: &Repository,
    selection: &RenderSelection<'_>,
    watch: &dyn RenderWatch,
) -> Result<RenderResult, Findings> {
    let mut rendering = pipeline::render(tree, repository, selection, watch)?;
    let findings = mem::take(&mut rendering.findings);
    let files = RenderedFiles::of_rendering(&rendering)?;
    let environments = rendering.environments.iter().map(|one| one.name.clone()).collect();
    if selection.app.is_none() {
        // Giving back hundreds of thousands of nodes one by one would take a twentieth of
        // the run, and whoever renders that much ends soon.
        mem::forget(rendering);
    }
    Ok(RenderResult { environments, files, findings })
}
