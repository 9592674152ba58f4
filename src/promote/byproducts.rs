//! What a plan deploys besides what it says: a value that moves may have a template bring
//! another image.

use super::arrival::{Arrival, ArrivingState, Entering};
use super::deployed::{BroughtByApp, DeployedApps, NewReferences, line_naming, references_in};
use super::planning::Planner;
use super::propose::Proposal;
use super::rerender::Rerendered;
use super::target::TargetState;
use crate::source::{FileChanges, Location};

impl Planner<'_> {
    /// What the result deploys otherwise, and no site says.
    pub(super) fn brought<'a>(
        &'a self,
        app: &'a str,
        current: &TargetState,
        (proposal, arrival): (&Proposal, &Arrival),
        (files, rendered): (&FileChanges, &Rerendered),
        deployed: &'a DeployedApps<'a>,
    ) -> BroughtByApp<'a> {
        let tree = self.base.tree.with_files(files.clone());
        let edited: Vec<_> = files.paths().filter_map(|path| tree.read(path).ok()).collect();
        let first = files.paths().next().map(Location::of_path);
        let at = |one: &_| {
            let location = line_naming(&edited, one).or_else(|| first.clone());
            location.unwrap_or_else(|| self.target.location.clone())
        };
        let [before, after] = [&rendered.before, &rendered.after].map(references_in);
        let new = NewReferences::between(&before, &after, at);
        let known = current.exists.then_some(&current.state);
        let unordered = &self.target.gates_of(app).unordered;
        let brought = new.unsaid((known, &proposal.state), unordered);
        let mut brought = BroughtByApp { base: self.base, deployed, app, brought };
        if matches!(arrival, Arrival::Rollback) {
            brought.leave_restored(&ArrivingState {
                repository: self.base.repository,
                evidence: self.base,
                base: self.base.commit.as_ref(),
                target: self.target,
                app,
                state: &proposal.state,
                current: known,
                enters: Entering::State,
            });
        }
        brought
    }
}
