//! The result renders and is valid.

use super::evaluation::Evaluation;
use super::judgement::Judgement;

pub(super) fn judge(evaluation: &Evaluation<'_>) -> Option<Judgement> {
    let Err(findings) = evaluation.candidate.rendering? else {
        return Some(Judgement::pass("it renders"));
    };
    let Some(first) = findings.iter().next() else { return Some(Judgement::pass("it renders")) };
    Some(Judgement::fail(first.message.clone()).blaming(first.location()))
}
