//! A base as it is read: its files, its configuration, its sites and its past.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;

use super::base::{Base, WholeTree};
use super::intent::AppSelection;
use crate::config::{self, Loaded, Repository};
use crate::diagnostic::{Findings, Severity};
use crate::git::{CommitHistory, ObjectDatabase, ObjectName, Workspace};
use crate::history::{AskedApps, BranchHistory, Commits};
use crate::holds::{self, Hold};
use crate::sites::{Model, ModelScope};
use crate::source::{RepoPath, Tree};

/// One commit, or the work tree, read for whoever asks something about it.
pub struct LoadedBase {
    /// Its files.
    pub tree: Tree,
    /// Its configuration, with the settings of the apps that were selected, if any were.
    pub loaded: Loaded,
    /// The commit; none for the work tree.
    commit: Option<ObjectName>,
    /// None if its past is not known.
    past: Option<Past>,
    scope: ModelScope,
    /// The sites, which not every command needs.
    model: OnceCell<Model>,
    whole: Rc<WholeTree>,
}

/// The commits of a branch.
struct Past {
    tip: ObjectName,
    history: Arc<dyn CommitHistory>,
    objects: Arc<dyn ObjectDatabase>,
    /// The tip that was seen last, if this one does not follow it.
    replaced: Option<ObjectName>,
}

impl LoadedBase {
    /// Reads a commit, which is in the clone, with the history of the branch of
    /// that short name.
    pub fn at(
        workspace: &Workspace,
        commit: &ObjectName,
        branch: Option<&str>,
        apps: &AppSelection,
    ) -> Result<Self, Findings> {
        let files = Self::without_history(workspace.tree_of(commit)?, apps)?;
        files.of_commit(workspace, commit, branch)
    }

    /// Reads files that are not a commit's, and whose past is not known.
    pub fn without_history(tree: Tree, apps: &AppSelection) -> Result<Self, Findings> {
        let (loaded, scope) = load(&tree, apps)?;
        Ok(Self::new(tree, loaded, scope))
    }

    /// Reads files that are not a commit's, without the settings of any app. The sites
    /// are those of all apps.
    pub fn without_settings(tree: Tree) -> Result<Self, Findings> {
        let loaded = config::load_names(&tree)?;
        Ok(Self::new(tree, loaded, ModelScope::all()))
    }

    fn new(tree: Tree, loaded: Loaded, scope: ModelScope) -> Self {
        Self {
            tree,
            loaded,
            commit: None,
            past: None,
            scope,
            model: OnceCell::new(),
            whole: Rc::default(),
        }
    }

    /// The same files, which are those of a commit, with the history of the branch of
    /// that short name.
    pub fn of_commit(
        self,
        workspace: &Workspace,
        commit: &ObjectName,
        branch: Option<&str>,
    ) -> Result<Self, Findings> {
        let base = self.with_history(workspace, commit.clone(), branch)?;
        Ok(Self { commit: Some(commit.clone()), ..base })
    }

    /// The same files, with the history of a branch up to `tip`.
    pub fn with_history(
        self,
        workspace: &Workspace,
        tip: ObjectName,
        branch: Option<&str>,
    ) -> Result<Self, Findings> {
        let objects = workspace.require_clone()?.objects();
        let history = Arc::new(workspace.history(branch)?);
        let replaced = branch.and_then(|branch| workspace.replaced_tip(branch, &tip));
        let mut base = self.with_commits(tip, history, objects);
        if let Some(past) = &mut base.past {
            past.replaced = replaced;
        }
        Ok(base)
    }

    /// The same files, with what a history says of the commits up to `tip`.
    #[must_use]
    pub fn with_commits(
        self,
        tip: ObjectName,
        history: Arc<dyn CommitHistory>,
        objects: Arc<dyn ObjectDatabase>,
    ) -> Self {
        Self { past: Some(Past { tip, history, objects, replaced: None }), ..self }
    }

