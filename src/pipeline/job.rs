//! One app in one environment.

use std::sync::{Arc, OnceLock};

use super::code::NOTHING_RENDERED;
use super::watch::{RenderStep, RenderWatch};
use crate::config::{App, Environment};
use crate::diagnostic::{Finding, Findings, Subject};
use crate::kubernetes::{self, CommonMetadata, LabelSetting, Object, Scopes};
use crate::render::{ImageLocations, Input, InputImage, Template};
use crate::source::RepoPath;
use crate::yaml::Value;

/// One app in one environment, with what renders it.
pub(super) struct RenderJob<'r> {
    pub(super) environment: &'r Environment,
    pub(super) app: &'r App,
    pub(super) template: &'r Template,
    pub(super) labels: Vec<LabelSetting<'r>>,
    plain_text: OnceLock<Option<FileTexts>>,
    /// The job's number among all, by which `watch` knows it.
    pub(super) number: usize,
    watch: &'r dyn RenderWatch,
}

/// The text of each rendered file, for comparison.
type FileTexts = Vec<(RepoPath, String)>;

impl<'r> RenderJob<'r> {
    pub(super) fn new(
        environment: &'r Environment,
        app: &'r App,
        template: &'r Template,
        labels: Vec<LabelSetting<'r>>,
        (number, watch): (usize, &'r dyn RenderWatch),
    ) -> Self {
        Self { environment, app, template, labels, plain_text: OnceLock::new(), number, watch }
    }

    pub(super) fn images(&self) -> Vec<InputImage<'r>> {
        let images = self.app.images.iter().map(|(key, image)| InputImage {
            key,
            repository: &image.repository.value,
            tag: image.tag.as_ref().map(|tag| &*tag.value),
            digest: image.digest.as_ref().map(|digest| &*digest.value),
            locations: Some(ImageLocations {
                repository: &image.repository.location,
                tag: image.tag.as_ref().map(|tag| &tag.location),
                digest: image.digest.as_ref().map(|digest| &digest.location),
            }),
        });
        images.collect()
    }

    /// Calls `run`, which has an engine work, and tells the watch. What `run` is given has to
    /// be called with each file that the engine comes to.
    fn watched<T>(&self, step: RenderStep, run: impl FnOnce(&dyn Fn(&RepoPath)) -> T) -> T {
        let id = self.watch.starts(self.number, step);
        let result = run(&|file| self.watch.comes_to(id, file));
        self.watch.ends(id);
        result
    }

    /// Calls `run` with the template's input.
    fn with_input<T>(&self, run: impl FnOnce(&Input<'_>) -> T) -> T {
        self.with_other_input(&self.images(), self.app.values(), run)
    }

    /// Calls `run` with what the template's input would be for these images and
    /// values.
    fn with_other_input<T>(
        &self,
        images: &[InputImage<'_>],
        values: &Value,
        run: impl FnOnce(&Input<'_>) -> T,
    ) -> T {
        let labels: Vec<_> = self.labels.iter().map(|label| (label.key, label.value)).collect();
        run(&Input {
            app: &self.app.name,
            environment: self.environment.name.as_str(),
            namespace: &self.app.namespace.value,
            labels: &labels,
            values: values.root(),
            images,
        })
    }

    /// Renders the text for these images and values, for comparison.
    pub(super) fn render_text(
        &self,
        step: RenderStep,
        images: &[InputImage<'_>],
        values: &Value,
    ) -> Result<FileTexts, Findings> {
        self.watched(step, |visit| {
            let render = |input: &Input<'_>| self.template.render_text(input, visit);
            self.with_other_input(images, values, render)
        })
    }

    /// The text for the app's own images and values, rendered once for all
    /// comparisons; none if it does not render.
    pub(super) fn plain_text(&self, step: RenderStep) -> Option<&FileTexts> {
        let render = || self.render_text(step, &self.images(), self.app.values()).ok();
        self.plain_text.get_or_init(render).as_ref()
    }

    pub(super) fn objects(&self) -> Result<Vec<Object>, Findings> {
        self.watched(RenderStep::Objects, |visit| self.rendered_objects(visit))
    }

    fn rendered_objects(&self, visit: &dyn Fn(&RepoPath)) -> Result<Vec<Object>, Findings> {
        let documents = self.with_input(|input| self.template.render(input, visit))?;
        let mut objects = Vec::with_capacity(documents.len());
        let mut findings = Findings::new();
        let mut documents = documents.into_iter().peekable();
        while let Some(first) = documents.next() {
            let (file, origin) = (Arc::clone(&first.file), first.origin());
            let mut values = vec![first.value];
            while let Some(next) = documents.next_if(|next| Arc::ptr_eq(&next.file, &file)) {
                values.push(next.value);
            }
            let found = findings.keep(kubernetes::objects_of(values, &origin));
            objects.extend(found.into_iter().flatten());
        }
        if findings.has_errors() {
            return Err(self.explain(findings));
        }
        if objects.is_empty() { Err(self.nothing_rendered().into()) } else { Ok(objects) }
    }

    fn nothing_rendered(&self) -> Finding {
        let (app, template) = (&self.app.name, self.template.root());
        let (environment, file) = (&self.environment.name, self.app.location.path());
        let message = format!("`{app}` renders nothing in `{environment}`");
        Finding::new(&NOTHING_RENDERED, message, self.app.location.clone())
            .because(format!("every file of `{template}` comes out empty"))
            .help(format!("if `{app}` is not wanted in `{environment}`, remove `{file}`"))
    }

    /// Moves findings from text that nobody wrote to the template's lines and
    /// the values that fed them.
    fn explain(&self, findings: Findings) -> Findings {
        if findings.is_empty() {
            return findings;
        }
        self.with_input(|input| self.template.trace(input).explain(findings)).about(&self.subject())
    }

    /// The same objects, each with the template's line where it starts.
    pub(super) fn traced(&self, objects: &[&Object]) -> Vec<Object> {
        let trace = |input: &Input<'_>| {
            let trace = self.template.trace(input);
            let traced = objects.iter().map(|&object| {
                let mut object = object.clone();
                if let Some(traced) = trace.find(&object.value.root().location()) {
                    object.origin = traced.template;
                }
                object
            });
            traced.collect()
        };
        self.watched(RenderStep::Objects, |_| self.with_input(trace))
    }

    pub(super) fn set_metadata(&self, objects: &mut [Object], scopes: &Scopes) -> Findings {
        let common = CommonMetadata {
            cluster: self.environment.cluster.as_deref(),
            namespace: &self.app.namespace.value,
            namespace_location: &self.app.namespace.location,
            labels: &self.labels,
        };
        self.explained(kubernetes::set_metadata(objects, &common, scopes))
    }

    /// [`Self::explain`], and tells the watch that the app is rendered again for it.
    pub(super) fn explained(&self, findings: Findings) -> Findings {
        if findings.is_empty() {
            return findings;
        }
        self.watched(RenderStep::Objects, |_| self.explain(findings))
    }

    pub(super) fn subject(&self) -> Subject {
        Subject::app(self.environment.name.as_str(), &*self.app.name)
    }
}
