//! What the gates would have said of every change of a branch's past.
//!
//! The gates are those of today's configuration, and judge each change by what was known
//! right before it: the states below, since when they had been there, the holds. A change's
//! own record says how it was made, with which ticket, and what it overrode. What history
//! does not tell (the results of checks, approvals, values) is counted as not known, and
//! nothing is rendered.

mod place;
mod replayed_base;

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde::Serialize;

use super::Override;
use super::arrival::{Arrival, ArrivingState, Entering};
use super::gates::words::history;
use super::gates::{Answer, Candidate, FoundValue, Gate, Values};
use super::verdict::{Verdict, judge, worst};
use crate::config::{Environment, EnvironmentName, Gates, Repository, Side, Trust, ValueRoute};
use crate::diagnostic::{Findings, ProblemKind};
use crate::git::{HistoryError, ObjectName, Signature};
use crate::history::audit::Changed;
use crate::history::{
    self, Action, CommitClaims, Commits, PastMoment, Record, RecordedOverride, StateChange,
    Timeline,
};
use crate::holds;
use crate::sites::{State, StateReference, UnboundEnvironments};
use crate::source::{Location, Tree};

use replayed_base::ReplayedBase;

/// Which changes are judged.
pub struct ReplayQuery<'a> {
    /// The earliest time.
    pub since: Timestamp,
    /// The environment that they enter; none for all of them.
    pub environment: Option<&'a EnvironmentName>,
}

/// What the gates would have said.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Replay {
    /// The time since when changes were judged.
    pub since: Timestamp,
    /// The only environment whose changes were judged; none if all were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentName>,
    /// The changes that were judged.
    pub judged: ChangeTally,
    /// What each gate would have said of them, in the order of [`Gate::ALL`]; only the gates
    /// that judged one.
    pub gates: Vec<GateTally>,
    /// The changes that would not simply have entered, the newest first.
    pub changes: Vec<ReplayedChange>,
    /// The command that fetches the history that is not in this clone; none if all of it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fetch: Option<String>,
}

/// The number of changes, by what would have become of them.
#[derive(Debug, Default, Serialize)]
pub struct ChangeTally {
    /// Every gate would have passed.
    pub passed: usize,
    /// A gate would have failed.
    pub failed: usize,
    /// A gate would have waited, and none would have failed.
    pub waited: usize,
    /// The change's record overrides what would have kept it out.
    pub overridden: usize,
    /// The sites could not be read after it.
    pub unreadable: usize,
}

impl ChangeTally {
    /// All of them.
    pub fn total(&self) -> usize {
        self.passed + self.failed + self.waited + self.overridden + self.unreadable
    }
}

/// What a gate would have said, by the number of changes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GateTally {
    /// The gate.
    pub gate: Gate,
    /// It would have passed.
    pub passed: usize,
    /// It would have failed.
    pub failed: usize,
    /// It would have waited.
    pub waited: usize,
    /// It would not have passed, and the change's record overrides it.
    pub overridden: usize,
    /// Its answer is not known from history.
    pub not_known: usize,
}

/// A change that would not simply have entered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplayedChange {
    /// When the branch got it, by the committer's clock.
    pub at: Timestamp,
    /// The branch's commit.
    pub commit: ObjectName,
    /// The author of the change.
    pub author: Signature,
    /// The environment.
    pub environment: EnvironmentName,
    /// The app.
    pub app: String,
    /// How it was judged: as references that are set, as a promotion or as a rollback.
    pub action: Action,
    /// What the sites said before and say after, by key.
    pub changes: Vec<Changed>,
    /// The first place that the change changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Location>,
    /// Whether its sites could not be read after it, so that no gate can judge it.
    pub unreadable: bool,
    /// The verdicts of the gates that would not have passed.
    pub gates: Vec<Verdict>,
}

