//! How a state enters an environment, and where it comes from.
//!
//! A promotion knows; of any other change it has to be found out. There is one type
//! for both, so that `gates --base` judges a branch by the same rules as the command
//! that made it.

use super::gates::{Evidence, Transition};
use super::select::{self, SelectedState};
use crate::config::{Environment, EnvironmentName, Repository, Selection};
use crate::git::{HistoryError, ObjectName};
use crate::history::{Action, Record, Source, Tenure, find_tenure};
use crate::sites::{State, WantedValues};

/// How a state enters an environment.
#[derive(Debug, Clone)]
pub(super) enum Arrival {
    /// References are set, as after a build.
    Set,
    /// A state of an environment below is promoted.
    Promotion(SelectedState),
    /// An earlier state is restored.
    Rollback,
}

impl Arrival {
    /// Where the state comes from; none if a person gave it.
    pub(super) fn source(&self) -> Option<&Source> {
        match self {
            Self::Promotion(selected) => Some(&selected.source),
            Self::Set | Self::Rollback => None,
        }
    }

    /// The arrival as gates judge it.
    pub(super) fn transition(&self) -> Transition<'_> {
        match self {
            Self::Set => Transition::Set,
            Self::Promotion(SelectedState { source, chosen, named, is_part }) => {
                let (from, is_part) = (&source.environment, *is_part);
                Transition::Promote { from, chosen: *chosen, named: *named, is_part }
            }
            Self::Rollback => Transition::Rollback,
        }
    }

    /// How the state of any change enters. The change's record is a claim: of a
    /// rollback it is believed if the target has had the state, and of a promotion if
    /// the environment that it names is below the target and has had it. So is that it
    /// reverts commits, as `git revert` writes it. Without such a record, the state comes from
    /// the first environment below that has it, or has had it.
    ///
    /// # Errors
    ///
    /// History ends before it bears out the claim, or before it is known where the
    /// state comes from.
    pub(super) fn of_change(
        arriving: &ArrivingState<'_>,
        record: Option<&Record>,
        reverts: &[ObjectName],
    ) -> Result<Self, HistoryError> {
        match record.map(|record| record.action) {
            Some(Action::Set) => Ok(Self::Set),
            Some(Action::Rollback) => arriving.rolled_back(),
            _ => match arriving.reverted(reverts)? {
                Some(rollback) => Ok(rollback),
                None => arriving.promoted(record),
            },
        }
    }
}

/// A state that enters by somebody's change.
pub(super) struct ArrivingState<'a> {
    /// The configuration at the base.
    pub(super) repository: &'a Repository,
    /// What is known of the base.
    pub(super) evidence: &'a dyn Evidence,
    /// The base's commit; none for the work tree.
    pub(super) base: Option<&'a ObjectName>,
    pub(super) target: &'a Environment,
    pub(super) app: &'a str,
    pub(super) state: &'a State,
    /// The app's state there at the base; none if the app is new there.
    pub(super) current: Option<&'a State>,
    /// What of the state has to come from one place.
    pub(super) enters: Entering,
}

/// What of a state enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entering {
    /// All of it.
    State,
    /// What differs from what is there.
    Changed,
}

