//! What the gates say of a candidate.

use serde::Serialize;

use super::Override;
use super::gates::{Answer, Candidate, Evaluation, Gate, Transition};
use crate::diagnostic::ProblemKind;
use crate::source::Location;

/// What a gate says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Which gate.
    pub gate: Gate,
    /// Its answer.
    #[serde(flatten)]
    pub answer: Answer,
    /// Why, in a sentence without a final full stop.
    pub reason: String,
    /// The line that asked for it; none where nobody had to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<Location>,
    /// Why it was overridden, where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overridden: Option<String>,
}

impl Verdict {
    /// Whether nothing stands in the way: it passes or was overridden.
    pub(super) fn lets_through(&self) -> bool {
        self.answer == Answer::Pass || self.overridden.is_some()
    }
}

/// What each of the gates that are asked says, in the order of [`Gate::ALL`]; one
/// that asks for nothing here says nothing. A rollback is asked no more than
/// those that bind it.
pub(super) fn judge(
    candidate: &Candidate<'_>,
    asked: &[Gate],
    overrides: &[Override],
) -> Vec<Verdict> {
    let evaluation = Evaluation::new(candidate);
    let is_rollback = matches!(candidate.transition, Transition::Rollback);
    let binding = Gate::ALL
        .into_iter()
        .filter(|gate| asked.contains(gate) && (!is_rollback || gate.binds_rollback()));
    let verdicts = binding.filter_map(|gate| {
        let judgement = gate.judge(&evaluation)?;
        let verdict = Verdict {
            gate,
            answer: judgement.answer,
            reason: judgement.reason,
            asked: judgement.asked,
            overridden: None,
        };
        Some(overridden(verdict, overrides))
    });
    verdicts.collect()
}

/// The verdict with the reason for which it was put aside. What passes was not,
/// and neither is a gate that may not be, or without a reason: the command line
/// has refused those.
fn overridden(verdict: Verdict, overrides: &[Override]) -> Verdict {
    let asked = overrides.iter().find(|one| one.gate == verdict.gate);
    let reason = asked.map(|one| one.reason.trim()).filter(|reason| !reason.is_empty());
    let may = verdict.answer != Answer::Pass && verdict.gate.may_be_overridden();
    Verdict { overridden: reason.filter(|_| may).map(str::to_owned), ..verdict }
}

/// What verdicts come to, as the exit code says it: a gate fails, else a gate
/// waits; none where all let through.
pub fn worst<'a>(verdicts: impl IntoIterator<Item = &'a Verdict>) -> Option<ProblemKind> {
    let blocking = verdicts.into_iter().filter(|verdict| !verdict.lets_through());
    let kinds = blocking.map(|verdict| match verdict.answer {
        Answer::Fail => ProblemKind::Gate,
        Answer::Wait { .. } | Answer::Pass => ProblemKind::Wait,
    });
    kinds.max()
}
