//! All of a branch's past at once: what each commit changed, and what was there before it.

use std::cell::OnceCell;
use std::collections::HashMap;

use jiff::Timestamp;

use super::changed_holds::{ChangedHoldFile, changed_files};
use super::commit_records::CommitClaims;
use super::possible_times::{BranchDates, come_by, latest_before, possible_time};
use super::tenures::OpenTenure;
use super::walk::{StateChange, StepChange, Walk};
use super::{Commits, Tenure};
use crate::config::{EnvironmentName, Mirrors, Repository};
use crate::git::{BranchStep, HistoryError, ObjectName};
use crate::holds::{self, Hold};
use crate::sites::{AppInstance, Model, ModelScope, State};
use crate::source::{RepoPath, Tree};

/// What every commit of a branch changed at the sites, back to its first commit or to the
/// edge of a shallow clone.
///
/// A [`BranchHistory`](super::BranchHistory) answers for the tip alone, and reads no further
/// than it is asked. Here every commit is one that something is asked about, so that all of
/// it is read once, and each answer is a look at what was read.
pub struct Timeline<'h> {
    commits: Commits<'h>,
    mirrors: &'h Mirrors,
    /// The commits that changed a state or a hold, the newest first.
    steps: Vec<StepChange>,
    /// The states of apps; those that never changed and are not at the tip are not there.
    states: HashMap<AppInstance, Versions<Option<State>>>,
    /// The holds in each file; none if it could not be read.
    holds: HashMap<RepoPath, Versions<Option<Vec<Hold>>>>,
    /// The command that fetches what is not in this clone; none if all of it is.
    fetch: Option<String>,
    /// Once somebody asks.
    times: OnceCell<BranchTimes>,
}

/// All commits of the branch with their times.
struct BranchTimes {
    /// The newest first.
    times: Vec<(ObjectName, Timestamp)>,
    /// The latest time of the commits that each is compared with.
    latest_before: Vec<Option<Timestamp>>,
    positions: HashMap<ObjectName, usize>,
}

/// Commits of a branch with their times, the newest first, and the position of one of them.
type DatedPosition<'t> = (&'t [(ObjectName, Timestamp)], usize);

/// What something was at each commit.
struct Versions<T> {
    tip: T,
    /// What it was before each commit that changed it, with the commit's position: the
    /// newest first.
    before: Vec<(usize, T)>,
}

impl<T> Versions<T> {
    fn new(tip: T) -> Self {
        Self { tip, before: Vec::new() }
    }

    /// What it was before the commit at a position, and what changed it before that.
    fn at(&self, position: usize) -> (&T, &[(usize, T)]) {
        let newer = self.before.partition_point(|(changed, _)| *changed <= position);
        let (newer, older) = self.before.split_at(newer);
        (newer.last().map_or(&self.tip, |(_, before)| before), older)
    }
}

impl<'h> Timeline<'h> {
    /// Reads the past of the branch whose tip has these files, by that configuration.
    /// `held` are the holds at the tip.
    ///
    /// # Errors
    ///
    /// Git fails. That a clone is shallow is not an error.
    pub fn read(
        repository: &'h Repository,
        tree: &Tree,
        commits: Commits<'h>,
        held: Vec<Hold>,
    ) -> Result<Self, HistoryError> {
        let model = Model::of_tree(repository, tree, &ModelScope::all());
        commits.history.expect_many();
        let beside = [holds::directory()];
        let mut walk = Walk::new(commits.history, commits.tip, model, &beside)?;
        let states = walk.start().into_iter();
        let mut timeline = Self {
            commits,
            mirrors: &repository.mirrors,
            steps: Vec::new(),
            states: states.map(|(instance, state)| (instance, Versions::new(state))).collect(),
            holds: versions_of(held),
            fetch: None,
            times: OnceCell::new(),
        };
        for change in walk {
            match change {
                Ok(change) => timeline.add(repository, change)?,
                Err(HistoryError::Shallow { fetch }) => timeline.fetch = Some(fetch),
                Err(error) => return Err(error),
            }
        }
        Ok(timeline)
    }

