//! The difference between an environment and the one below it.

use super::ages;
use super::cell::{AppStatus, Behind, Block, Blocker, Cell, NextPromotion};
use super::sites::Row;
use crate::config::{Environment, EnvironmentName, Selection};
use crate::diagnostic::{Finding, Findings};
use crate::git::HistoryError;
use crate::history::History;
use crate::promote::base::Base;
use crate::promote::code::{DISAGREEING_SOURCES, NOT_PROMOTED_TO, NOTHING_BELOW};
use crate::promote::gates::{Answer, Gate, JudgedFrom};
use crate::promote::planning::{AppOutcome, Planner};
use crate::promote::{Part, Permissions, Request, Verdict, select};
use crate::sites::{AppInstance, AppSites, SHARED_BASE, SITES_DISAGREE, State, differences};

/// Everything that the cells of a status are made from.
pub(super) struct StatusBuilder<'a> {
    base: &'a Base<'a>,
    /// The past that ages are found in.
    history: &'a dyn History,
    /// The gates that are judged.
    gates: Vec<Gate>,
}

impl<'a> StatusBuilder<'a> {
    /// Judges no gate: whether an app is idle does not depend on any.
    pub(super) fn without_gates(base: &'a Base<'a>, history: &'a dyn History) -> Self {
        Self { base, history, gates: Vec::new() }
    }

    /// Judges the gates that need no forge, person or rendering, including those that need
    /// history if there is any.
    pub(super) fn new(base: &'a Base<'a>, history: &'a dyn History) -> Self {
        let can_be_judged = |gate: &Gate| match gate.judged_from() {
            JudgedFrom::Files => true,
            JudgedFrom::History => base.history.is_known(),
            JudgedFrom::Forge => base.forge.is_some(),
            JudgedFrom::Request | JudgedFrom::Rendering => false,
        };
        let gates = Gate::ALL.into_iter().filter(can_be_judged).collect();
        Self { base, history, gates }
    }

    /// Whether something is promoted to an environment: it is on the ladder, and an
    /// environment before it has the app.
    fn is_promoted_to(&self, target: &Environment, app: &str) -> Result<bool, Finding> {
        match select::sources(self.base.repository, target, app, self.base) {
            Ok(_) => Ok(true),
            Err(finding) if [&NOT_PROMOTED_TO, &NOTHING_BELOW].contains(&finding.code) => Ok(false),
            Err(finding) => Err(finding),
        }
    }

    /// Whether nothing is to be promoted of an app in these environments, whatever gates
    /// say and whatever the time is, and nothing is wrong with it.
    pub(super) fn is_idle(&self, row: &Row, environments: &[EnvironmentName]) -> bool {
        let mut found = environments.iter().filter_map(|environment| row.get(environment));
        found.all(|sites| {
            blocked_by(sites).is_empty()
                && sites.state.is_ok()
                && match self.promotion(&sites.environment, &sites.app) {
                    Ok(outcome) => outcome.is_none_or(|outcome| self.is_nothing(sites, &outcome)),
                    Err(_) => false,
                }
        })
    }

    /// Whether a promotion changes nothing, and gates have no say in that.
    fn is_nothing(&self, sites: &AppSites, outcome: &AppOutcome) -> bool {
        let target = self.base.repository.environment(&sites.environment);
        let is_chosen = target.is_some_and(|target| target.select == Selection::NewestEligible)
            && outcome.plan.source.is_some();
        !is_chosen
            && outcome.plan.changes.is_empty()
            && differences(&outcome.plan.from, &outcome.plan.to).is_empty()
            && !outcome.obstacles.has_errors()
    }

    /// An app's row.
    pub(super) fn app(
        &self,
        app: &str,
        row: &Row,
        environments: &[EnvironmentName],
        is_idle: bool,
    ) -> Result<AppStatus, HistoryError> {
        let found = environments.iter().filter_map(|environment| row.get(environment));
        let cells = found.map(|sites| {
            let cell = self.cell(row, sites)?;
            if is_idle { Ok(cell) } else { self.with_promotion(cell, sites) }
        });
        Ok(AppStatus { app: app.to_owned(), environments: cells.collect::<Result<_, _>>()? })
    }

    /// The cell of an app's sites in one of its row's environments, without what a promotion
    /// would bring.
    fn cell(&self, row: &Row, sites: &AppSites) -> Result<Cell, HistoryError> {
        let AppSites { environment, app, .. } = sites;
        let since = match self.history() {
            Some(history) => ages::since(history, &AppInstance::new(environment, app))?,
            None => None,
        };
        let (since, commit) = since.map_or((None, None), |(since, commit)| (Some(since), commit));
        Ok(Cell {
            environment: environment.clone(),
            is_unreadable: is_unreadable(sites),
            references: row.references(sites),
            since,
            commit,
            behind: None,
            next: None,
            blocked: blocked_by(sites),
        })
    }

