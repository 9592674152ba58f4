//! Going back through a branch, commit by commit.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use super::state_reader::{StateRead, StateReaders, put, read};
use crate::git::{BranchStep, BranchSteps, CommitHistory, FileChange, HistoryError, ObjectName};
use crate::sites::{AppInstance, Model, State};
use crate::source::RepoPath;

/// The most steps that are read ahead where blobs are fetched, once it is clear that many
/// are needed. Each time is a process, and a question to the remote if one is missing.
const MOST_AHEAD: usize = 4096;

/// What the sites said before and after each commit of a branch that changed a
/// file, the newest first.
///
/// It starts with the sites as the branch's tip has them, and puts back what
/// each commit replaced. Only what a commit changed is read, and each version
/// of a file once.
pub(crate) struct Walk<'h> {
    history: &'h dyn CommitHistory,
    steps: BranchSteps<'h>,
    /// Steps that were read ahead, so that a clone that fetches blobs when they
    /// are read does not fetch them one by one; and how many to read next.
    ahead: VecDeque<Result<BranchStep, HistoryError>>,
    next_ahead: usize,
    /// The sites at the commit that was reached.
    model: Rc<Model>,
    /// What the sites of apps say at the commit that was reached, of those that it or a
    /// newer one changed.
    now: BTreeMap<AppInstance, Option<State>>,
    /// Reads the states of each app alone, if files do not have sites of several; the model
    /// remains that of the tip.
    readers: Option<StateReaders<'h>>,
    /// Whether a state that was reached depends on files that all apps share.
    reads_shared: bool,
    /// The walk that takes over then; none if this one meets all changes of these files.
    wider: Option<WiderWalk>,
}

/// A walk from the tip that has not started.
struct WiderWalk {
    tip: ObjectName,
    paths: Vec<RepoPath>,
    model: Rc<Model>,
}

/// A commit with what it changed at the sites.
#[derive(Debug)]
pub(crate) struct StepChange {
    /// The commit and its files.
    pub(crate) step: BranchStep,
    /// In the order of environments and apps; empty if the files changed and no
    /// site did.
    pub(crate) changes: Vec<StateChange>,
}

/// What an app's sites in one environment said before and after a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateChange {
    /// The app and the environment.
    pub instance: AppInstance,
    /// Empty if there were no sites, none if they could not be read.
    pub before: Option<State>,
    /// The same after the commit.
    pub after: Option<State>,
}

impl<'h> Walk<'h> {
    /// A walk from a branch's tip, whose sites `model` has, through the commits that
    /// changed these or a file at or below one of the paths `beside`.
    ///
    /// It leaves out the changes of files that all apps share, as long as no state depends
    /// on them: git takes several times as long with them.
    pub(crate) fn new(
        history: &'h dyn CommitHistory,
        tip: &ObjectName,
        model: Model,
        beside: &[RepoPath],
    ) -> Result<Self, HistoryError> {
        let with = |paths: Vec<RepoPath>| {
            let is_new = |one: &&RepoPath| !paths.iter().any(|path| one.is_within(path));
            let beside: Vec<_> = beside.iter().filter(is_new).cloned().collect();
            [paths, beside].concat()
        };
        let (paths, all) = (model.paths(), model.all_paths());
        let steps = history.steps(tip, &with(paths.clone()))?;
        let mut walk = Self::along(history, steps, model);
        walk.wider = (paths != all).then(|| WiderWalk {
            tip: tip.clone(),
            paths: with(all),
            model: Rc::clone(&walk.model),
        });
        Ok(walk)
    }

    /// A walk from a branch's tip, whose sites `model` has, along these steps.
    pub(crate) fn along(
        history: &'h dyn CommitHistory,
        steps: BranchSteps<'h>,
        model: impl Into<Rc<Model>>,
    ) -> Self {
        let (ahead, now, model) = (VecDeque::new(), BTreeMap::new(), model.into());
        let readers = StateReaders::new(history, &model);
        Self {
            history,
            steps,
            ahead,
            next_ahead: 1,
            model,
            now,
            readers,
            reads_shared: false,
            wider: None,
        }
    }

    /// What an app's sites in an environment say at the commit that was
    /// reached.
    pub(crate) fn now(&self, instance: &AppInstance) -> Option<State> {
        self.now.get(instance).cloned().unwrap_or_else(|| read(&self.model, instance).state)
    }

    /// What every app says at the tip, before the first step.
    pub(crate) fn start(&mut self) -> BTreeMap<AppInstance, Option<State>> {
        let all = self.instances();
        self.keep_now(all);
        self.now.clone()
    }

    /// Every app in every environment at that commit.
    pub(crate) fn instances(&self) -> Vec<AppInstance> {
        let of = |environment| {
            let apps = self.model.apps(&environment).into_iter();
            apps.map(move |app| AppInstance::new(&environment, &app))
        };
        self.model.environments().into_iter().flat_map(of).collect()
    }