/// Judges every change of the branch whose tip has these files, by the gates of a
/// configuration. The branch's first commit is what all others are judged against, and is not
/// judged itself. `watch` is told of each commit that was judged.
///
/// # Errors
///
/// The holds at the tip or the history cannot be read. That a clone is shallow is not an
/// error.
pub fn replay(
    repository: &Repository,
    tree: &Tree,
    commits: Commits<'_>,
    query: &ReplayQuery<'_>,
    watch: &dyn Fn(),
) -> Result<Replay, Findings> {
    let held = holds::all(tree, repository)?;
    let failed =
        |error: HistoryError| Findings::from(history::finding(&error, &repository.location));
    let timeline = Timeline::read(repository, tree, commits, held).map_err(failed)?;
    let mut replayer = Replayer {
        repository,
        unbound: UnboundEnvironments::new(repository, tree),
        environments: repository.environments.iter().map(|one| (&one.name, one)).collect(),
        gates: BTreeMap::new(),
        replay: Replay {
            since: query.since,
            environment: query.environment.cloned(),
            judged: ChangeTally::default(),
            gates: Vec::new(),
            changes: Vec::new(),
            fetch: timeline.fetch().map(str::to_owned),
        },
    };
    for moment in timeline.moments() {
        let step = moment.step();
        // Whatever stands before the first commit, it is nothing to judge it against.
        if step.at >= query.since && step.before.is_some() {
            replayer.replay_commit(moment, query).map_err(failed)?;
            watch();
        }
    }
    Ok(Replay { gates: replayer.gates.into_values().collect(), ..replayer.replay })
}

/// Judges one change after the other, and counts.
struct Replayer<'a> {
    repository: &'a Repository,
    unbound: UnboundEnvironments<'a>,
    environments: HashMap<&'a EnvironmentName, &'a Environment>,
    gates: BTreeMap<Gate, GateTally>,
    replay: Replay,
}

