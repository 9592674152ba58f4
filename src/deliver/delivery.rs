//! Computing a change at a base, and making the commit of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::config::{self, Loaded};
use crate::diagnostic::{Finding, Findings};
use crate::git::{
    Branch, BuildError, CommitMetadata, Log, ObjectName, ProgramError, Revision, Workspace,
};
use crate::history::{BranchHistory, Commits};
use crate::promote::{AppSelection, Base, Intent, PlannedChange, Submission};
use crate::sites::{Model, ModelScope};
use crate::source::{Location, RepoPath, Tree};

/// What is needed to carry a change out.
pub struct Delivery<'w> {
    /// The clone, its remote and its base branch.
    pub(super) workspace: &'w Workspace,
    /// The time of the run.
    pub(super) now: Timestamp,
}

/// A base with its files, its configuration and its sites.
pub(super) struct LoadedBase {
    /// The commit; none for the work tree.
    pub(super) commit: Option<ObjectName>,
    /// Its files.
    pub(super) tree: Tree,
    /// Its configuration, with the settings of the apps that are needed.
    pub(super) loaded: Loaded,
    /// Its sites.
    pub(super) model: Model,
}

impl<'w> Delivery<'w> {
    /// A delivery in a workspace, at the time of the run.
    pub fn new(workspace: &'w Workspace, now: Timestamp) -> Self {
        Self { workspace, now }
    }

    /// How a change is made; `direct` if it goes straight onto the base.
    pub(super) fn submission(&self, direct: bool) -> Submission {
        Submission { direct, requested_by: self.workspace.requested_by() }
    }

    /// Computes an intent at the newest base, and returns that base; in the work
    /// tree if there is no clone.
    pub(super) fn compute_newest(
        &self,
        intent: &dyn Intent,
        submission: &Submission,
    ) -> Result<(PlannedChange, Option<Revision>), Findings> {
        let mut warnings = Findings::new();
        let base = self.workspace.newest_base(&mut warnings)?;
        let mut planned = match &base {
            Some(base) => self.compute_at(&base.commit, base.branch_name(), intent, submission)?,
            None => self.compute_in_work_tree(self.workspace.work_tree(), intent, submission)?,
        };
        planned.warnings.extend(warnings);
        Ok((planned, base))
    }

    /// Computes an intent at a commit of a branch.
    pub(super) fn compute_at(
        &self,
        commit: &ObjectName,
        branch: Option<&str>,
        intent: &dyn Intent,
        submission: &Submission,
    ) -> Result<PlannedChange, Findings> {
        let tree = self.workspace.tree_of(commit)?;
        let base = load(tree, Some(commit.clone()), intent)?;
        self.compute(&base, Some(commit), branch, intent, submission)
    }

    /// Computes an intent in the files of the work tree, with the history of what
    /// is checked out.
    pub(super) fn compute_in_work_tree(
        &self,
        tree: Tree,
        intent: &dyn Intent,
        submission: &Submission,
    ) -> Result<PlannedChange, Findings> {
        let base = load(tree, None, intent)?;
        let head = match self.workspace.local_clone()? {
            Some(clone) => clone.head().map_err(|error| error.finding())?,
            None => None,
        };
        let branch = self.workspace.likely_branch();
        let branch = branch.as_ref().map(Branch::name);
        self.compute(&base, head.as_ref(), branch, intent, submission)
    }

    fn compute(
        &self,
        loaded: &LoadedBase,
        tip: Option<&ObjectName>,
        branch: Option<&str>,
        intent: &dyn Intent,
        submission: &Submission,
    ) -> Result<PlannedChange, Findings> {
        let mut planned =
            self.with_base(loaded, tip, branch, |base| intent.at(base, submission))?;
        planned.warnings.extend(loaded.loaded.warnings.clone());
        Ok(planned)
    }

    /// Calls `ask` with a base whose history is that of `branch` up to `tip`.
    pub(super) fn with_base<T>(
        &self,
        loaded: &LoadedBase,
        tip: Option<&ObjectName>,
        branch: Option<&str>,
        ask: impl FnOnce(&Base<'_>) -> Result<T, Findings>,
    ) -> Result<T, Findings> {
        let clone = self.workspace.local_clone()?;
        let history = clone.map(|clone| Log::new(Arc::clone(clone), branch));
        let objects = clone.map(|clone| clone.objects());
        let commits = match (tip, &history, &objects) {
            (Some(tip), Some(history), Some(objects)) => {
                Some(Commits { tip, history, objects: &**objects })
            }
            _ => None,
        };
        let repository = &loaded.loaded.repository;
        let history = BranchHistory::new(repository, &loaded.tree, commits);
        let LoadedBase { commit, tree, model, .. } = loaded;
        ask(&Base::new(commit.clone(), tree, repository, model, &history, self.now)?)
    }

    /// Makes the commit that follows `base` with the planned files; none if
    /// nothing differs.
    pub(super) fn commit(
        &self,
        base: &ObjectName,
        planned: &PlannedChange,
    ) -> Result<Option<ObjectName>, Findings> {
        let metadata = CommitMetadata {
            message: &planned.message,
            identity: self.workspace.identity()?,
            time: self.now,
        };
        let made = self.workspace.writer()?.commit(base, &planned.files, &metadata);
        made.map_err(|error: BuildError| error.finding().into())
    }
}

/// Reads what an intent needs from a tree.
fn load(
    tree: Tree,
    commit: Option<ObjectName>,
    intent: &dyn Intent,
) -> Result<LoadedBase, Findings> {
    let (loaded, scope) = load_apps(&tree, &intent.apps())?;
    let model = Model::of_tree(&loaded.repository, &tree, &scope);
    Ok(LoadedBase { commit, tree, loaded, model })
}

/// Reads a configuration with the settings of the selected apps. Returns the scope
/// of their sites with it.
fn load_apps(tree: &Tree, apps: &AppSelection) -> Result<(Loaded, ModelScope), Findings> {
    let names: BTreeSet<String> = match apps {
        AppSelection::All => return Ok((config::load(tree)?, ModelScope::all())),
        AppSelection::Named(names) => names.iter().cloned().collect(),
        AppSelection::Train(train) => {
            let Loaded { repository, .. } = config::load_apps(tree, &BTreeSet::new())?;
            repository.find_train(train)?.apps.iter().cloned().collect()
        }
    };
    let loaded = config::load_apps(tree, &names)?;
    Ok((loaded, ModelScope { environments: None, apps: Some(names) }))
}

/// The finding that git could not be run, or failed.
pub(super) fn git_failed(error: &ProgramError) -> Finding {
    error.finding(Location::of_path(&RepoPath::root()))
}
