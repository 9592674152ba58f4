//! Gates that keep an app out, as findings.

use super::code::{GATE_FAILS, GATE_WAITS};
use super::gates::{Answer, Binds};
use super::{AppPlan, Plan};
use crate::config::EnvironmentName;
use crate::diagnostic::{Finding, Findings, Subject};
use crate::source::{Location, RepoPath};

/// The findings of gates that block an app.
#[derive(Debug, Default)]
pub(super) struct BlockingGates {
    /// Those of gates that fail.
    pub(super) failing: Findings,
    /// Those of gates that wait.
    pub(super) waiting: Findings,
}

impl BlockingGates {
    /// A finding for each gate that blocks an app now, which are those that bind at one of
    /// the given times.
    pub(super) fn of(plan: &AppPlan, environment: &EnvironmentName, times: &[Binds]) -> Self {
        let mut blocking = Self::default();
        for verdict in plan.gates.iter().filter(|verdict| !verdict.lets_through()) {
            if !times.contains(&verdict.gate.binds()) {
                continue;
            }
            let (findings, code, does) = match verdict.answer {
                Answer::Fail => (&mut blocking.failing, &GATE_FAILS, "fails"),
                Answer::Wait { .. } | Answer::Pass => (&mut blocking.waiting, &GATE_WAITS, "waits"),
            };
            let configuration = || Location::of_path(&RepoPath::root().child("rungs.yaml"));
            let at =
                verdict.place.as_ref().map_or_else(configuration, |place| place.location().clone());
            let (app, gate) = (&plan.app, verdict.gate.name());
            let reason = match verdict.until() {
                Some(until) => format!("{}, {until}", verdict.reason),
                None => verdict.reason.clone(),
            };
            let message =
                format!("`{app}` may not enter `{environment}`: the gate `{gate}` {does}");
            findings.push(
                Finding::new(code, message, at)
                    .because(reason)
                    .about(Subject::app(environment.as_str(), &**app)),
            );
        }
        blocking
    }
}

/// Whether a finding only repeats a verdict of a plan.
pub fn repeats_verdict(finding: &Finding) -> bool {
    [GATE_FAILS.name, GATE_WAITS.name].contains(&finding.code.name)
}

/// A finding for each verdict of these plans that lets nothing through, whenever the gate
/// binds: for formats that have findings alone.
pub fn findings_of_gates(plans: &[Plan]) -> Findings {
    let mut findings = Findings::new();
    for plan in plans {
        for app in &plan.apps {
            let times = [Binds::Open, Binds::Merge];
            let BlockingGates { failing, waiting } =
                BlockingGates::of(app, &plan.environment, &times);
            findings.extend(failing);
            findings.extend(waiting);
        }
    }
    findings
}