impl ArrivingState<'_> {
    /// A rollback, if the target has had what is restored.
    fn rolled_back(&self) -> Result<Arrival, HistoryError> {
        let was_there = self.tenure_in_target()?;
        if was_there.is_some() { Ok(Arrival::Rollback) } else { self.promoted(None) }
    }

    /// The last time when the target had exactly this state, or everything of it that changes.
    pub(super) fn tenure_in_target(&self) -> Result<Option<Tenure>, HistoryError> {
        let tenures = self.evidence.tenures(&self.target.name, self.app);
        let mirrors = &self.repository.mirrors;
        let is_this = |state: &State| state.deploys_same(self.state, mirrors);
        let changed = WantedValues::of_state(self.state, self.current, mirrors).changed();
        let is_part =
            |state: &State| self.current.is_some() && !changed.is_empty() && changed.are_in(state);
        let is_it = |state: &State| is_this(state) || is_part(state);
        find_tenure(tenures, |one| one.state.as_ref().is_some_and(is_it))
    }

    /// A rollback, if one of the commits that the change says it reverts put an end to exactly
    /// this state.
    fn reverted(&self, reverts: &[ObjectName]) -> Result<Option<Arrival>, HistoryError> {
        if reverts.is_empty() {
            return Ok(None);
        }
        let mirrors = &self.repository.mirrors;
        let is_it = |tenure: &Tenure| {
            tenure.left.as_ref().is_some_and(|left| reverts.contains(left))
                && tenure.state.as_ref().is_some_and(|one| one.deploys_same(self.state, mirrors))
        };
        let tenures = self.evidence.tenures(&self.target.name, self.app);
        Ok(find_tenure(tenures, is_it)?.map(|_| Arrival::Rollback))
    }

    fn promoted(&self, record: Option<&Record>) -> Result<Arrival, HistoryError> {
        let named = record.is_some_and(|record| record.names_state);
        // Unless a state counts that has left, it is enough to know what is there now.
        let counts_if_left = named || self.target.select == Selection::NewestEligible;
        let as_needed = |found: Result<Option<Source>, HistoryError>| match found {
            Err(_) if !counts_if_left => Ok(None),
            found => found,
        };
        if let Some((record, from)) = record.and_then(|one| Some((one, one.source.as_ref()?)))
            && let Some((source, is_part)) = self.claimed(&from.environment, &as_needed)?
        {
            let chosen = record.names_source;
            return Ok(Arrival::Promotion(SelectedState { source, chosen, named, is_part }));
        }
        let sources = select::sources(self.repository, self.target, self.app, self.evidence);
        let Ok(sources) = sources else { return Ok(Arrival::Set) };
        let source = as_needed(self.of_sources(&sources))?;
        Ok(source.map_or(Arrival::Set, |source| {
            let (chosen, named, is_part) = (false, false, false);
            Arrival::Promotion(SelectedState { source, chosen, named, is_part })
        }))
    }

    /// The source that a record names, and whether only a part of its state enters; none if it
    /// is not below the target, or never had what enters.
    fn claimed(
        &self,
        from: &EnvironmentName,
        as_needed: &dyn Fn(
            Result<Option<Source>, HistoryError>,
        ) -> Result<Option<Source>, HistoryError>,
    ) -> Result<Option<(Source, bool)>, HistoryError> {
        if select::named_source(self.repository, self.target, from).is_err() {
            return Ok(None);
        }
        let part = Self { enters: Entering::Changed, ..*self };
        for (entering, is_part) in [(self, false), (&part, true)] {
            let found = match entering.current(from) {
                Some(source) => Some(source),
                None => as_needed(entering.earlier(from))?,
            };
            if let Some(source) = found {
                return Ok(Some((source, is_part)));
            }
        }
        Ok(None)
    }

    /// The first of several environments that has the state; otherwise the first that
    /// has had it.
    fn of_sources(&self, sources: &[EnvironmentName]) -> Result<Option<Source>, HistoryError> {
        if let Some(source) = sources.iter().find_map(|environment| self.current(environment)) {
            return Ok(Some(source));
        }
        sources.iter().find_map(|environment| self.earlier(environment).transpose()).transpose()
    }

    /// Whether an environment with this state has what enters. Nothing comes from nowhere.
    fn is_in(&self, state: &State) -> bool {
        let wanted = WantedValues::of_state(self.state, self.current, &self.repository.mirrors);
        let wanted = match self.enters {
            Entering::State => wanted,
            Entering::Changed => wanted.changed(),
        };
        !wanted.is_empty() && wanted.are_in(state)
    }

    /// An environment at the base, if it has the state there.
    fn current(&self, environment: &EnvironmentName) -> Option<Source> {
        self.evidence.current(environment, self.app).filter(|state| self.is_in(state))?;
        Some(Source { environment: environment.clone(), commit: self.base.cloned() })
    }

    /// An environment when it had the state last.
    fn earlier(&self, environment: &EnvironmentName) -> Result<Option<Source>, HistoryError> {
        let tenures = self.evidence.tenures(environment, self.app);
        let has_state = |state: &State| self.is_in(state);
        let tenure = find_tenure(tenures, |one| one.state.as_ref().is_some_and(has_state))?;
        let Some(tenure) = tenure else { return Ok(None) };
        let commit = select::commit_of(&tenure, self.base)?;
        Ok(Some(Source { environment: environment.clone(), commit }))
    }
}
