//! What stands between an environment and the one below it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::ages::Ages;
use super::{AppStatus, Behind, Block, Blocker, Cell, Next, Sites};
use crate::config::{EnvironmentName, Gates, Repository, Side, ValueRoute};
use crate::git::HistoryError;
use crate::history::{BranchHistory, History, Tenure};
use crate::holds::Hold;
use crate::promote::gates::{Answer, Candidate, Gate, Transition, Values, Verdict, judge};
use crate::promote::propose::promoted_value;
use crate::promote::select;
use crate::sites::{AppInstance, AppSites, Pairs, State, WriteOptions, differences, pair};
use crate::yaml::Value;

/// The gates that a status asks: those that neither wait for what only a forge
/// knows or a person names, nor look into values. Without history, order and
/// soak have nothing to say either.
const ASKED: [Gate; 7] =
    [Gate::Order, Gate::Hold, Gate::Tag, Gate::Image, Gate::Digest, Gate::Soak, Gate::Window];

/// All that a status is made of.
pub(super) struct Rungs<'a> {
    repository: &'a Repository,
    sites: &'a Sites,
    seen: Seen<'a>,
    now: Timestamp,
    has_history: bool,
    /// Empty where there is no history.
    pub(super) ages: Ages,
}

/// The past, with what stands taken from what was read already.
struct Seen<'a> {
    sites: &'a Sites,
    history: &'a BranchHistory<'a>,
}

impl History for Seen<'_> {
    fn tenures<'p>(
        &'p self,
        environment: &EnvironmentName,
        app: &str,
    ) -> Box<dyn Iterator<Item = Result<Tenure, HistoryError>> + 'p> {
        self.history.tenures(environment, app)
    }

    fn current(&self, environment: &EnvironmentName, app: &str) -> Option<State> {
        self.sites.state(environment, app).cloned()
    }

    fn holds(&self, environment: &EnvironmentName, app: &str) -> Vec<Hold> {
        self.history.holds(environment, app)
    }
}

/// Values, of which a status looks at none.
struct NoValues;

impl Values for NoValues {
    fn value(&self, _: Side, _: &ValueRoute) -> Option<Value> {
        None
    }
}

impl<'a> Rungs<'a> {
    pub(super) fn new(
        repository: &'a Repository,
        sites: &'a Sites,
        history: &'a BranchHistory<'a>,
        now: Timestamp,
        has_history: bool,
    ) -> Self {
        let seen = Seen { sites, history };
        Self { repository, sites, seen, now, has_history, ages: Ages::default() }
    }

    /// What those that follow each source say, where it is not the same.
    pub(super) fn wanted(&self) -> BTreeMap<AppInstance, Vec<State>> {
        let mut wanted: BTreeMap<AppInstance, Vec<State>> = BTreeMap::new();
        for (target, sites) in &self.sites.0 {
            let Ok(state) = &sites.state else { continue };
            for environment in self.sources(&target.environment, &target.app) {
                let source = AppInstance { environment, app: target.app.clone() };
                wanted.entry(source).or_default().push(state.clone());
            }
        }
        wanted
    }

    /// Where an app's state for an environment comes from; nowhere where it is
    /// not promoted to.
    fn sources(&self, target: &EnvironmentName, app: &str) -> Vec<EnvironmentName> {
        let Some(target) = self.repository.environment(target) else { return Vec::new() };
        select::sources(self.repository, target, app, &self.seen).unwrap_or_default()
    }

    /// An app's row.
    pub(super) fn app(&self, app: &str, environments: &[EnvironmentName]) -> AppStatus {
        let cells = environments.iter().filter_map(|environment| {
            let sites = self.sites.get(environment, app)?;
            Some(self.cell(environment, app, sites))
        });
        AppStatus { app: app.to_owned(), environments: cells.collect() }
    }

    fn cell(&self, environment: &EnvironmentName, app: &str, sites: &AppSites) -> Cell {
        let instance = AppInstance { environment: environment.clone(), app: app.to_owned() };
        let (since, commit) = self
            .ages
            .since(&instance)
            .map_or((None, None), |(since, commit)| (Some(since), commit));
        let mut cell = Cell {
            environment: environment.clone(),
            references: self.sites.references(environment, app),
            since,
            commit,
            behind: None,
            next: None,
            blocked: blocked_by(sites),
        };
        if let Ok(state) = &sites.state {
            self.compare(&mut cell, app, sites, state);
        }
        cell
    }