    fn step(&mut self) -> Option<Result<BranchStep, HistoryError>> {
        if self.ahead.is_empty() {
            self.ahead.extend(self.steps.by_ref().take(self.next_ahead));
            let most = if self.history.fetches_blobs() { MOST_AHEAD } else { 1 };
            self.next_ahead = (self.next_ahead * 2).min(most);
            // Those of states that are kept already as well: which they are is known only
            // when the walk is there.
            let changes = self.ahead.iter().flatten().flat_map(|step| &step.changes);
            let blobs: Vec<_> = changes.filter_map(|change| change.before.clone()).collect();
            if let Err(error) = self.history.prefetch(&blobs) {
                return Some(Err(error));
            }
        }
        self.ahead.pop_front()
    }

    fn undo(&mut self, step: BranchStep) -> Result<StepChange, HistoryError> {
        if self.readers.is_some() {
            return self.undo_each(step);
        }
        let affected = step.changes.iter().flat_map(|change| self.model.affected(&change.path));
        let affected: BTreeSet<_> = affected.collect();
        self.keep_now(affected);
        let touched = self.put(&step.changes, |change| change.before.as_ref())?;
        let new: Vec<_> =
            touched.iter().filter(|instance| !self.now.contains_key(instance)).cloned().collect();
        if !new.is_empty() {
            // Nothing but the older versions says which apps these have sites of, and other
            // files may have sites of them too.
            self.put(&step.changes, |change| change.after.as_ref())?;
            self.keep_now(new);
            self.put(&step.changes, |change| change.before.as_ref())?;
        }
        let changes = touched.into_iter().filter_map(|instance| {
            let before = read(&self.model, &instance);
            self.state_change(instance, before)
        });
        let changes = changes.collect();
        Ok(StepChange { step, changes })
    }

    /// Goes back past a commit, and looks at each app alone.
    fn undo_each(&mut self, step: BranchStep) -> Result<StepChange, HistoryError> {
        let mut touched = BTreeSet::new();
        if let Some(readers) = &mut self.readers {
            readers.pass(&step.changes);
        }
        for change in &step.changes {
            let concerned =
                self.readers.iter().flat_map(|all| all.possible_instances(&change.path));
            let concerned: BTreeSet<_> = concerned.collect();
            self.keep_now(concerned.iter().cloned());
            for instance in &concerned {
                if let Some(readers) = &mut self.readers {
                    readers.put(instance, &change.path, change.before.as_ref());
                }
            }
            touched.extend(concerned);
        }
        let mut changes = Vec::new();
        for instance in touched {
            let Some(readers) = &mut self.readers else { continue };
            let before = readers.read(&instance)?;
            changes.extend(self.state_change(instance, before));
        }
        Ok(StepChange { step, changes })
    }

    /// Keeps what these apps say at the commit that was reached.
    fn keep_now(&mut self, instances: impl IntoIterator<Item = AppInstance>) {
        for instance in instances {
            if let Entry::Vacant(place) = self.now.entry(instance) {
                let now = read(&self.model, place.key()).state;
                place.insert(now);
            }
        }
    }

    /// Replaces the changed files by the versions that `version` chooses. Returns the apps
    /// whose sites may say something else now.
    fn put(
        &mut self,
        changes: &[FileChange],
        version: impl Fn(&FileChange) -> Option<&ObjectName>,
    ) -> Result<BTreeSet<AppInstance>, HistoryError> {
        let (history, model) = (self.history, Rc::make_mut(&mut self.model));
        let mut touched = BTreeSet::new();
        for change in changes {
            let (path, version) = (&change.path, version(change));
            let known = version.zip(history.facts());
            let known = known.and_then(|(id, facts)| model.put_known(path, id.as_str(), facts));
            if let Some(instances) = known {
                touched.extend(instances);
                continue;
            }
            let bytes = version.map(|id| history.blob(id)).transpose()?;
            touched.extend(put(model, path, bytes));
            if let (Some(id), Some(facts)) = (version, history.facts()) {
                model.keep(path, id.as_str(), facts);
            }
        }
        Ok(touched)
    }

    fn state_change(&mut self, instance: AppInstance, before: StateRead) -> Option<StateChange> {
        let StateRead { state: before, reads_shared } = before;
        self.reads_shared |= reads_shared;
        let after = self.now(&instance);
        if before == after {
            return None;
        }
        self.now.insert(instance.clone(), before.clone());
        Some(StateChange { instance, before, after })
    }

    /// Starts again as the wider walk, and goes on up to and with a commit that this one
    /// has reached. No newer state depends on what it meets besides.
    fn widen(
        &mut self,
        wider: WiderWalk,
        reached: &ObjectName,
    ) -> Option<<Self as Iterator>::Item> {
        let steps = match self.history.steps(&wider.tip, &wider.paths) {
            Ok(steps) => steps,
            Err(error) => return Some(Err(error)),
        };
        *self = Self::along(self.history, steps, wider.model);
        self.find(|change| change.as_ref().map_or(true, |change| change.step.id == *reached))
    }
}

impl Iterator for Walk<'_> {
    type Item = Result<StepChange, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        let change = self.step()?.and_then(|step| self.undo(step));
        match (&change, self.wider.take_if(|_| self.reads_shared)) {
            (Ok(change), Some(wider)) => self.widen(wider, &change.step.id),
            _ => Some(change),
        }
    }
}
