//! What environments have said on a branch.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::tenures::Tenures;
use super::walk::Walk;
use super::{Tenure, audit, record};
use crate::config::{EnvironmentName, Repository};
use crate::git::{CommitHistory, HistoryError, ObjectDatabase, ObjectName};
use crate::sites::{AppInstance, Model, ModelScope};
use crate::source::Tree;

/// A branch's commits.
#[derive(Clone, Copy)]
pub struct Commits<'a> {
    /// The newest.
    pub tip: &'a ObjectName,
    /// Its history.
    pub history: &'a dyn CommitHistory,
    /// Its objects.
    pub objects: &'a dyn ObjectDatabase,
}

/// What is known of the past. What is not known, as before the edge of a shallow
/// clone, is an answer too, and never a guess.
pub trait History {
    /// Whether anything is known but what stands now.
    fn is_known(&self) -> bool;

    /// What an app's sites in an environment have said, the newest tenure first;
    /// nothing at all where the environment never had the app. Reads only as
    /// much history as the iterator is asked for.
    fn tenures<'h>(
        &'h self,
        environment: &EnvironmentName,
        app: &str,
    ) -> Box<dyn Iterator<Item = Result<Tenure, HistoryError>> + 'h>;

    /// The number of the newest build of an image that a record names for an
    /// app in an environment; none where none does.
    fn newest_sequence(
        &self,
        environment: &EnvironmentName,
        app: &str,
        image: &str,
    ) -> Result<Option<u64>, HistoryError>;
}

/// What is known of a branch's past, from its tip's files and configuration and
/// from its commits. Old files are read by the tip's configuration.
///
/// What was found out once is remembered.
pub struct BranchHistory<'a> {
    repository: &'a Repository,
    tree: &'a Tree,
    /// None where files without a commit are looked at: nothing is known then.
    commits: Option<Commits<'a>>,
    remembered: RefCell<BTreeMap<AppInstance, Remembered>>,
    /// The one walk that can go on, as each is a process of git.
    going: RefCell<Option<(AppInstance, Tenures<'a, Model>)>>,
}

/// The tenures of an app in an environment that were found so far.
#[derive(Default)]
struct Remembered {
    /// The newest first.
    tenures: Vec<Result<Tenure, HistoryError>>,
    is_complete: bool,
}

impl<'a> BranchHistory<'a> {
    /// Of the branch whose tip has these files and this configuration.
    pub fn new(repository: &'a Repository, tree: &'a Tree, commits: Option<Commits<'a>>) -> Self {
        let (remembered, going) = (RefCell::default(), RefCell::new(None));
        Self { repository, tree, commits, remembered, going }
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
                    // Nothing is known behind an error.
                    remembered.is_complete = tenure.is_err();
                    remembered.tenures.push(tenure);
                }
                None => remembered.is_complete = true,
            }
        }
    }

    /// The tenure behind as many as are remembered.
    fn next_after(
        &self,
        instance: &AppInstance,
        known: usize,
    ) -> Option<Result<Tenure, HistoryError>> {
        let mut going = self.going.borrow_mut();
        match &mut *going {
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

    fn walk(&self, instance: &AppInstance) -> Result<Tenures<'a, Model>, HistoryError> {
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
        let without = || HistoryError::Failed("there is no commit to begin at".to_owned());
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
            for message in audit::messages(objects, &step?)? {
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
