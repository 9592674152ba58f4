//! The environment that is entered, and an app in it.

use std::rc::Rc;

use super::base::Base;
use super::code::APP_NOT_THERE;
use super::create::leaf;
use crate::config::{Environment, EnvironmentName};
use crate::diagnostic::{Finding, Findings};
use crate::sites::{AppInstance, AppSites, Model, ModelScope, State, shared_base};
use crate::source::Location;

/// An app in the environment that is entered.
pub(super) struct TargetState {
    pub(super) app: Rc<AppSites>,
    pub(super) state: State,
    /// Whether it is there yet.
    pub(super) exists: bool,
}

/// An environment that is entered, at a base.
#[derive(Clone, Copy)]
pub(super) struct TargetEnvironment<'a> {
    pub(super) base: &'a Base<'a>,
    pub(super) environment: &'a Environment,
}

impl TargetEnvironment<'_> {
    /// An app as it is there; where it is not and is in another environment, as
    /// an empty file would make it.
    pub(super) fn target_sites_or_new(&self, app: &str) -> Result<TargetState, Findings> {
        let is_there = self.base.app(&self.environment.name, app).is_some();
        if is_there || !self.is_anywhere(app) {
            return self.target_sites(app);
        }
        if !self.base.repository.is_native() {
            let at = self.base.repository.location.clone();
            let message = format!("`{app}` cannot be made in `{}`", self.environment.name);
            return Err(Finding::new(&APP_NOT_THERE, message, at)
                .because("only in a native repository is it known what an app's files are")
                .help("add its files by hand; from then on it is promoted")
                .into());
        }
        let leaf = leaf(&self.environment.directory, app);
        let tree = self.base.tree.with_files([(leaf, Some(Vec::new()))].into());
        let scope = ModelScope::app(app, [self.environment.name.clone()]);
        let model = Model::of_tree(self.base.repository, &tree, &scope);
        let made = model.app(&self.environment.name, app).ok_or_else(|| {
            Findings::from(Finding::new(
                &APP_NOT_THERE,
                format!("`{app}` cannot be made in `{}`", self.environment.name),
                self.environment.location.clone(),
            ))
        })?;
        let state = made.state.clone()?;
        Ok(TargetState { app: Rc::new(made), state, exists: false })
    }

    /// What an app's sites are and say there.
    pub(super) fn target_sites(&self, app: &str) -> Result<TargetState, Findings> {
        let Some(found) = self.base.app(&self.environment.name, app) else {
            return Err(self.not_in(&self.environment.name, app).into());
        };
        let state = found.state.clone()?;
        Ok(TargetState { app: found, state, exists: true })
    }

    /// Whether an app is in any environment.
    pub(super) fn is_anywhere(&self, app: &str) -> bool {
        let environments = &self.base.repository.environments;
        environments.iter().any(|one| self.base.app(&one.name, app).is_some())
    }

    /// The finding that an app is not in an environment.
    pub(super) fn not_in(&self, environment: &EnvironmentName, app: &str) -> Finding {
        let elsewhere: Vec<_> = self
            .base
            .repository
            .environments
            .iter()
            .filter(|one| self.base.app(&one.name, app).is_some())
            .map(|one| format!("`{}`", one.name))
            .collect();
        let finding = Finding::new(
            &APP_NOT_THERE,
            format!("there is no app `{app}` in `{environment}`"),
            Location::of_path(&self.environment.directory),
        );
        if let Some(shared) = self.shared(app) {
            return shared;
        }
        if elsewhere.is_empty() {
            // Of a few apps nothing else was read; who mistyped one waits gladly.
            let all = Model::of_tree(self.base.repository, self.base.tree, &ModelScope::all());
            let known = all.apps(environment);
            let near = crate::diagnostic::nearest(app, known.iter().map(String::as_str));
            return finding.maybe_help(near.map(|near| format!("did you mean `{near}`?")));
        }
        finding
            .because(format!("it is in {}", elsewhere.join(", ")))
            .help("`rungs promote --create` makes its file")
    }

    /// The finding that what the app deploys here is said by a file that other
    /// environments use as well; none where it is not.
    pub(super) fn shared(&self, app: &str) -> Option<Finding> {
        if self.base.repository.is_native() {
            return None;
        }
        let all = Model::of_tree(self.base.repository, self.base.tree, &ModelScope::all());
        let mut shared = all.shared(self.base.tree);
        let sites = shared.remove(&AppInstance::new(&self.environment.name, app))?;
        sites.iter().find_map(shared_base)
    }
}
