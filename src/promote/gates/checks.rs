//! Checks have passed.

use super::evaluation::Evaluation;
use super::judgement::Judgement;
use super::words::{code, list};
use super::{CheckFact, Facts};
use crate::config::{Check, CheckSubject, Sourced};

pub(super) fn judge(evaluation: &Evaluation<'_>) -> Option<Judgement> {
    let checks = &evaluation.candidate.gates.checks;
    let first = checks.first()?;
    let Some(facts) = evaluation.candidate.facts else {
        let names: Vec<_> = checks.iter().map(|check| code(&check.value.name)).collect();
        let results = if names.len() == 1 { "result" } else { "results" };
        let reason = format!("only the forge knows the {results} of {}", list(&names));
        return Some(Judgement::wait(None, reason).at(&first.location));
    };
    Judgement::all(checks.iter().map(|check| of(facts, check)).collect())
}

fn of(facts: &dyn Facts, check: &Sourced<Check>) -> Judgement {
    let Check { name, of } = &check.value;
    let subject = match of {
        CheckSubject::Application => "the commit that the image was built from",
        CheckSubject::Configuration => "the commit that placed the state",
    };
    let name = code(name);
    let judgement = match facts.check(&check.value) {
        CheckFact::Passed => Judgement::pass(format!("{name} passed for {subject}")),
        CheckFact::Failed => Judgement::fail(format!("{name} failed for {subject}")),
        CheckFact::Pending => {
            Judgement::wait(None, format!("{name} has no result yet for {subject}"))
        }
        CheckFact::Unknown(why) => {
            Judgement::wait(None, format!("the result of {name} is not known: {why}"))
        }
    };
    judgement.at(&check.location)
}
