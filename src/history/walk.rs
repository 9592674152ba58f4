//! Going back through a branch, commit by commit.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::git::{BranchStep, BranchSteps, CommitHistory, FileChange, HistoryError, ObjectName};
use crate::sites::{AppInstance, Model, State};
use crate::source::{RepoPath, SourceFile};

/// The most steps that are read ahead, once it is clear that many are needed.
const MOST_AHEAD: usize = 256;

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
    model: Model,
    /// What the sites of apps say at the commit that was reached, of those that it or a
    /// newer one changed.
    now: BTreeMap<AppInstance, Option<State>>,
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
pub(crate) struct StateChange {
    pub(crate) instance: AppInstance,
    /// Empty if there were no sites, none if they could not be read.
    pub(crate) before: Option<State>,
    pub(crate) after: Option<State>,
}

impl<'h> Walk<'h> {
    /// A walk from the branch's tip, whose sites `model` has, along the steps
    /// that lead back from it.
    pub(crate) fn new(
        history: &'h dyn CommitHistory,
        steps: BranchSteps<'h>,
        model: Model,
    ) -> Self {
        Self { history, steps, ahead: VecDeque::new(), next_ahead: 1, model, now: BTreeMap::new() }
    }

    /// What an app's sites in an environment say at the commit that was
    /// reached.
    pub(crate) fn now(&self, instance: &AppInstance) -> Option<State> {
        self.now.get(instance).cloned().unwrap_or_else(|| state(&self.model, instance))
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
            self.next_ahead = (self.next_ahead * 2).min(MOST_AHEAD);
            let changes = self.ahead.iter().flatten().flat_map(|step| &step.changes);
            let blobs: Vec<_> = changes.filter_map(|change| change.before.clone()).collect();
            if let Err(error) = self.history.prefetch(&blobs) {
                return Some(Err(error));
            }
        }
        self.ahead.pop_front()
    }

    fn undo(&mut self, step: BranchStep) -> Result<StepChange, HistoryError> {
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
        let changes =
            touched.into_iter().filter_map(|instance| self.state_change(instance)).collect();
        Ok(StepChange { step, changes })
    }

    /// Keeps what these apps say at the commit that was reached.
    fn keep_now(&mut self, instances: impl IntoIterator<Item = AppInstance>) {
        for instance in instances {
            if let Entry::Vacant(place) = self.now.entry(instance) {
                let now = state(&self.model, place.key());
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
        let mut touched = BTreeSet::new();
        for change in changes {
            let bytes = version(change).map(|id| self.history.blob(id)).transpose()?;
            touched.extend(put(&mut self.model, &change.path, bytes));
        }
        Ok(touched)
    }

    fn state_change(&mut self, instance: AppInstance) -> Option<StateChange> {
        let before = state(&self.model, &instance);
        let after = self.now(&instance);
        if before == after {
            return None;
        }
        self.now.insert(instance.clone(), before.clone());
        Some(StateChange { instance, before, after })
    }
}

impl Iterator for Walk<'_> {
    type Item = Result<StepChange, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.step()?.and_then(|step| self.undo(step)))
    }
}

/// What an app's sites in an environment say: an empty state if there are no sites,
/// and none if they cannot be read or disagree.
fn state(model: &Model, instance: &AppInstance) -> Option<State> {
    match model.app(&instance.environment, &instance.app) {
        None => Some(State::default()),
        Some(sites) => sites.state.ok(),
    }
}

/// Replaces the file at a path by another version, or removes it. Returns the apps
/// in environments whose sites may say something else now.
///
/// A file that is not text is put as what can be read of it: then it says nothing,
/// or disagrees, but it is there.
fn put(model: &mut Model, path: &RepoPath, bytes: Option<Vec<u8>>) -> BTreeSet<AppInstance> {
    let file = bytes.map(|bytes| {
        let text = String::from_utf8(bytes);
        let text =
            text.unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        Arc::new(SourceFile::new(path.clone(), text))
    });
    model.put(path, file)
}