    fn with_promotion(&self, mut cell: Cell, sites: &AppSites) -> Result<Cell, HistoryError> {
        if sites.state.is_ok() {
            match self.promotion(&sites.environment, &sites.app) {
                Ok(Some(outcome)) => self.add_promotion(&mut cell, outcome)?,
                Ok(None) => {}
                Err(findings) => cell.blocked.extend(of_sites(findings)),
            }
        }
        Ok(cell)
    }

    /// The past for ages; none if nothing is known of the past.
    fn history(&self) -> Option<&dyn History> {
        Some(self.history).filter(|history| history.is_known())
    }

    /// What `rungs promote` would do with an app now, as far as is known without a
    /// forge, a person or rendering; none if nothing is promoted there.
    fn promotion(
        &self,
        environment: &EnvironmentName,
        app: &str,
    ) -> Result<Option<AppOutcome>, Findings> {
        let Some(target) = self.base.repository.environment(environment) else { return Ok(None) };
        if !self.is_promoted_to(target, app)? {
            return Ok(None);
        }
        let request = Request {
            part: Part::Whole,
            environment: environment.to_string(),
            from: None,
            reference: None,
            permissions: Permissions::default(),
        };
        let planner = Planner::of_look(self.base, target, &request.permissions, &self.gates);
        planner.promote(&request, app).map(Some)
    }

    fn add_promotion(&self, cell: &mut Cell, outcome: AppOutcome) -> Result<(), HistoryError> {
        let AppOutcome { plan, obstacles, .. } = outcome;
        let changes = differences(&plan.from, &plan.to);
        if let Some(source) = plan.source.as_ref().filter(|_| !changes.is_empty()) {
            let brief = changes.iter().map(|one| match one.key.name() {
                name if name == plan.app => one.brief(),
                _ => format!("{} {}", one.key, one.brief()),
            });
            let source = source.environment.clone();
            cell.behind = Some(self.distance(&source, &plan.app, &plan.from)?);
            cell.next = Some(NextPromotion { source, changes: brief.collect() });
        }
        cell.blocked.extend(obstacles.into_iter().filter(Finding::is_error).map(of_obstacle));
        cell.blocked.extend(plan.gates.into_iter().filter_map(block));
        Ok(())
    }

    fn distance(
        &self,
        source: &EnvironmentName,
        app: &str,
        state: &State,
    ) -> Result<Behind, HistoryError> {
        let instance = AppInstance::new(source, app);
        let distance = self.history().map(|history| ages::distance(history, &instance, state));
        let distance = distance.transpose()?;
        Ok(Behind {
            source: source.clone(),
            states: distance.map(|distance| distance.states),
            is_exact: distance.is_some_and(|distance| distance.is_exact),
            since: distance.and_then(|distance| distance.since),
        })
    }
}

/// The reasons for which an app's sites cannot be changed at all.
fn blocked_by(sites: &AppSites) -> Vec<Block> {
    let blocking = sites.state.as_ref().err().into_iter().flatten();
    let shared = sites.findings.iter().filter(|finding| *finding.code == SHARED_BASE);
    of_sites(blocking.chain(shared).cloned()).collect()
}

/// Whether an app's sites cannot be read, which is another thing than that they disagree.
fn is_unreadable(sites: &AppSites) -> bool {
    let findings = sites.state.as_ref().err();
    findings.is_some_and(|findings| findings.iter().all(|one| *one.code != SITES_DISAGREE))
}

/// Says in each cell of an app's row why it cannot be promoted at all.
pub(super) fn block_all(status: &mut AppStatus, finding: &Finding) {
    let reason = format!("{} ({})", finding.message, finding.location());
    for cell in &mut status.environments {
        cell.blocked = vec![Block { by: Blocker::Sites, reason: reason.clone(), until: None }];
    }
}

fn of_sites(findings: impl IntoIterator<Item = Finding>) -> impl Iterator<Item = Block> {
    findings.into_iter().map(|finding| Block {
        by: Blocker::Sites,
        reason: finding.message,
        until: None,
    })
}

fn of_obstacle(finding: Finding) -> Block {
    let by = if finding.code == &DISAGREEING_SOURCES { Blocker::Sources } else { Blocker::Sites };
    Block { by, reason: finding.message, until: None }
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
