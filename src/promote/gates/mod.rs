//! Conditions for entering an environment: one file each, listed in `gate.rs`.
//!
//! [`judge`] asks every gate that binds about a [`Candidate`]. What a gate needs
//! to know of the world comes in by traits: [`History`](crate::history::History), [`Values`] (the
//! files) and [`Facts`] (the forge). What cannot be known is an answer that
//! waits, and never one that passes.

mod approvals;
mod prerequisites;
mod candidate;
mod evaluation;
mod checks;
mod digest;
mod field;
mod gate;
mod hold;
mod image;
mod order;
pub mod show;
mod soak;
mod tag;
mod ticket;
mod verdict;
mod version;
mod window;
mod words;

pub use candidate::{Approval, Candidate, CheckFact, Facts, Review, Transition, Values};
pub use gate::{Binds, Gate};
pub use verdict::{Answer, Verdict, worst};

use super::Override;
use evaluation::Evaluation;

/// What every gate says that binds here, in the order of [`Gate::ALL`]; one
/// that asks for nothing says nothing. [`Gate::Render`] is judged where the
/// files are made, and comes in by [`insert`].
pub fn judge(candidate: &Candidate<'_>) -> Vec<Verdict> {
    let evaluation = Evaluation::new(candidate);
    let is_rollback = matches!(candidate.transition, Transition::Rollback);
    let binding = Gate::ALL.into_iter().filter(|gate| !is_rollback || gate.binds_rollback());
    let verdicts = binding.filter_map(|gate| {
        let judgement = gate.judge(&evaluation)?;
        let verdict = Verdict {
            gate,
            answer: judgement.answer,
            reason: judgement.reason,
            asked: judgement.asked,
            overridden: None,
        };
        Some(overridden(verdict, candidate.overrides))
    });
    verdicts.collect()
}

/// Puts a verdict in its place among others.
pub fn insert(verdicts: &mut Vec<Verdict>, verdict: Verdict) {
    let place = verdicts.partition_point(|other| other.gate <= verdict.gate);
    verdicts.insert(place, verdict);
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

#[cfg(test)]
mod tests;
