//! What environments have said on a branch.

use std::cell::{RefCell, RefMut};
use std::collections::BTreeMap;

use jiff::Timestamp;

use super::possible_times::{BranchDates, PossibleTimes};
use super::record::Record;
use super::tenures::Tenures;
use super::walk::Walk;
use super::{Tenure, changed_holds, merged_commits, record};
use crate::config::{EnvironmentName, Repository};
use crate::git::{BranchStep, CommitHistory, HistoryError, ObjectDatabase, ObjectName};
use crate::holds;
use crate::sites::{AppInstance, Model, ModelScope, State};
use crate::source::{RepoPath, Tree};

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

impl Commits<'_> {
    /// Whether a commit is one of the branch itself, and not only merged into it.
    pub fn contain(&self, commit: &ObjectName) -> Result<bool, HistoryError> {
        let position = self.history.positions(self.tip)?.position(commit, usize::MAX)?;
        Ok(position.is_some())
    }
}

/// What is known of the past. "Not known", as before the edge of a shallow
/// clone, is an answer too; nothing is guessed.
pub trait History: BranchDates {
    /// Whether anything is known besides the present states.
    fn is_known(&self) -> bool;

    /// Whether the branch was rewritten since this clone saw it last.
    fn is_rewritten(&self) -> bool;

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

    /// The commits of the branch that changed something at or below a path, newest first. Reads
    /// only as far as the iterator goes.
    fn steps<'h>(
        &'h self,
        path: &RepoPath,
    ) -> Box<dyn Iterator<Item = Result<BranchStep, HistoryError>> + 'h>;

    /// The number of the newest build of an image that a record names for an
    /// app in an environment; none if no record does.
    fn newest_sequence(
        &self,
        environment: &EnvironmentName,
        app: &str,
        image: &str,
    ) -> Result<Option<u64>, HistoryError>;

    /// The commit that the newest record of an app in an environment names for a key; none if
    /// no record does.
    fn newest_source_commit(
        &self,
        environment: &EnvironmentName,
        app: &str,
        key: &str,
    ) -> Result<Option<String>, HistoryError>;

    /// Whether a hold of an app that kept `state` out of an environment was lifted after a
    /// commit of the branch: a hold of the environment or of one before it. One that ended by
    /// itself was not.
    fn was_lifted(
        &self,
        environment: &EnvironmentName,
        app: &str,
        state: &State,
        after: &ObjectName,
    ) -> Result<bool, HistoryError>;
}

/// What is known of a branch's past, from its tip's files and configuration and
/// from its commits. Old files are read with the tip's configuration.
///
/// What was read once is remembered. With an index, each app in each environment has a
/// walk of its own. Git is asked in two ways: a few apps are found fastest by a walk for
/// each environment that has them, which git limits to a few files; many are found by
/// one walk through all changes, whatever their order.
pub struct BranchHistory<'a> {
    repository: &'a Repository,
    tree: &'a Tree,
    /// The sites at the tip, of all apps that may be asked about.
    model: &'a Model,
    /// None for files without a commit, whose past is not known.
    commits: Option<Commits<'a>>,
    asked: AskedApps,
    /// The walks that were started: for an app in an environment, or for all others.
    walks: RefCell<BTreeMap<Option<AppInstance>, Tenures<'a>>>,
    /// The times of the branch's commits, once somebody asks.
    times: RefCell<Option<PossibleTimes<'a>>>,
    /// The tip that was seen last, if the branch was rewritten since.
    replaced: Option<&'a ObjectName>,
}

/// How many of the apps are asked about, as far as that is known before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedApps {
    /// A few of them, or in some of their environments only.
    Few,
    /// Nearly all of them, in nearly all environments.
    Most,
}

/// The walks for one app in one environment that are started before one is for all
/// others. Each is two processes of git, which stay as long as they may be continued.
const MOST_APART: usize = 8;

/// The most walks that are kept, beside one for all. Whoever asks about all apps asks
/// about one after the other, and an index starts a walk again in no time.
const MOST_KEPT: usize = 256;