    /// The base whose files are those of `tree`, which has other texts at `paths` and is
    /// otherwise the same; none if more than the sites in these files may be different. No
    /// other file is read again. Its past is the same, and it is not a commit's.
    pub fn with_changed<'p>(
        mut self,
        tree: Tree,
        paths: impl IntoIterator<Item = &'p RepoPath>,
    ) -> Option<Self> {
        let paths: Vec<_> = paths.into_iter().cloned().collect();
        let mut model = self.model.take()?;
        if self.repository().is_native()
            || paths.contains(&RepoPath::root().child("rungs.yaml"))
            || model.reads_charts_at(&paths)
        {
            return None;
        }
        for path in paths {
            // Where a file is new or gone, others may be read differently; and so where it is
            // reached by another path.
            let both = [&self.tree, &tree].map(|tree| tree.read_if_present(&path));
            let [Ok(Some(_)), Ok(Some(file))] = both else { return None };
            if *file.path() != path {
                return None;
            }
            model.put(&path, Some(file));
        }
        let whole = Rc::new(self.whole.with_other_texts());
        Some(Self { tree, commit: None, model: model.into(), whole, ..self })
    }

    /// Its configuration.
    pub fn repository(&self) -> &Repository {
        &self.loaded.repository
    }

    /// The warnings about its configuration and about files of its sites. Errors of
    /// files are not among them: they do not keep other apps from being changed.
    pub fn warnings(&self) -> Findings {
        let of_files = self.model().findings_of_files(|_| true).into_iter();
        let of_files = of_files.filter(|finding| finding.severity != Severity::Error);
        self.loaded.warnings.iter().cloned().chain(of_files).collect::<Findings>().settled()
    }

    /// The commits that lead to it; none if its past is not known.
    pub fn commits(&self) -> Option<Commits<'_>> {
        let Past { tip, history, objects, .. } = self.past.as_ref()?;
        Some(Commits { tip, history: &**history, objects: &**objects })
    }

    /// The apps whose sites it has, in every environment.
    pub fn scope(&self) -> &ModelScope {
        &self.scope
    }

    /// The commit; none for the work tree.
    pub(super) fn commit(&self) -> Option<&ObjectName> {
        self.commit.as_ref()
    }

    /// Its sites, in every environment, of the selected apps.
    pub(super) fn model(&self) -> &Model {
        let model = || Model::of_loaded(&self.loaded, &self.tree, &self.scope);
        self.model.get_or_init(model)
    }

    /// Calls `ask` with the base, at the time of the run. `asked` says of how many of
    /// its apps the past will be asked about.
    ///
    /// # Errors
    ///
    /// Holds that cannot be read, or an error of `ask`.
    pub fn ask<T, E: From<Findings>>(
        &self,
        now: Timestamp,
        asked: AskedApps,
        ask: impl FnOnce(&Base<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let holds = holds::all(&self.tree, self.repository())?;
        self.ask_with(holds, now, asked, ask)
    }

    /// Calls `ask` with the base in the same way, with these holds.
    ///
    /// # Errors
    ///
    /// An error of `ask`.
    pub fn ask_with<T, E>(
        &self,
        holds: Vec<Hold>,
        now: Timestamp,
        asked: AskedApps,
        ask: impl FnOnce(&Base<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let (model, commit, repository) = (self.model(), self.commit.clone(), self.repository());
        let history = self.history(model, asked);
        let base = Base::new(commit, &self.tree, repository, model, &history, holds, now);
        ask(&base.with_whole(Rc::clone(&self.whole)))
    }

    /// Its past, of the apps whose sites `model` has.
    pub(super) fn history<'a>(&'a self, model: &'a Model, asked: AskedApps) -> BranchHistory<'a> {
        let replaced = self.past.as_ref().and_then(|past| past.replaced.as_ref());
        BranchHistory::new(self.repository(), &self.tree, model, self.commits(), asked)
            .replacing(replaced)
    }
}

/// Reads a configuration with the settings of the selected apps. Returns the scope
/// of their sites with it.
fn load(tree: &Tree, apps: &AppSelection) -> Result<(Loaded, ModelScope), Findings> {
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
