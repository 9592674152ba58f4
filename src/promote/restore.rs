//! A state that an app had before comes back.

use super::gates::Transition;
use super::planning::{AppOutcome, Planner, edited};
use super::propose::{self, Proposal, TargetSites};
use super::target::{TargetEnvironment, TargetState};
use crate::diagnostic::Findings;
use crate::git::ObjectName;
use crate::sites::{Model, ModelScope, State, WriteOptions};
use crate::source::{FileChanges, Tree};

/// A state of the past.
pub(super) struct EarlierState {
    /// What the sites said.
    pub(super) state: State,
    /// The last commit at which they said it, where that is known.
    pub(super) stood: Option<ObjectName>,
}

impl Planner<'_> {
    /// Makes an app's sites say what they said before.
    ///
    /// Where a file is what the later state makes of the file of that time, and
    /// nothing else, that file comes back byte for byte: how a list was written,
    /// or that a reference was inherited, is in no state.
    pub(super) fn restore(&self, app: &str, before: &EarlierState) -> Result<AppOutcome, Findings> {
        let environment = TargetEnvironment { base: self.base, environment: self.target };
        let current = environment.target_sites(app)?;
        let mut proposal = propose::restored(self.target_of(&current), &before.state)?;
        if let Some(stood) = &before.stood {
            let originals = self.originals(app, &current, &proposal, stood);
            proposal.originals = originals.unwrap_or_default();
        }
        self.finish(app, &current, proposal, Transition::Rollback, None)
    }

    /// The files of the commit `stood` that may take their places; none where
    /// anything keeps that from being known, because the edits do as well.
    fn originals(
        &self,
        app: &str,
        current: &TargetState,
        proposal: &Proposal,
        stood: &ObjectName,
    ) -> Option<FileChanges> {
        let tree = self.base.tree.at(stood.as_str()).ok()?;
        let old = self.model_of(&tree, app).app(&self.target.name, app)?;
        let state = old.state.clone().ok()?;
        let target = TargetSites { app: &old, state: &state, options: WriteOptions::default() };
        let later =
            edited(&tree, &propose::restored(target, &current.state).ok()?.edits, true).ok()?;
        let mut originals = FileChanges::new();
        for path in proposal.edits.keys() {
            let (Ok(old), Ok(now)) = (tree.read(path), self.base.tree.read(path)) else { continue };
            let made = later.get(path).flatten();
            if made == Some(now.text().as_bytes()) {
                originals.insert(path.clone(), Some(old.text().as_bytes().to_vec()));
            }
        }
        let mut files = edited(self.base.tree, &proposal.edits, true).ok()?;
        files.extend(originals.clone());
        // What is inherited may be something else by now.
        let made = self.model_of(&self.base.tree.with_files(files), app);
        let state = made.app(&self.target.name, app)?.state.ok()?;
        (state == proposal.state).then_some(originals)
    }

    fn model_of(&self, tree: &Tree, app: &str) -> Model {
        let scope = ModelScope::app(app, [self.target.name.clone()]);
        Model::of_tree(self.base.repository, tree, &scope)
    }
}