    /// Compares what stands there with the environments below.
    fn compare(&self, cell: &mut Cell, app: &str, target: &AppSites, state: &State) {
        let sources = self.sources(&cell.environment, app);
        let sources: Vec<&AppSites> =
            sources.iter().filter_map(|name| self.sites.get(name, app)).collect();
        let behind = sources.iter().find_map(|source| {
            let pairs = pair(source, target);
            let (proposed, refused) = proposed(&pairs, state);
            let is_behind = proposed != *state || !refused.is_empty();
            is_behind.then_some((*source, pairs, proposed, refused))
        });
        let Some((source, pairs, proposed, refused)) = behind else { return };
        let name = source.environment.clone();
        let changes = differences(state, &proposed);
        let changes = changes.iter().map(|one| {
            if one.key.name() == app { one.brief() } else { format!("{} {}", one.key, one.brief()) }
        });
        let changes = changes.collect();
        cell.next = Some(Next { source: name.clone(), changes });
        cell.behind = Some(self.distance(source, state));
        cell.blocked.extend(unpaired(&pairs, source, target));
        cell.blocked.extend(refused);
        let is_other = |other: &&AppSites| {
            other
                .state
                .as_ref()
                .is_ok_and(|other| source.state.as_ref().is_ok_and(|state| !other.is_same(state)))
        };
        if let Some(other) = sources.iter().copied().find(|other| is_other(other)) {
            let reason = format!("`{name}` and `{}` do not say the same", other.environment);
            cell.blocked.push(Block { by: Blocker::Sources, reason, until: None });
        }
        let verdicts = self.judge(&cell.environment, &name, app, state, &proposed);
        cell.blocked.extend(verdicts.into_iter().filter_map(block));
    }

    fn distance(&self, source: &AppSites, state: &State) -> Behind {
        let instance =
            AppInstance { environment: source.environment.clone(), app: source.app.clone() };
        let distance = self.ages.distance(&instance, state);
        Behind {
            source: instance.environment,
            states: distance.map(|distance| distance.states),
            is_exact: distance.is_some_and(|distance| distance.is_exact),
            since: distance.filter(|one| one.is_exact).and_then(|distance| distance.since),
        }
    }

    fn judge(
        &self,
        target: &EnvironmentName,
        from: &EnvironmentName,
        app: &str,
        current: &State,
        proposed: &State,
    ) -> Vec<Verdict> {
        let Some(target) = self.repository.environment(target) else { return Vec::new() };
        let mut gates: Gates = target.gates_of(app).clone();
        gates.field.clear();
        let verdicts = judge(&Candidate {
            repository: self.repository,
            target,
            gates: &gates,
            app,
            transition: Transition::Promote { from, chosen: false, named: false },
            direct: false,
            current: Some(current),
            proposed,
            history: &self.seen,
            values: &NoValues,
            facts: None,
            now: self.now,
            ticket: None,
            overrides: &[],
        });
        let may_be_asked = |gate: &Gate| {
            ASKED.contains(gate) && (self.has_history || !matches!(gate, Gate::Order | Gate::Soak))
        };
        verdicts.into_iter().filter(|verdict| may_be_asked(&verdict.gate)).collect()
    }
}

/// What a promotion would make the target say, and what it would refuse.
fn proposed(instances: &Pairs<'_>, state: &State) -> (State, Vec<Block>) {
    let mut refused = Vec::new();
    let mut entries: BTreeMap<_, _> =
        state.iter().map(|(key, said)| (key.clone(), said.clone())).collect();
    for instance in &instances.both {
        let Some(new) = &instance.source.said else { continue };
        for target in &instance.targets {
            let said = match promoted_value(target, new, WriteOptions::default()) {
                Ok(said) => said,
                Err(finding) => {
                    refused.push(of_sites(finding.message));
                    continue;
                }
            };
            if target.said.as_ref().is_none_or(|old| !old.is_same(&said)) {
                entries.insert(target.key.clone(), said);
            }
        }
    }
    (State::new(entries), refused)
}

/// Why an app's sites cannot be changed, whatever comes.
fn blocked_by(sites: &AppSites) -> Vec<Block> {
    let blocking = sites.state.as_ref().err().into_iter().flatten();
    let shared = sites.findings.iter().filter(|finding| *finding.code == crate::sites::SHARED_BASE);
    blocking.chain(shared).map(|finding| of_sites(finding.message.clone())).collect()
}

fn unpaired(instances: &Pairs<'_>, source: &AppSites, target: &AppSites) -> Vec<Block> {
    let findings = instances.findings(source, target);
    let errors = findings.into_iter().filter(crate::diagnostic::Finding::is_error);
    errors.map(|finding| of_sites(finding.message)).collect()
}

fn of_sites(reason: String) -> Block {
    Block { by: Blocker::Sites, reason, until: None }
}

fn block(verdict: Verdict) -> Option<Block> {
    let (by, until) = match verdict.answer {
        _ if verdict.lets_through() => return None,
        Answer::Pass => return None,
        Answer::Wait { until } => (Blocker::Waits(verdict.gate), until),
        Answer::Fail => (Blocker::Fails(verdict.gate), None),
    };
    Some(Block { by, reason: verdict.reason, until })
}
