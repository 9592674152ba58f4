//! A ticket is named.

use super::case::Case;
use super::verdict::Judgement;
use super::words::code;

pub(super) fn judge(case: &Case<'_>) -> Option<Judgement> {
    let gate = case.candidate.gates.ticket.as_ref()?;
    let pattern = code(gate.value.as_str());
    let judgement = match case.candidate.ticket {
        Some(ticket) if gate.value.is_match(ticket) => {
            Judgement::pass(format!("the ticket is {}", code(ticket)))
        }
        Some(ticket) => {
            Judgement::fail(format!("{pattern} does not match the ticket {}", code(ticket)))
        }
        None => Judgement::fail(format!(
            "no ticket is named; `--ticket` takes one that matches {pattern}"
        )),
    };
    Some(judgement.asked_at(&gate.location))
}
