//! The verdicts of gates on a candidate.

use serde::Serialize;

use super::Override;
use super::gates::words::utc;
use super::gates::{Answer, Candidate, Evaluation, Facts, Gate, GatePlace, Transition, approved};
use crate::config::Approvals;
use crate::diagnostic::ProblemKind;
use crate::history::RecordedOverride;
use crate::source::Location;

/// A gate's answer, and whether it was overridden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The gate.
    pub gate: Gate,
    /// Its answer.
    #[serde(flatten)]
    pub answer: Answer,
    /// The reason, a sentence without a final full stop.
    pub reason: String,
    /// The line that configures the gate, or another line that the answer is about (for
    /// `render`, the line that is wrong); none if there is no such line.
    #[serde(rename = "asked", skip_serializing_if = "Option::is_none")]
    pub place: Option<GatePlace>,
    /// The reason for which it was overridden; none if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overridden: Option<String>,
}

impl Verdict {
    /// The verdict that a gate fails for a reason, at a line.
    pub(super) fn failing(gate: Gate, reason: String, location: Location) -> Self {
        let (answer, place) = (Answer::Fail, Some(GatePlace::AtFault(location)));
        Self { gate, answer, reason, place, overridden: None }
    }

    /// Until when the gate waits, as the rest of a sentence; none if it does not, or if no
    /// time is known.
    pub(super) fn until(&self) -> Option<String> {
        match self.answer {
            Answer::Wait { until } => until.map(|until| format!("until {}", utc(until))),
            Answer::Pass | Answer::Fail => None,
        }
    }

    /// Whether the gate passes or was overridden.
    pub fn lets_through(&self) -> bool {
        self.answer == Answer::Pass || self.overridden.is_some()
    }
}

/// The verdicts of the given gates, in the order of [`Gate::ALL`]. A gate that is
/// not configured gives none. Only the gates that bind a rollback judge one.
pub(super) fn judge(
    candidate: &Candidate<'_>,
    gates: &[Gate],
    overrides: &[Override],
) -> Vec<Verdict> {
    let evaluation = Evaluation::new(candidate);
    let is_rollback = matches!(candidate.transition, Transition::Rollback);
    let binding = Gate::ALL
        .into_iter()
        .filter(|gate| gates.contains(gate) && (!is_rollback || gate.binds_rollback()));
    let verdicts = binding.filter_map(|gate| {
        let judgement = gate.judge(&evaluation)?;
        let verdict = Verdict {
            gate,
            answer: judgement.answer,
            reason: judgement.reason,
            place: judgement.place,
            overridden: None,
        };
        Some(overridden(verdict, overrides))
    });
    verdicts.collect()
}

/// The verdict with the reason for which it was overridden, if it was. A gate that
/// passes is not overridden. Neither is one that may not be, nor one without a
/// reason: the command line has refused those.
pub(super) fn overridden(verdict: Verdict, overrides: &[Override]) -> Verdict {
    let found = overrides.iter().find(|one| one.gate == verdict.gate);
    let reason = found.map(|one| one.reason.trim()).filter(|reason| !reason.is_empty());
    let may = verdict.answer != Answer::Pass && verdict.gate.may_be_overridden();
    Verdict { overridden: reason.filter(|_| may).map(str::to_owned), ..verdict }
}

/// The verdict on a gate that a change's own record overrides, where the base says who may
/// let that through: the change passes with their approvals, and waits until then.
pub(super) fn excepted(
    verdict: Verdict,
    recorded: &[&RecordedOverride],
    approvals: Option<&Approvals>,
    facts: Option<&dyn Facts>,
) -> Verdict {
    let found = recorded.iter().find(|one| one.gate == verdict.gate.name());
    let (Some(found), Some(approvals)) = (found, approvals) else { return verdict };
    let reason = found.reason.trim();
    if verdict.lets_through() || !verdict.gate.may_be_overridden() || reason.is_empty() {
        return verdict;
    }
    let judgement = approved(approvals, facts);
    if judgement.answer == Answer::Pass {
        let overridden = Some(format!("{reason} ({})", judgement.reason));
        return Verdict { overridden, ..verdict };
    }
    let reason = format!(
        "{}; its record overrides that ({reason}), for which {}",
        verdict.reason, judgement.reason
    );
    Verdict { answer: judgement.answer, reason, ..verdict }
}

/// The worst of several verdicts, for the exit code: a gate fails, otherwise a gate
/// waits; none if all of them pass or were overridden.
pub fn worst<'a>(verdicts: impl IntoIterator<Item = &'a Verdict>) -> Option<ProblemKind> {
    let blocking = verdicts.into_iter().filter(|verdict| !verdict.lets_through());
    let kinds = blocking.map(|verdict| match verdict.answer {
        Answer::Fail => ProblemKind::Gate,
        Answer::Wait { .. } | Answer::Pass => ProblemKind::Wait,
    });
    kinds.max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::RepoPath;

    #[test]
    fn verdicts_as_json_have_the_line_that_they_are_about() {
        let at = Location::of_path(&RepoPath::new("environments/prod/environment.yaml").unwrap());
        let until = Some("2026-06-16T06:00:00Z".parse().unwrap());
        let waits = Verdict {
            answer: Answer::Wait { until },
            place: Some(GatePlace::Asks(at.clone())),
            overridden: Some("it is urgent".to_owned()),
            ..Verdict::failing(Gate::Soak, "not yet".to_owned(), at.clone())
        };
        let json = |verdict: &Verdict| serde_json::to_value(verdict).unwrap();
        let value = json(&waits);
        assert_eq!(value["gate"], "soak");
        assert_eq!(value["answer"], "wait");
        assert_eq!(value["until"], "2026-06-16T06:00:00Z");
        assert_eq!(value["overridden"], "it is urgent");
        assert_eq!(value["asked"]["path"], "environments/prod/environment.yaml");
        let fails = json(&Verdict::failing(Gate::Order, "no".to_owned(), at));
        assert_eq!(fails["asked"]["path"], "environments/prod/environment.yaml");
        assert!(fails.get("overridden").is_none());
    }
}