impl<'a> BranchHistory<'a> {
    /// The history of the branch whose tip has these files, this configuration and,
    /// of all apps that may be asked about, these sites.
    pub fn new(
        repository: &'a Repository,
        tree: &'a Tree,
        model: &'a Model,
        commits: Option<Commits<'a>>,
        asked: AskedApps,
    ) -> Self {
        if let (Some(commits), AskedApps::Most) = (&commits, asked) {
            commits.history.expect_many();
        }
        let (walks, times) = (RefCell::default(), RefCell::default());
        Self { repository, tree, model, commits, asked, walks, times, replaced: None }
    }

    /// The same of a branch that was rewritten since `tip` was seen.
    #[must_use]
    pub fn replacing(self, tip: Option<&'a ObjectName>) -> Self {
        Self { replaced: tip, ..self }
    }

    /// Asks the walk that finds an app's tenures. An error that keeps it from starting
    /// takes the place of the first answer.
    fn ask<T>(
        &self,
        instance: &AppInstance,
        at: usize,
        ask: impl FnOnce(&mut Tenures<'a>) -> Option<Result<T, HistoryError>>,
    ) -> Option<Result<T, HistoryError>> {
        match self.started(instance) {
            Ok(mut started) => ask(&mut started),
            Err(error) => (at == 0).then_some(Err(error)),
        }
    }

    /// The walk that finds an app's tenures, which is started if it was not.
    fn started(&self, instance: &AppInstance) -> Result<RefMut<'_, Tenures<'a>>, HistoryError> {
        let mut walks = self.walks.borrow_mut();
        let mut place = Some(instance.clone());
        if !walks.contains_key(&place) {
            if walks.len() >= MOST_KEPT {
                walks.retain(|place, _| place.is_none());
            }
            let alone = self.model_alone(instance, walks.len());
            place = place.filter(|_| alone.is_some());
            if !walks.contains_key(&place) {
                let model = alone.unwrap_or_else(|| self.model.clone());
                let Commits { tip, history, .. } = self.commits()?;
                walks.insert(
                    place.clone(),
                    Tenures::new(Walk::new(history, tip, model, &[])?, &self.repository.mirrors),
                );
            }
        }
        Ok(RefMut::map(walks, |walks| walks.get_mut(&place).expect("it was started")))
    }

    /// The sites that a walk for an app alone follows; none if one walk for all is better,
    /// after that many others were started.
    fn model_alone(&self, instance: &AppInstance, started: usize) -> Option<Model> {
        // An index finds the steps of a few files without any others. Where blobs are fetched,
        // those for all apps are fetched at once.
        let is_indexed = || {
            self.commits.is_some_and(|Commits { tip, history, .. }| {
                !history.fetches_blobs() && history.is_indexed(tip)
            })
        };
        match self.asked {
            AskedApps::Few if started < MOST_APART => Some(self.model_of(instance)),
            AskedApps::Few | AskedApps::Most => {
                is_indexed().then(|| self.model.narrowed(instance)).flatten()
            }
        }
    }

    fn model_of(&self, instance: &AppInstance) -> Model {
        self.model.narrowed(instance).unwrap_or_else(|| {
            let scope = ModelScope::app(&instance.app, [instance.environment.clone()]);
            Model::of_tree(self.repository, self.tree, &scope)
        })
    }

    /// What the newest record of an app in an environment says, of those that say it.
    fn newest_of_records<T>(
        &self,
        tip: &ObjectName,
        environment: &EnvironmentName,
        app: &str,
        find: impl Fn(Record) -> Option<T>,
    ) -> Result<Option<T>, HistoryError> {
        let Commits { history, objects, .. } = self.commits()?;
        let paths = self.model_of(&AppInstance::new(environment, app)).paths();
        for step in history.steps(tip, &paths)? {
            for message in merged_commits::messages(objects, &step?)? {
                let records = record::read(&message).into_iter().rev();
                let mut of_app =
                    records.filter(|one| one.app == app && one.environment == *environment);
                if let Some(found) = of_app.find_map(&find) {
                    return Ok(Some(found));
                }
            }
        }
        Ok(None)
    }

    /// Asks the times of the branch's commits.
    fn ask_times<T>(
        &self,
        ask: impl FnOnce(&mut PossibleTimes<'a>) -> Result<T, HistoryError>,
    ) -> Result<T, HistoryError> {
        let mut times = self.times.borrow_mut();
        if times.is_none() {
            let Commits { tip, history, .. } = self.commits()?;
            *times = Some(PossibleTimes::new(history.times(tip)?));
        }
        ask(times.as_mut().expect("it was just made"))
    }

    fn commits(&self) -> Result<Commits<'a>, HistoryError> {
        self.commits.ok_or(HistoryError::NoCommit)
    }
}

impl History for BranchHistory<'_> {
    fn is_known(&self) -> bool {
        self.commits.is_some()
    }