    fn add(&mut self, repository: &Repository, change: StepChange) -> Result<(), HistoryError> {
        let position = self.steps.len();
        let files = changed_files(repository, self.commits.history, &change.step)?;
        if change.changes.is_empty() && files.is_empty() {
            return Ok(());
        }
        for StateChange { instance, before, .. } in &change.changes {
            let absent = || Versions::new(Some(State::default()));
            let versions = self.states.entry(instance.clone()).or_insert_with(absent);
            versions.before.push((position, before.clone()));
        }
        for ChangedHoldFile { path, before, .. } in files {
            let versions =
                self.holds.entry(path).or_insert_with(|| Versions::new(Some(Vec::new())));
            versions.before.push((position, before));
        }
        self.steps.push(change);
        Ok(())
    }

    fn times(&self) -> Result<&BranchTimes, HistoryError> {
        if let Some(times) = self.times.get() {
            return Ok(times);
        }
        let Commits { tip, history, .. } = self.commits;
        let mut times = Vec::new();
        for time in history.times(tip)? {
            match time {
                Ok(time) => times.push(time),
                Err(HistoryError::Shallow { .. }) => break,
                Err(error) => return Err(error),
            }
        }
        let positions = times.iter().enumerate().map(|(at, (id, _))| (id.clone(), at)).collect();
        let latest_before = latest_before(&times);
        Ok(self.times.get_or_init(|| BranchTimes { times, latest_before, positions }))
    }

    /// The command that fetches what is not in this clone; none if all of it is.
    pub fn fetch(&self) -> Option<&str> {
        self.fetch.as_deref()
    }

    /// Every commit that changed a state, the newest first.
    pub fn moments(&self) -> impl Iterator<Item = PastMoment<'_>> {
        let moments = (0..self.steps.len()).map(|position| PastMoment { timeline: self, position });
        moments.filter(|moment| !moment.changes().is_empty())
    }
}

/// The holds of each file at the tip.
fn versions_of(held: Vec<Hold>) -> HashMap<RepoPath, Versions<Option<Vec<Hold>>>> {
    let mut files: HashMap<RepoPath, Vec<Hold>> = HashMap::new();
    for hold in held {
        files.entry(hold.location.path().clone()).or_default().push(hold);
    }
    files.into_iter().map(|(path, holds)| (path, Versions::new(Some(holds)))).collect()
}

/// A commit of a branch, and what was known right before it.
#[derive(Clone, Copy)]
pub struct PastMoment<'t> {
    timeline: &'t Timeline<'t>,
    position: usize,
}

