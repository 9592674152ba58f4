//! What environments have said on a branch.

use std::iter;

use super::reading::Pair;
use super::stays::Stays;
use super::walk::Walk;
use crate::config::{EnvironmentName, Repository};
use crate::diagnostic::Findings;
use crate::git::{History, HistoryError, ObjectName, Objects};
use crate::promote::gates::Past;
use crate::promote::{Hold, Stay, audit, hold, record};
use crate::sites::{Model, Scope, State};
use crate::source::Tree;

/// What is known of the past of a branch: from its tip's files, configuration
/// and holds, and from its history. Old files are read by the tip's
/// configuration.
pub struct BranchPast<'a> {
    repository: &'a Repository,
    tree: &'a Tree,
    /// None where files without a commit are looked at: nothing is known then
    /// but what stands.
    commits: Option<Commits<'a>>,
    holds: Vec<Hold>,
}

/// A branch's commits.
#[derive(Clone, Copy)]
pub struct Commits<'a> {
    /// The newest.
    pub tip: &'a ObjectName,
    /// Its history.
    pub history: &'a dyn History,
    /// Its objects.
    pub objects: &'a dyn Objects,
}

impl<'a> BranchPast<'a> {
    /// Of the branch whose tip has these files and this configuration.
    ///
    /// # Errors
    ///
    /// Holds that cannot be read: to go on without them would let through what
    /// they hold back.
    pub fn new(
        repository: &'a Repository,
        tree: &'a Tree,
        commits: Option<Commits<'a>>,
    ) -> Result<Self, Findings> {
        Ok(Self { repository, tree, commits, holds: hold::all(tree, repository)? })
    }

    fn model(&self, pair: &Pair) -> Model {
        let scope = Scope::app(&pair.app, [pair.environment.clone()]);
        Model::of_tree(self.repository, self.tree, &scope)
    }

    fn commits(&self) -> Result<Commits<'a>, HistoryError> {
        let without = || HistoryError::Failed("there is no commit to begin at".to_owned());
        self.commits.ok_or_else(without)
    }

    fn stays_of(&self, pair: Pair) -> Result<Stays<'a, Model>, HistoryError> {
        let Commits { tip, history, .. } = self.commits()?;
        let model = self.model(&pair);
        let steps = history.steps(tip, &model.paths())?;
        Ok(Stays::new(Walk::new(history, steps, model), pair))
    }

    /// The number of the newest build of an image that a record names for an
    /// app in an environment; none where none does.
    pub fn newest_sequence(
        &self,
        environment: &EnvironmentName,
        app: &str,
        image: &str,
    ) -> Result<Option<u64>, HistoryError> {
        let Commits { tip, history, objects } = self.commits()?;
        let pair = Pair { environment: environment.clone(), app: app.to_owned() };
        let paths = self.model(&pair).paths();
        for step in history.steps(tip, &paths)? {
            for message in audit::messages(objects, &step?)? {
                let records = record::read(&message).into_iter().rev();
                let of_pair =
                    records.filter(|one| one.app == app && one.environment == *environment);
                let mut numbers = of_pair.flat_map(|record| record.sequences);
                if let Some((_, number)) = numbers.find(|(key, _)| key == image) {
                    return Ok(Some(number));
                }
            }
        }
        Ok(None)
    }

    /// The states that an environment said before what it says now, the newest
    /// first and each once. Times at which the app was not there, or could not
    /// be read, are none of them.
    pub fn previous_states<'p>(
        &'p self,
        environment: &EnvironmentName,
        app: &str,
    ) -> impl Iterator<Item = Result<Stay, HistoryError>> + 'p {
        let mut known: Vec<State> = self.standing(environment, app).into_iter().collect();
        self.stays(environment, app).filter(move |stay| {
            let Ok(Stay { state, .. }) = stay else { return true };
            let Some(state) = state.as_ref().filter(|state| !state.is_empty()) else {
                return false;
            };
            let is_new = !known.iter().any(|known| known == state || known.is_same(state));
            if is_new {
                known.push(state.clone());
            }
            is_new
        })
    }
}

impl Past for BranchPast<'_> {
    fn stays<'p>(
        &'p self,
        environment: &EnvironmentName,
        app: &str,
    ) -> Box<dyn Iterator<Item = Result<Stay, HistoryError>> + 'p> {
        match self.stays_of(Pair { environment: environment.clone(), app: app.to_owned() }) {
            Ok(stays) => Box::new(stays),
            Err(error) => Box::new(iter::once(Err(error))),
        }
    }

    fn standing(&self, environment: &EnvironmentName, app: &str) -> Option<State> {
        let pair = Pair { environment: environment.clone(), app: app.to_owned() };
        self.model(&pair).app(environment, app)?.state.ok()
    }

    fn holds(&self, environment: &EnvironmentName, app: &str) -> Vec<Hold> {
        let counts = |hold: &&Hold| {
            let above = || self.repository.ladder.above(&hold.environment);
            hold.app == app && (hold.environment == *environment || above().contains(environment))
        };
        self.holds.iter().filter(counts).cloned().collect()
    }
}
