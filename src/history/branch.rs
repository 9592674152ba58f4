//! What environments have said on a branch.

use std::iter;

use super::tenures::Tenures;
use super::walk::Walk;
use super::{Tenure, audit, record};
use crate::config::{EnvironmentName, Repository};
use crate::diagnostic::Findings;
use crate::git::{CommitHistory, HistoryError, ObjectName, Objects};
use crate::holds::{self, Hold};
use crate::sites::{AppInstance, Model, Scope, State};
use crate::source::Tree;

/// What environments have said over time.
pub trait History {
    /// What an app's sites in an environment have said, the newest stay first;
    /// nothing at all where the environment never had the app. Reads only as
    /// much history as the iterator is asked for.
    fn tenures<'p>(
        &'p self,
        environment: &EnvironmentName,
        app: &str,
    ) -> Box<dyn Iterator<Item = Result<Tenure, HistoryError>> + 'p>;

    /// What an app's sites in an environment say at the base; none where it is
    /// not there.
    fn current(&self, environment: &EnvironmentName, app: &str) -> Option<State>;

    /// The states that must not enter an environment, those of its own and of
    /// every environment before it.
    fn holds(&self, environment: &EnvironmentName, app: &str) -> Vec<Hold>;
}

/// What is known of the past of a branch: from its tip's files, configuration
/// and holds, and from its history. Old files are read by the tip's
/// configuration.
pub struct BranchHistory<'a> {
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
    pub history: &'a dyn CommitHistory,
    /// Its objects.
    pub objects: &'a dyn Objects,
}

impl<'a> BranchHistory<'a> {
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
        Ok(Self { repository, tree, commits, holds: holds::all(tree, repository)? })
    }

    fn model(&self, instance: &AppInstance) -> Model {
        let scope = Scope::app(&instance.app, [instance.environment.clone()]);
        Model::of_tree(self.repository, self.tree, &scope)
    }

    fn commits(&self) -> Result<Commits<'a>, HistoryError> {
        let without = || HistoryError::Failed("there is no commit to begin at".to_owned());
        self.commits.ok_or_else(without)
    }

    fn tenures_of(&self, instance: AppInstance) -> Result<Tenures<'a, Model>, HistoryError> {
        let Commits { tip, history, .. } = self.commits()?;
        let model = self.model(&instance);
        let steps = history.steps(tip, &model.paths())?;
        Ok(Tenures::new(Walk::new(history, steps, model), instance))
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
        let instance = AppInstance { environment: environment.clone(), app: app.to_owned() };
        let paths = self.model(&instance).paths();
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
    ) -> impl Iterator<Item = Result<Tenure, HistoryError>> + 'p {
        let mut known: Vec<State> = self.current(environment, app).into_iter().collect();
        self.tenures(environment, app).filter(move |tenure| {
            let Ok(Tenure { state, .. }) = tenure else { return true };
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

impl History for BranchHistory<'_> {
    fn tenures<'p>(
        &'p self,
        environment: &EnvironmentName,
        app: &str,
    ) -> Box<dyn Iterator<Item = Result<Tenure, HistoryError>> + 'p> {
        match self.tenures_of(AppInstance { environment: environment.clone(), app: app.to_owned() })
        {
            Ok(tenures) => Box::new(tenures),
            Err(error) => Box::new(iter::once(Err(error))),
        }
    }

    fn current(&self, environment: &EnvironmentName, app: &str) -> Option<State> {
        let instance = AppInstance { environment: environment.clone(), app: app.to_owned() };
        self.model(&instance).app(environment, app)?.state.ok()
    }

    fn holds(&self, environment: &EnvironmentName, app: &str) -> Vec<Hold> {
        let counts = |hold: &&Hold| {
            let above = || self.repository.ladder.above(&hold.environment);
            hold.app == app && (hold.environment == *environment || above().contains(environment))
        };
        self.holds.iter().filter(counts).cloned().collect()
    }
}
