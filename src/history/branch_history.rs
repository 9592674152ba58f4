//! What environments have said on a branch.

use std::cell::RefCell;

use super::tenures::Tenures;
use super::walk::Walk;
use super::{Tenure, merged_commits, record};
use crate::config::{EnvironmentName, Repository};
use crate::git::{CommitHistory, HistoryError, ObjectDatabase, ObjectName};
use crate::sites::{AppInstance, Model, ModelScope, State};
use crate::source::Tree;

/// A branch's commits.
#[derive(Clone, Copy)]
pub struct Commits<'a> {
    /// The newest commit.
    pub tip: &'a ObjectName,
    /// Its history.
    pub history: &'a dyn CommitHistory,
    /// Its objects.
    pub objects: &'a dyn ObjectDatabase,
}

/// What is known of the past. "Not known", as before the edge of a shallow
/// clone, is an answer too; nothing is guessed.
pub trait History {
    /// Whether anything is known besides the present states.
    fn is_known(&self) -> bool;

    /// The tenures of an app in an environment, newest first; empty if the
    /// environment never had the app. Reads only as far as the iterator goes.
    fn tenures<'h>(
        &'h self,
        environment: &EnvironmentName,
        app: &str,
    ) -> Box<dyn Iterator<Item = Result<Tenure, HistoryError>> + 'h>;

    /// The states of these tenures, newest first. Each is known before its start is,
    /// so that less is read.
    fn states<'h>(
        &'h self,
        environment: &EnvironmentName,
        app: &str,
    ) -> Box<dyn Iterator<Item = Result<Option<State>, HistoryError>> + 'h>;

    /// The number of the newest build of an image that a record names for an
    /// app in an environment; none if no record does.
    fn newest_sequence(
        &self,
        environment: &EnvironmentName,
        app: &str,
        image: &str,
    ) -> Result<Option<u64>, HistoryError>;
}

/// What is known of a branch's past, from its tip's files and configuration and
/// from its commits. Old files are read with the tip's configuration.
///
/// One walk answers for all apps of a model: each step back is read once, however
/// many apps are asked about, and in whatever order.
pub struct BranchHistory<'a> {
    repository: &'a Repository,
    tree: &'a Tree,
    /// The sites at the tip, of the apps that are asked about.
    model: &'a Model,
    /// None for files without a commit, whose past is not known.
    commits: Option<Commits<'a>>,
    /// Started by the first question.
    tenures: RefCell<Option<Tenures<'a>>>,
}

impl<'a> BranchHistory<'a> {
    /// The history of the branch whose tip has these files, this configuration and,
    /// of the apps that will be asked about, these sites.
    pub fn new(
        repository: &'a Repository,
        tree: &'a Tree,
        model: &'a Model,
        commits: Option<Commits<'a>>,
    ) -> Self {
        Self { repository, tree, model, commits, tenures: RefCell::new(None) }
    }

    /// Asks the walk, which an error keeps from starting.
    fn ask<T>(
        &self,
        at: usize,
        ask: impl FnOnce(&mut Tenures<'a>) -> Option<Result<T, HistoryError>>,
    ) -> Option<Result<T, HistoryError>> {
        let mut tenures = self.tenures.borrow_mut();
        match &mut *tenures {
            Some(tenures) => ask(tenures),
            none => match self.walk() {
                Ok(walk) => ask(none.insert(Tenures::new(walk))),
                // Nothing is known after an error.
                Err(error) => (at == 0).then_some(Err(error)),
            },
        }
    }

    fn walk(&self) -> Result<Walk<'a>, HistoryError> {
        let Commits { tip, history, .. } = self.commits()?;
        let steps = history.steps(tip, &self.model.paths())?;
        Ok(Walk::new(history, steps, self.model.clone()))
    }

    fn model(&self, instance: &AppInstance) -> Model {
        let scope = ModelScope::app(&instance.app, [instance.environment.clone()]);
        Model::of_tree(self.repository, self.tree, &scope)
    }

    fn commits(&self) -> Result<Commits<'a>, HistoryError> {
        let without = || HistoryError::Failed("there is no commit to start at".to_owned());
        self.commits.ok_or_else(without)
    }
}

impl History for BranchHistory<'_> {
    fn is_known(&self) -> bool {
        self.commits.is_some()
    }

    fn tenures<'h>(
        &'h self,
        environment: &EnvironmentName,
        app: &str,
    ) -> Box<dyn Iterator<Item = Result<Tenure, HistoryError>> + 'h> {
        let instance = AppInstance::new(environment, app);
        Box::new((0..).map_while(move |at| self.ask(at, |all| all.tenure(&instance, at))))
    }

    fn states<'h>(
        &'h self,
        environment: &EnvironmentName,
        app: &str,
    ) -> Box<dyn Iterator<Item = Result<Option<State>, HistoryError>> + 'h> {
        let instance = AppInstance::new(environment, app);
        Box::new((0..).map_while(move |at| self.ask(at, |all| all.state(&instance, at))))
    }

    fn newest_sequence(
        &self,
        environment: &EnvironmentName,
        app: &str,
        image: &str,
    ) -> Result<Option<u64>, HistoryError> {
        let Commits { tip, history, objects } = self.commits()?;
        let paths = self.model(&AppInstance::new(environment, app)).paths();
        for step in history.steps(tip, &paths)? {
            for message in merged_commits::messages(objects, &step?)? {
                let records = record::read(&message).into_iter().rev();
                let of_app =
                    records.filter(|one| one.app == app && one.environment == *environment);
                let mut numbers = of_app.flat_map(|record| record.sequences);
                if let Some((_, number)) = numbers.find(|(key, _)| key == image) {
                    return Ok(Some(number));
                }
            }
        }
        Ok(None)
    }
}
