//! An app in the environment that is entered.

use std::rc::Rc;

use super::Request;
use super::code::APP_NOT_THERE;
use super::create::leaf;
use super::planning::Planner;
use crate::config::EnvironmentName;
use crate::diagnostic::{Finding, Findings};
use crate::sites::{AppInstance, AppSites, Model, Scope, State, shared_base};
use crate::source::Location;

/// An app in the environment that is entered.
pub(super) struct TargetState {
    pub(super) app: Rc<AppSites>,
    pub(super) state: State,
    /// Whether it is there yet.
    pub(super) exists: bool,
}

impl Planner<'_> {
    /// The app as it is in the target; where it is not there and may be made,
    /// as an empty file would make it.
    pub(super) fn target_sites_or_new(
        &self,
        request: &Request,
        app: &str,
    ) -> Result<TargetState, Findings> {
        let is_there = self.base.app(&self.target.name, app).is_some();
        if is_there || !request.permissions.create || !self.is_anywhere(app) {
            return self.target_sites(app);
        }
        if !self.base.repository.is_native() {
            let at = self.base.repository.location.clone();
            let message = format!("`{app}` cannot be made in `{}`", self.target.name);
            return Err(Finding::new(&APP_NOT_THERE, message, at)
                .because("only in a native repository is it known what an app's files are")
                .help("add its files by hand; from then on it is promoted")
                .into());
        }
        let leaf = leaf(&self.target.directory, app);
        let tree = self.base.tree.with_files([(leaf, Some(Vec::new()))].into());
        let scope = Scope::app(app, [self.target.name.clone()]);
        let model = Model::of_tree(self.base.repository, &tree, &scope);
        let made = model.app(&self.target.name, app).ok_or_else(|| {
            Findings::from(Finding::new(
                &APP_NOT_THERE,
                format!("`{app}` cannot be made in `{}`", self.target.name),
                self.target.location.clone(),
            ))
        })?;
        let state = made.state.clone()?;
        Ok(TargetState { app: Rc::new(made), state, exists: false })
    }

    /// What the app's sites are and say in the target.
    pub(super) fn target_sites(&self, app: &str) -> Result<TargetState, Findings> {
        let Some(found) = self.base.app(&self.target.name, app) else {
            return Err(self.not_there(app, &self.target.name).into());
        };
        let state = found.state.clone()?;
        Ok(TargetState { app: found, state, exists: true })
    }

    /// Whether an app is in any environment.
    pub(super) fn is_anywhere(&self, app: &str) -> bool {
        let environments = &self.base.repository.environments;
        environments.iter().any(|one| self.base.app(&one.name, app).is_some())
    }

    pub(super) fn not_there(&self, app: &str, target: &EnvironmentName) -> Finding {
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
            format!("there is no app `{app}` in `{target}`"),
            Location::of_path(&self.target.directory),
        );
        if let Some(shared) = self.shared(app) {
            return shared;
        }
        if elsewhere.is_empty() {
            // Of a few apps nothing else was read; who mistyped one waits gladly.
            let all = Model::of_tree(self.base.repository, self.base.tree, &Scope::all());
            let known = all.apps(target);
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
        let all = Model::of_tree(self.base.repository, self.base.tree, &Scope::all());
        let mut shared = all.shared(self.base.tree);
        let sites = shared.remove(&AppInstance::new(&self.target.name, app))?;
        sites.iter().find_map(shared_base)
    }
}
