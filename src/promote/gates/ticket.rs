//! A ticket is given.

use super::evaluation::Evaluation;
use super::judgement::Judgement;
use super::words::code;

pub(super) fn judge(evaluation: &Evaluation<'_>) -> Option<Judgement> {
    let gate = evaluation.candidate.gates.ticket.as_ref()?;
    let pattern = code(gate.value.as_str());
    let judgement = match evaluation.candidate.ticket {
        Some(ticket) if gate.value.is_match(ticket) => {
            Judgement::pass(format!("the ticket is {}", code(ticket)))
        }
        Some(ticket) => {
            Judgement::fail(format!("{pattern} does not match the ticket {}", code(ticket)))
        }
        None => Judgement::fail(format!(
            "no ticket is given; `--ticket` takes one that matches {pattern}"
        )),
    };
    Some(judgement.at(&gate.location))
}
