//! The state is not held back.

use super::evaluation::Evaluation;
use super::judgement::Judgement;
use super::words::{code, utc};
use crate::diagnostic::{in_one_line, nearest};
use crate::holds::Hold;
use crate::sites::State;

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
        let unclear = holds.iter().find_map(|hold| unclear(evaluation, hold, &states));
        return Some(unclear.unwrap_or_else(|| Judgement::pass("nothing holds it back")));
    };
    let reasons: Vec<_> = blocking.iter().map(|hold| reason(hold)).collect();
    Some(Judgement::fail(reasons.join(", and ")).at(&first.location))
}

/// The answer to a hold that may be about a state: what else it lists is the same, and the
/// app has one key of it in no environment. It may be misspelt, or have another name now.
fn unclear(evaluation: &Evaluation<'_>, hold: &Hold, states: &[State]) -> Option<Judgement> {
    let candidate = evaluation.candidate;
    let is_there =
        |name: &str| states.iter().any(|one| one.iter().any(|(key, _)| key.name() == name));
    let mut missing = hold.state.keys().filter(|name| !is_there(name)).peekable();
    if !hold.is_in_force(candidate.now) || missing.peek().is_none() {
        return None;
    }
    let known = candidate.evidence.key_names(candidate.app)?;
    let unknown = missing.find(|name| !known.contains(*name))?;
    let counts = |name: &str| known.contains(name) && !evaluation.leaves_alone(name);
    let lists_more = hold.state.keys().any(|name| counts(name));
    if lists_more && !states.iter().any(|state| hold.matches_of(state, &counts)) {
        return None;
    }
    let last = |name: &str| name.rsplit('/').next().map(str::to_owned);
    let near = known.iter().find(|name| last(name) == last(unknown)).map(String::as_str);
    let near = near.or_else(|| nearest(unknown, known.iter().map(String::as_str)));
    let near = near.map(|near| format!("; did you mean {}?", code(near))).unwrap_or_default();
    let (by, environment, path) = (code(&hold.by), &hold.environment, hold.location.path());
    let reason = format!(
        "{by} holds back {} in `{environment}`, which the app does not have (`{path}`){near}",
        code(unknown)
    );
    Some(Judgement::wait(None, reason).blaming(&hold.location))
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
