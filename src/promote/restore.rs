//! Restoring an earlier state of an app.

use super::arrival::Arrival;
use super::planning::{AppOutcome, Planner, edited};
use super::propose::{self, Proposal, TargetSites};
use super::target::TargetState;
use crate::diagnostic::Findings;
use crate::git::ObjectName;
use crate::sites::{Model, ModelScope, State, WriteOptions};
use crate::source::{FileChanges, Tree};

/// An earlier state of an app.
pub(super) struct EarlierState {
    /// The state.
    pub(super) state: State,
    /// The last commit at which the app had it, if that is known.
    pub(super) last_commit: Option<ObjectName>,
}

impl Planner<'_> {
    /// Plans to restore an earlier state of an app.
    ///
    /// If a file differs from the earlier one only in what the later state changed,
    /// the earlier file is restored byte for byte: a state does not say how a list
    /// was written, or that a reference was inherited.
    pub(super) fn restore(&self, app: &str, before: &EarlierState) -> Result<AppOutcome, Findings> {
        let current = self.current(app)?;
        let mut proposal = propose::restored(self.target_of(&current), &before.state)?;
        if let Some(commit) = &before.last_commit {
            let originals = self.originals(app, &current, &proposal, commit);
            proposal.originals = originals.unwrap_or_default();
        }
        self.finish(app, &current, proposal, &Arrival::Rollback)
    }

    /// The files at `commit` that can be restored whole; none if that cannot be found
    /// out, because the edits work as well.
    fn originals(
        &self,
        app: &str,
        current: &TargetState,
        proposal: &Proposal,
        commit: &ObjectName,
    ) -> Option<FileChanges> {
        let tree = self.base.tree.at(commit.as_str()).ok()?;
        let model = self.model_of(&tree, app);
        let old = model.app(&self.target.name, app)?;
        let state = old.state.clone().ok()?;
        let options = WriteOptions::default();
        let target = TargetSites { app: &old, state: &state, options, model: &model };
        let later =
            edited(&tree, &propose::restored(target, &current.state).ok()?.edits, true).ok()?;
        let mut originals = FileChanges::new();
        for path in proposal.edits.keys() {
            let (Ok(old), Ok(now)) = (tree.read(path), self.base.tree.read(path)) else { continue };
            let edited = later.get(path).flatten();
            if edited == Some(now.text().as_bytes()) {
                originals.insert(path.clone(), Some(old.text().as_bytes().to_vec()));
            }
        }
        let mut files = edited(self.base.tree, &proposal.edits, true).ok()?;
        files.extend(originals.clone());
        // Inherited values may have changed since.
        let restored = self.model_of(&self.base.tree.with_files(files), app);
        let state = restored.app(&self.target.name, app)?.state.ok()?;
        (state == proposal.state).then_some(originals)
    }

    fn model_of(&self, tree: &Tree, app: &str) -> Model {
        let scope = ModelScope::app(app, [self.target.name.clone()]);
        Model::of_tree(self.base.repository, tree, &scope)
    }
}
