//! What a change brings besides what sites say, and how long environments have deployed it.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::deployed::{deployed_in, has_output};
use super::possible_apps::possible_apps;
use super::references::DeployedReference;
use crate::config::EnvironmentName;
use crate::git::{BranchStep, HistoryError};
use crate::history::Since;
use crate::promote::base::Base;
use crate::promote::gates::{BroughtReference, BroughtReferences};
use crate::rendered;
use crate::sites::{AppInstance, Model, ModelScope};
use crate::source::{RepoPath, Tree};
use crate::worker::Renderer;

/// The most old commits of which an app is rendered, to find out since when it deploys
/// something.
const MOST_RENDERED: usize = 100;

/// What an app is deployed with besides what its sites say.
pub(super) struct BroughtByApp<'a> {
    pub(super) base: &'a Base<'a>,
    pub(super) renderer: &'a dyn Renderer,
    pub(super) app: &'a str,
    pub(super) brought: Vec<BroughtReference>,
    /// What each tree that was looked at deploys in an environment: by its commit, or none
    /// for the base.
    known: RefCell<HashMap<(EnvironmentName, Option<String>), Deployed>>,
}

/// What is deployed of an app in an environment.
type Deployed = Rc<BTreeSet<DeployedReference>>;

impl<'a> BroughtByApp<'a> {
    pub(super) fn new(
        base: &'a Base<'a>,
        renderer: &'a dyn Renderer,
        app: &'a str,
        brought: Vec<BroughtReference>,
    ) -> Self {
        Self { base, renderer, app, brought, known: RefCell::default() }
    }

    /// What an environment deploys of the app at a commit, or at the base.
    fn deployed(&self, environment: &EnvironmentName, commit: Option<&str>) -> Deployed {
        let key = (environment.clone(), commit.map(str::to_owned));
        if let Some(known) = self.known.borrow().get(&key) {
            return Rc::clone(known);
        }
        let instance = AppInstance::new(environment, self.app);
        let deployed =
            |tree: &Tree| deployed_in(tree, self.base.repository, self.renderer, &instance);
        let found = match commit {
            None => deployed(self.base.tree),
            Some(commit) => self.base.tree.at(commit).ok().and_then(|tree| deployed(&tree)),
        };
        let found = Rc::new(found.unwrap_or_default());
        self.known.borrow_mut().insert(key, Rc::clone(&found));
        found
    }

    /// Whether a commit may have changed what the app is deployed with.
    fn concerns(&self, step: &BranchStep) -> bool {
        let paths: Vec<_> = step.changes.iter().map(|change| change.path.clone()).collect();
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
        let wanted = (reference.key.clone(), reference.value.clone());
        self.deployed(environment, None).contains(&wanted)
    }

    fn deployed_since(
        &self,
        environment: &EnvironmentName,
        reference: &BroughtReference,
        is_enough: &dyn Fn(&Since) -> bool,
    ) -> Result<Option<Since>, HistoryError> {
        if !self.is_deployed(environment, reference) {
            return Ok(None);
        }
        let wanted = (reference.key.clone(), reference.value.clone());
        let Base { repository, history, now, .. } = self.base;
        let output = &repository.output;
        let is_kept = has_output(self.base.tree, output);
        // Where rendered files are kept, they say what was deployed.
        let path = if is_kept {
            let own = rendered::directory(environment, Some(self.app));
            output.join(own.as_str()).map_err(|_| too_many())?
        } else {
            RepoPath::root()
        };
        let mut rendered = 0;
        for step in history.steps(&path) {
            let step = match step {
                Err(HistoryError::Shallow { fetch }) => return Ok(Some(Since::Unknown { fetch })),
                step => step?,
            };
            if !is_kept && !self.concerns(&step) {
                continue;
            }
            let since = history.since(&step.id, step.at, *now)?;
            let Some(before) = step.before.filter(|_| !is_enough(&since)) else {
                return Ok(Some(since));
            };
            rendered += usize::from(!is_kept);
            if rendered > MOST_RENDERED {
                return Err(too_many());
            }
            if !self.deployed(environment, Some(before.as_str())).contains(&wanted) {
                return Ok(Some(since));
            }
        }
        Err(HistoryError::Failed("no commit brought it".to_owned()))
    }
}

fn too_many() -> HistoryError {
    let why = format!("more than {MOST_RENDERED} commits may have changed it");
    HistoryError::Failed(why)
}