    fn is_rewritten(&self) -> bool {
        self.replaced.is_some()
    }

    fn tenures<'h>(
        &'h self,
        environment: &EnvironmentName,
        app: &str,
    ) -> Box<dyn Iterator<Item = Result<Tenure, HistoryError>> + 'h> {
        let instance = AppInstance::new(environment, app);
        Box::new(
            (0..).map_while(move |at| self.ask(&instance, at, |walk| walk.tenure(&instance, at))),
        )
    }

    fn states<'h>(
        &'h self,
        environment: &EnvironmentName,
        app: &str,
    ) -> Box<dyn Iterator<Item = Result<Option<State>, HistoryError>> + 'h> {
        let instance = AppInstance::new(environment, app);
        Box::new(
            (0..).map_while(move |at| self.ask(&instance, at, |walk| walk.state(&instance, at))),
        )
    }

    fn steps<'h>(
        &'h self,
        path: &RepoPath,
    ) -> Box<dyn Iterator<Item = Result<BranchStep, HistoryError>> + 'h> {
        let steps = self.commits().and_then(|Commits { tip, history, .. }| {
            history.steps(tip, std::slice::from_ref(path))
        });
        steps.unwrap_or_else(|error| Box::new(std::iter::once(Err(error))))
    }

    fn newest_sequence(
        &self,
        environment: &EnvironmentName,
        app: &str,
        image: &str,
    ) -> Result<Option<u64>, HistoryError> {
        // What was set before the branch was rewritten was set.
        let tips = std::iter::once(self.commits()?.tip).chain(self.replaced);
        let newest = tips.map(|tip| {
            self.newest_of_records(tip, environment, app, |record| {
                let mut numbers = record.sequences.into_iter();
                numbers.find_map(|(key, number)| (key == image).then_some(number))
            })
        });
        Ok(newest.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().max())
    }

    fn newest_source_commit(
        &self,
        environment: &EnvironmentName,
        app: &str,
        key: &str,
    ) -> Result<Option<String>, HistoryError> {
        self.newest_of_records(self.commits()?.tip, environment, app, |record| {
            let mut commits = record.source_commits.into_iter();
            commits.find_map(|(of, commit)| (of == key).then_some(commit))
        })
    }

    fn was_lifted(
        &self,
        environment: &EnvironmentName,
        app: &str,
        state: &State,
        after: &ObjectName,
    ) -> Result<bool, HistoryError> {
        let Commits { tip, history, .. } = self.commits()?;
        let mut positions = history.positions(tip)?;
        let Some(end) = positions.position(after, usize::MAX)? else { return Ok(false) };
        let environments = holds::environments_against(self.repository, environment);
        let paths = environments.filter_map(|one| holds::path(one, app));
        for step in history.steps(tip, &paths.collect::<Vec<_>>())? {
            let step = match step {
                // Nothing that was lifted is known beyond the clone.
                Err(HistoryError::Shallow { .. }) => break,
                step => step?,
            };
            if positions.position(&step.id, end)?.is_none() {
                break;
            }
            if changed_holds::frees(self.repository, history, &step, state)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl BranchDates for BranchHistory<'_> {
    fn possible_time(
        &self,
        commit: &ObjectName,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, HistoryError> {
        self.ask_times(|times| times.of(commit, now))
    }

    fn come_by(
        &self,
        commit: &ObjectName,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Timestamp, HistoryError> {
        self.ask_times(|times| times.come_by(commit, since, now))
    }

    fn is_before(&self, one: &ObjectName, other: &ObjectName) -> Result<bool, HistoryError> {
        self.ask_times(|times| {
            let other = times.position(other)?;
            let one = times.position(one)?;
            Ok(one.zip(other).is_some_and(|(one, other)| one > other))
        })
    }
}
