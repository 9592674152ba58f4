//! The environment that is entered, and an app in it.

use std::rc::Rc;

use super::base::Base;
use super::code::APP_NOT_THERE;
use super::create::leaf;
use crate::config::{Environment, EnvironmentName};
use crate::diagnostic::{Finding, Findings, Severity};
use crate::sites::{AppInstance, AppSites, Model, ModelScope, State, shared_base};
use crate::source::Location;

/// An app in the environment that is entered.
pub(super) struct TargetState {
    pub(super) app: Rc<AppSites>,
    pub(super) state: State,
    /// Whether the environment has the app already.
    pub(super) exists: bool,
}

/// The environment that is entered, at a base.
#[derive(Clone, Copy)]
pub(super) struct TargetEnvironment<'a> {
    pub(super) base: &'a Base<'a>,
    pub(super) environment: &'a Environment,
}

impl TargetEnvironment<'_> {
    /// An app's sites and state there. If only other environments have the app, those
    /// that an empty file would give it.
    pub(super) fn target_sites_or_new(&self, app: &str) -> Result<TargetState, Findings> {
        let exists = self.base.app(&self.environment.name, app).is_some();
        if exists || !self.is_anywhere(app) {
            return self.target_sites(app);
        }
        if !self.base.repository.is_native() {
            let at = self.base.repository.location.clone();
            let message = format!("`{app}` cannot be created in `{}`", self.environment.name);
            return Err(Finding::new(&APP_NOT_THERE, message, at)
                .because("what an app's files are is known only in a native repository")
                .help("add its files by hand; it can be promoted from then on")
                .into());
        }
        let leaf = leaf(&self.environment.directory, app);
        let tree = self.base.tree.with_files([(leaf, Some(Vec::new()))].into());
        let scope = ModelScope::app(app, [self.environment.name.clone()]);
        let model = Model::of_tree(self.base.repository, &tree, &scope);
        let created = model.app(&self.environment.name, app).ok_or_else(|| {
            Findings::from(Finding::new(
                &APP_NOT_THERE,
                format!("`{app}` cannot be created in `{}`", self.environment.name),
                self.environment.location.clone(),
            ))
        })?;
        let state = created.state.clone()?;
        Ok(TargetState { app: Rc::new(created), state, exists: false })
    }

    /// An app's sites and state there.
    pub(super) fn target_sites(&self, app: &str) -> Result<TargetState, Findings> {
        let Some(found) = self.base.app(&self.environment.name, app) else {
            return Err(self.not_in(&self.environment.name, app).into());
        };
        let state = found.state.clone()?;
        Ok(TargetState { app: found, state, exists: true })
    }

    /// Whether any environment has an app.
    pub(super) fn is_anywhere(&self, app: &str) -> bool {
        let environments = &self.base.repository.environments;
        environments.iter().any(|one| self.base.app(&one.name, app).is_some())
    }

    /// The finding that an environment does not have an app.
    pub(super) fn not_in(&self, environment: &EnvironmentName, app: &str) -> Finding {
        let finding = Finding::new(
            &APP_NOT_THERE,
            format!("there is no app `{app}` in `{environment}`"),
            Location::of_path(&self.environment.directory),
        );
        if let Some(shared) = self.shared(app) {
            return shared;
        }
        // Where no app has a file, the configuration is wrong, and not the app's name.
        if self.base.commit.is_some()
            && let Some(unbound) = self.base.unbound.finding(&self.environment.name)
        {
            return unbound;
        }
        let elsewhere: Vec<_> = self
            .base
            .repository
            .environments
            .iter()
            .filter(|one| self.base.app(&one.name, app).is_some())
            .map(|one| format!("`{}`", one.name))
            .collect();
        if elsewhere.is_empty() {
            // Only the named apps were read. After a typing error the time is well spent.
            let known = self.base.apps_anywhere().iter().map(String::as_str);
            if self.base.commit.is_some() {
                return self.base.repository.unknown_app(app, known);
            }
            // The files of a sparse work tree are not all there.
            let near = crate::diagnostic::nearest(app, known);
            return finding.maybe_help(near.map(|near| format!("did you mean `{near}`?")));
        }
        finding.because(format!("it is in {}", elsewhere.join(", "))).help(self.adding())
    }

    /// How an app that other environments have gets here.
    fn adding(&self) -> &'static str {
        match (self.base.repository.is_native(), &self.base.commit) {
            (true, _) => "`rungs promote --create` creates its file",
            (false, Some(_)) => "add its files by hand; it can be promoted from then on",
            // The files of a sparse work tree are not all there.
            (false, None) => "check out its files if git has them, or add them by hand",
        }
    }

    /// The refusal because a file that other environments use as well says what the app
    /// deploys here; none if that is not so.
    pub(super) fn shared(&self, app: &str) -> Option<Finding> {
        if self.base.repository.is_native() {
            return None;
        }
        let sites = self.base.shared(&AppInstance::new(&self.environment.name, app));
        let finding = sites.iter().find_map(shared_base)?;
        Some(Finding { severity: Severity::Error, ..finding })
    }
}