impl Replayer<'_> {
    fn replay_commit(
        &mut self,
        moment: PastMoment<'_>,
        query: &ReplayQuery<'_>,
    ) -> Result<(), HistoryError> {
        let is_wanted = |change: &&StateChange| {
            query.environment.is_none_or(|wanted| change.instance.environment == *wanted)
        };
        let mut claims: Option<CommitClaims> = None;
        for change in moment.changes().iter().filter(is_wanted) {
            let Some(target) = self.environments.get(&change.instance.environment).copied() else {
                continue;
            };
            let claims = match &mut claims {
                Some(claims) => claims,
                none => none.insert(moment.claims()?),
            };
            let (author, record) = claims.about(change);
            let said = (record, &*claims.reverts());
            let (action, verdicts) = self.judged(moment, target, change, said);
            let verdicts = self.counted(target.gates_of(&change.instance.app), verdicts);
            let unreadable = change.after.is_none();
            self.count(unreadable, &verdicts);
            if !unreadable && verdicts.is_empty() {
                continue;
            }
            let nothing = State::default();
            let [before, after] =
                [&change.before, &change.after].map(|state| state.as_ref().unwrap_or(&nothing));
            self.replay.changes.push(ReplayedChange {
                at: moment.step().at,
                commit: moment.step().id.clone(),
                author: author.clone(),
                environment: target.name.clone(),
                app: change.instance.app.clone(),
                action,
                changes: if unreadable { Vec::new() } else { Changed::between(before, after) },
                place: place::place_of(self.repository, moment, change)?,
                unreadable,
                gates: verdicts,
            });
        }
        Ok(())
    }

    /// How a change is judged, and the verdicts of all gates.
    fn judged(
        &self,
        moment: PastMoment<'_>,
        target: &Environment,
        change: &StateChange,
        (record, reverts): (Option<&Record>, &[ObjectName]),
    ) -> (Action, Vec<Verdict>) {
        let app = &*change.instance.app;
        let Some(proposed) = &change.after else { return (Action::Set, Vec::new()) };
        let current = change.before.as_ref().filter(|state| !state.is_empty());
        let base = ReplayedBase { repository: self.repository, moment, unbound: &self.unbound };
        let arriving = ArrivingState {
            repository: self.repository,
            evidence: &base,
            base: moment.step().before.as_ref(),
            target,
            app,
            state: proposed,
            current,
            enters: Entering::State,
        };
        // Nothing enters with an app that goes: people alone decide.
        let (arrival, gates) = if proposed.is_empty() {
            (Ok(Arrival::Set), &[Gate::Approvals][..])
        } else {
            (Arrival::of_change(&arriving, record, reverts), &Gate::ALL[..])
        };
        let arrival = match arrival {
            Ok(arrival) => arrival,
            Err(error) => {
                return (record.map_or(Action::Set, |one| one.action), vec![untold(&error)]);
            }
        };
        let replaces = record.iter().flat_map(|record| &record.replaces);
        let replaces: Vec<_> = replaces.map(|text| StateReference::parse(text)).collect();
        let candidate = Candidate {
            repository: self.repository,
            target,
            gates: target.gates_of(app),
            app,
            transition: arrival.transition(),
            direct: false,
            current,
            proposed,
            beside: &[],
            brought: None,
            evidence: &base,
            values: &NoValues,
            facts: None,
            now: moment.step().at,
            replaces: &replaces,
            ticket: record.and_then(|record| record.ticket.as_deref()),
            rendering: None,
        };
        let overrides = record.map(|record| overrides_of(&record.overrides)).unwrap_or_default();
        let action = match arrival {
            Arrival::Set => Action::Set,
            Arrival::Promotion(_) => Action::Promote,
            Arrival::Rollback => Action::Rollback,
        };
        (action, judge(&candidate, gates, &overrides))
    }

    /// Counts verdicts by gate. Returns those that are known and do not pass.
    fn counted(&mut self, configured: &Gates, verdicts: Vec<Verdict>) -> Vec<Verdict> {
        let mut stopping = Vec::new();
        for verdict in verdicts {
            let gate = verdict.gate;
            let tally = self.gates.entry(gate).or_insert(GateTally {
                gate,
                passed: 0,
                failed: 0,
                waited: 0,
                overridden: 0,
                not_known: 0,
            });
            let count = match verdict.answer {
                _ if !is_known(gate, configured) => &mut tally.not_known,
                _ if verdict.overridden.is_some() => &mut tally.overridden,
                Answer::Pass => &mut tally.passed,
                Answer::Wait { .. } => &mut tally.waited,
                Answer::Fail => &mut tally.failed,
            };
            *count += 1;
            if is_known(gate, configured) && verdict.answer != Answer::Pass {
                stopping.push(verdict);
            }
        }
        stopping
    }

    /// Counts a change by the verdicts that do not pass.
    fn count(&mut self, unreadable: bool, verdicts: &[Verdict]) {
        let tally = &mut self.replay.judged;
        let count = match worst(verdicts) {
            _ if unreadable => &mut tally.unreadable,
            Some(ProblemKind::Wait) => &mut tally.waited,
            Some(_) => &mut tally.failed,
            None if verdicts.is_empty() => &mut tally.passed,
            None => &mut tally.overridden,
        };
        *count += 1;
    }
}

/// Whether history has what a gate is judged from: commits do not know what the forge knows.
fn is_known(gate: Gate, configured: &Gates) -> bool {
    let trusts_forge = || {
        let soak = configured.soak.as_ref();
        soak.is_some_and(|soak| soak.value.trust == Trust::Forge)
    };
    gate.is_known_from_history() && (gate != Gate::Soak || !trusts_forge())
}

/// The verdict on a change of which it is not known where it comes from.
fn untold(error: &HistoryError) -> Verdict {
    Verdict {
        gate: Gate::Order,
        answer: Answer::Wait { until: None },
        reason: format!("it is not known where it comes from: {}", history(error)),
        place: None,
        overridden: None,
    }
}

/// What a record overrides. The author of a change may write anything into it, and whoever
/// reads the replay sees that it was overridden.
fn overrides_of(recorded: &[RecordedOverride]) -> Vec<Override> {
    let known = recorded.iter().filter_map(|one| {
        Some(Override { gate: Gate::of_name(&one.gate)?, reason: one.reason.clone() })
    });
    known.collect()
}

/// The values at an old commit, which are not read.
struct NoValues;

impl Values for NoValues {
    fn value(&self, _: Side, _: &ValueRoute) -> FoundValue {
        FoundValue::Unknown("values of the past are not read".to_owned())
    }
}