impl<'t> PastMoment<'t> {
    /// The commit and its files.
    pub fn step(self) -> &'t BranchStep {
        &self.timeline.steps[self.position].step
    }

    /// What it changed at the sites.
    pub fn changes(self) -> &'t [StateChange] {
        &self.timeline.steps[self.position].changes
    }

    /// An app's state in an environment before the commit: empty if it was not there, none if
    /// it could not be read.
    pub fn state(self, environment: &EnvironmentName, app: &str) -> Option<State> {
        let versions = self.timeline.states.get(&AppInstance::new(environment, app));
        versions.map_or_else(|| Some(State::default()), |one| one.at(self.position).0.clone())
    }

    /// The tenures of an app in an environment up to the commit, the newest first, as
    /// [`History::tenures`](super::History::tenures) has them for the commit before it.
    pub fn tenures(
        self,
        environment: &EnvironmentName,
        app: &str,
    ) -> impl Iterator<Item = Tenure> + use<'t> {
        let Self { timeline, position } = self;
        let versions = timeline.states.get(&AppInstance::new(environment, app));
        let (state, older) = versions.map_or((None, &[][..]), |versions| {
            let (state, older) = versions.at(position);
            (Some(state.clone()), older)
        });
        let mut older = older.iter();
        let mut open = Some(OpenTenure::new(state.unwrap_or_else(|| Some(State::default()))));
        std::iter::from_fn(move || {
            for (changed, before) in older.by_ref() {
                let step = &timeline.steps[*changed].step;
                let started = open.as_mut()?.undo(step, before.clone(), timeline.mirrors);
                if started.is_some() {
                    return started;
                }
            }
            // What was there before the first commit is nothing.
            Some(open.take()?.cut_off(timeline.fetch.clone()?))
        })
    }

    /// Whether there ever was a hold. Looking for those of an app takes longer than this.
    pub fn has_holds(self) -> bool {
        !self.timeline.holds.is_empty()
    }

    /// The holds in a file before the commit. One that could not be read has none: whoever set
    /// holds in it got an error.
    pub fn holds(self, path: &RepoPath) -> &'t [Hold] {
        let versions = self.timeline.holds.get(path);
        versions.and_then(|one| one.at(self.position).0.as_deref()).unwrap_or_default()
    }

    /// Whether the last hold on a state in a file was lifted between another commit and this
    /// one.
    pub fn was_lifted(self, path: &RepoPath, state: &State, after: &ObjectName) -> bool {
        let Some(versions) = self.timeline.holds.get(path) else { return false };
        let holds_back = |holds: &Option<Vec<Hold>>| {
            Some(holds.as_ref()?.iter().any(|hold| hold.matches(state)))
        };
        let (mut next, older) = versions.at(self.position);
        let steps = &self.timeline.steps;
        let end = steps[self.position..].iter().position(|change| change.step.id == *after);
        let end = end.map_or(0, |end| self.position + end);
        for (_, before) in older.iter().take_while(|(changed, _)| *changed < end) {
            if holds_back(before) == Some(true) && holds_back(next) == Some(false) {
                return true;
            }
            next = before;
        }
        false
    }

    /// The branch up to the commit before this one, and where on it a commit is; none if it
    /// is not on it.
    fn position(self, commit: &ObjectName) -> Result<Option<DatedPosition<'t>>, HistoryError> {
        let BranchTimes { times, positions, .. } = self.timeline.times()?;
        let found = positions.get(commit).zip(positions.get(&self.step().id));
        let found = found.filter(|(at, own)| at > own);
        Ok(found.map(|(at, own)| (&times[own + 1..], at - own - 1)))
    }

    /// What the commit says about itself, with what it brought.
    pub fn claims(self) -> Result<CommitClaims, HistoryError> {
        CommitClaims::of(self.timeline.commits.objects, &self.step().id)
    }

    /// The bytes of a version of a file.
    pub fn blob(self, id: &ObjectName) -> Result<Vec<u8>, HistoryError> {
        self.timeline.commits.history.blob(id)
    }
}

/// Of the branch up to the commit before this one.
impl BranchDates for PastMoment<'_> {
    fn possible_time(
        &self,
        commit: &ObjectName,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, HistoryError> {
        let Some((branch, at)) = self.position(commit)? else { return Ok(None) };
        // Nearly every date is possible.
        let latest = &self.timeline.times()?.latest_before;
        let latest = latest[latest.len() - branch.len() + at];
        match branch[at].1 {
            time if latest.is_none_or(|latest| time >= latest) => Ok(Some(time)),
            _ => Ok(possible_time(branch, at, now)),
        }
    }

    fn come_by(
        &self,
        commit: &ObjectName,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Timestamp, HistoryError> {
        let found = self.position(commit)?;
        Ok(found.map_or(now, |(branch, at)| come_by(branch, at, since, now)))
    }

    fn is_before(&self, one: &ObjectName, other: &ObjectName) -> Result<bool, HistoryError> {
        let positions = &self.timeline.times()?.positions;
        Ok(positions.get(one).zip(positions.get(other)).is_some_and(|(one, other)| one > other))
    }
}
