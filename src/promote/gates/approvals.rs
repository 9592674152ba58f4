//! People have approved the change.

use super::evaluation::Evaluation;
use super::judgement::Judgement;
use super::words::{code, list};
use super::{Approval, Facts, Review};
use crate::config::Approvals;

pub(super) fn judge(evaluation: &Evaluation<'_>) -> Option<Judgement> {
    let gate = evaluation.candidate.gates.approvals.as_ref()?;
    let judgement = if evaluation.candidate.direct {
        Judgement::fail(format!(
            "{} needed, and nobody can approve what goes straight onto the branch; \
             use `--branch` so that people see it first",
            needed(&gate.value)
        ))
    } else {
        approved(&gate.value, evaluation.candidate.facts)
    };
    Some(judgement.at(&gate.location))
}

/// Whether the people have approved who have to.
pub(in crate::promote) fn approved(gate: &Approvals, facts: Option<&dyn Facts>) -> Judgement {
    let needed = needed(gate);
    let Some(facts) = facts else {
        return Judgement::wait(None, format!("{needed} needed, which only the forge knows"));
    };
    let Some(review) = facts.review() else {
        return Judgement::wait(None, format!("{needed} needed, and there is no pull request yet"));
    };
    let Some(requester) = &review.requester else {
        return Judgement::wait(
            None,
            format!(
                "{needed} needed, and it is not known who requested this and so may not approve it"
            ),
        );
    };
    let counted = counted(&review, requester, gate);
    let names: Vec<_> = counted.iter().map(|name| code(name)).collect();
    if counted.len() >= gate.count as usize {
        return Judgement::pass(format!("{} approved", list(&names)));
    }
    let so_far = match names.as_slice() {
        [] => "nobody has".to_owned(),
        [name] => format!("only {name} has"),
        names => format!("only {} have", list(names)),
    };
    Judgement::wait(None, format!("{needed} needed, and {so_far} approved so far"))
}

/// "2 approvals by `sre` or `dba` are"
fn needed(gate: &Approvals) -> String {
    let teams: Vec<_> = gate.teams.iter().map(|team| code(team)).collect();
    let by = if teams.is_empty() { String::new() } else { format!(" by {}", teams.join(" or ")) };
    match gate.count {
        1 => format!("1 approval{by} is"),
        count => format!("{count} approvals{by} are"),
    }
}

/// The people whose approvals count, each once, without the requester and the
/// authors. Names on forges are compared without case.
fn counted<'r>(review: &'r Review, requester: &str, gate: &Approvals) -> Vec<&'r str> {
    let mut people: Vec<&str> = Vec::new();
    for Approval { by, teams } in &review.approvals {
        let is_own = std::iter::once(requester)
            .chain(review.authors.iter().map(String::as_str))
            .any(|own| own.eq_ignore_ascii_case(by));
        let is_member = gate.teams.is_empty() || gate.teams.iter().any(|team| teams.contains(team));
        let is_new = !people.iter().any(|known| known.eq_ignore_ascii_case(by));
        if !is_own && is_member && is_new {
            people.push(by);
        }
    }
    people
}
