//! What a change brings besides what sites say, and how long environments have deployed it.

use super::apps::{DeployedApps, has_output};
use super::possible_apps::{is_aside, possible_apps};
use crate::config::EnvironmentName;
use crate::git::{BranchStep, HistoryError, ObjectName};
use crate::history::Since;
use crate::promote::arrival::ArrivingState;
use crate::promote::base::Base;
use crate::promote::gates::words::history as history_reason;
use crate::promote::gates::{BroughtReference, BroughtReferences};
use crate::rendered;
use crate::sites::{AppInstance, Model, ModelScope, SiteValue};
use crate::source::{RepoPath, Tree};

/// The most old commits of which an app is rendered, to find out since when it deploys
/// something: some ten seconds.
const MOST_RENDERED: usize = 500;

/// What an app is deployed with besides what its sites say.
pub(in crate::promote) struct BroughtByApp<'a> {
    pub(in crate::promote) base: &'a Base<'a>,
    pub(in crate::promote) deployed: &'a DeployedApps<'a>,
    pub(in crate::promote) app: &'a str,
    pub(in crate::promote) brought: Vec<BroughtReference>,
}

impl BroughtByApp<'_> {
    /// Leaves out what was deployed when the target had what is restored.
    pub(in crate::promote) fn leave_restored(&mut self, restored: &ArrivingState<'_>) {
        if self.brought.is_empty() {
            return;
        }
        let last = restored.tenure_in_target().ok().flatten().and_then(|tenure| tenure.last);
        let tree = last.and_then(|last| self.base.tree.at(last.as_str()).ok());
        let Some(tree) = tree else { return };
        let instance = AppInstance::new(&restored.target.name, self.app);
        let deployed = self.deployed.of(&tree, &instance);
        self.brought.retain(|one| !deployed.contains(&(one.key.clone(), one.value.clone())));
    }

    /// Whether an environment deploys a reference at a commit.
    fn is_deployed_in(
        &self,
        tree: &Tree,
        environment: &EnvironmentName,
        reference: &BroughtReference,
    ) -> bool {
        let instance = AppInstance::new(environment, self.app);
        let deployed = self.deployed.of(tree, &instance);
        deployed.contains(&(reference.key.clone(), reference.value.clone()))
            || deployed.iter().any(|(_, value)| self.is_mirrored(value, &reference.value))
    }

    /// Whether two images are one, of a repository and a mirror of it.
    fn is_mirrored(&self, one: &SiteValue, other: &SiteValue) -> bool {
        let has_repository = |value: &SiteValue| matches!(value, SiteValue::Image(image) if image.repository.is_some());
        has_repository(one)
            && has_repository(other)
            && one.deploys_same(other, &self.base.repository.mirrors)
    }

    fn is_deployed_at(
        &self,
        commit: &ObjectName,
        environment: &EnvironmentName,
        reference: &BroughtReference,
    ) -> bool {
        let tree = self.base.tree.at(commit.as_str());
        tree.is_ok_and(|tree| self.is_deployed_in(&tree, environment, reference))
    }

    /// Whether a commit may have changed what the app is deployed with.
    fn concerns(&self, step: &BranchStep) -> bool {
        let paths = step.changes.iter().map(|change| &change.path);
        let paths: Vec<_> = paths.filter(|path| !is_aside(path)).cloned().collect();
        let model = Model::empty(self.base.repository, &ModelScope::all());
        possible_apps(self.base.repository, &model, &paths)
            .is_none_or(|apps| apps.contains(self.app))
    }
}

impl BroughtReferences for BroughtByApp<'_> {
    fn all(&self) -> &[BroughtReference] {
        &self.brought
    }

    fn is_deployed(&self, environment: &EnvironmentName, reference: &BroughtReference) -> bool {
        self.is_deployed_in(self.base.tree, environment, reference)
    }

    fn deployed_since(
        &self,
        environment: &EnvironmentName,
        reference: &BroughtReference,
        is_enough: &dyn Fn(&Since) -> bool,
    ) -> Result<Option<Since>, String> {
        if !self.is_deployed(environment, reference) {
            return Ok(None);
        }
        let Base { repository, history, now, .. } = self.base;
        let output = &repository.output;
        let is_kept = repository.is_native() && has_output(self.base.tree, output);
        // Where rendered files are kept, they say what was deployed.
        let path = if is_kept {
            let own = rendered::directory(environment, Some(self.app));
            output.join(own.as_str()).map_err(|error| error.to_string())?
        } else {
            RepoPath::root()
        };
        let mut rendered = 0;
        // The newest commit since the last one that was looked at which hardly matters.
        let mut aside: Option<BranchStep> = None;
        for step in history.steps(&path) {
            let step = match step {
                Err(HistoryError::Shallow { fetch }) => return Ok(Some(Since::Unknown { fetch })),
                Err(error) => return Err(history_reason(&error)),
                Ok(step) => step,
            };
            if !is_kept && !self.concerns(&step) {
                aside.get_or_insert(step);
                continue;
            }
            let since = |step: &BranchStep| history.since(&step.id, step.at, *now);
            let failed = |error: HistoryError| history_reason(&error);
            if let Some(aside) = aside.take()
                && !self.is_deployed_at(&step.id, environment, reference)
            {
                return Ok(Some(since(&aside).map_err(failed)?));
            }
            let since = since(&step).map_err(failed)?;
            let Some(before) = step.before.filter(|_| !is_enough(&since)) else {
                return Ok(Some(since));
            };
            rendered += usize::from(!is_kept);
            if rendered > MOST_RENDERED {
                return Err(format!("more than {MOST_RENDERED} commits may have changed it"));
            }
            if !self.is_deployed_at(&before, environment, reference) {
                return Ok(Some(since));
            }
        }
        Err("no commit brought it".to_owned())
    }
}
