//! What environments have said on a branch.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::tenures::Tenures;
use super::walk::Walk;
use super::{Tenure, merged_commits, record};
use crate::config::{EnvironmentName, Repository};
use crate::git::{CommitHistory, HistoryError, ObjectDatabase, ObjectName};
use crate::sites::{AppInstance, Model, ModelScope};
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
/// What was read once is remembered.
pub struct BranchHistory<'a> {
    repository: &'a Repository,
    tree: &'a Tree,
    /// None for files without a commit, whose past is not known.
    commits: Option<Commits<'a>>,
    remembered: RefCell<BTreeMap<AppInstance, Remembered>>,
    /// The one walk that can be continued: each is a process of git.
    ongoing: RefCell<Option<(AppInstance, Tenures<'a>)>>,
}

/// The tenures of an app in an environment that were found so far.
#[derive(Default)]
struct Remembered {
    /// The newest first.
    tenures: Vec<Result<Tenure, HistoryError>>,
    is_complete: bool,
}

impl<'a> BranchHistory<'a> {
    /// The history of the branch whose tip has these files and this
    /// configuration.
    pub fn new(repository: &'a Repository, tree: &'a Tree, commits: Option<Commits<'a>>) -> Self {
        let (remembered, ongoing) = (RefCell::default(), RefCell::new(None));
        Self { repository, tree, commits, remembered, ongoing }
    }

    /// The tenure of that index, from zero.
    fn tenure(&self, instance: &AppInstance, at: usize) -> Option<Result<Tenure, HistoryError>> {
        loop {
            let mut all = self.remembered.borrow_mut();
            let remembered = all.entry(instance.clone()).or_default();
            if remembered.tenures.len() > at || remembered.is_complete {
                return remembered.tenures.get(at).cloned();
            }
            match self.next_after(instance, remembered.tenures.len()) {
                Some(tenure) => {
                    // Nothing is known after an error.
                    remembered.is_complete = tenure.is_err();
                    remembered.tenures.push(tenure);
                }
                None => remembered.is_complete = true,
            }
        }
    }

    /// The tenure that follows the `known` newest ones.
    fn next_after(
        &self,
        instance: &AppInstance,
        known: usize,
    ) -> Option<Result<Tenure, HistoryError>> {
        let mut ongoing = self.ongoing.borrow_mut();
        match &mut *ongoing {
            Some((of, walk)) if of == instance => walk.next(),
            other => match self.walk(instance) {
                Ok(mut walk) => {
                    let next = walk.by_ref().nth(known);
                    *other = Some((instance.clone(), walk));
                    next
                }
                Err(error) => Some(Err(error)),
            },
        }
    }

    fn walk(&self, instance: &AppInstance) -> Result<Tenures<'a>, HistoryError> {
        let Commits { tip, history, .. } = self.commits()?;
        let model = self.model(instance);
        let steps = history.steps(tip, &model.paths())?;
        Ok(Tenures::new(Walk::new(history, steps, model), instance.clone()))
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
        Box::new((0..).map_while(move |at| self.tenure(&instance, at)))
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
