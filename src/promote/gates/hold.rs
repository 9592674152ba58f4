//! The state is not held back.

use super::evaluation::Evaluation;
use super::judgement::Judgement;
use super::words::{code, utc};
use crate::diagnostic::in_one_line;
use crate::holds::Hold;

#[allow(clippy::unnecessary_wraps, reason = "every gate has this signature")]
pub(super) fn judge(evaluation: &Evaluation<'_>) -> Option<Judgement> {
    let candidate = evaluation.candidate;
    let holds = candidate.evidence.holds(&candidate.target.name, candidate.app);
    let states: Vec<_> =
        std::iter::once(candidate.proposed.clone()).chain(evaluation.brought_states()).collect();
    let holds_back = |hold: &&Hold| {
        // What stays says nothing of what moves: it would let in a part of what is held.
        let moves = |key: &str| !evaluation.leaves_alone(key);
        hold.is_in_force(candidate.now) && states.iter().any(|state| hold.matches_of(state, &moves))
    };
    let blocking: Vec<_> = holds.iter().filter(holds_back).collect();
    let Some(first) = blocking.first() else {
        return Some(Judgement::pass("nothing holds it back"));
    };
    let reasons: Vec<_> = blocking.iter().map(|hold| reason(hold)).collect();
    Some(Judgement::fail(reasons.join(", and ")).at(&first.location))
}

/// "`ana` holds it back in `prod`: errors in checkout (.rungs/holds/…, until …)"
fn reason(hold: &Hold) -> String {
    let until = hold.until.map(|until| format!(" until {}", utc(until))).unwrap_or_default();
    // A reason may have several lines, and backticks.
    let why = in_one_line(&hold.reason).replace('`', "'");
    let (by, environment) = (code(&hold.by), &hold.environment);
    let path = hold.location.path();
    format!(
        "{by} holds it back in `{environment}`{until}: {} (`{path}`)",
        why.trim_end_matches('.')
    )
}
