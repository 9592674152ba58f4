//! Images have digests.

use super::evaluation::Evaluation;
use super::judgement::Judgement;
use super::words::{code, list};

pub(super) fn judge(evaluation: &Evaluation<'_>) -> Option<Judgement> {
    let gate = evaluation.candidate.gates.digest.as_ref()?;
    let without = evaluation.images().filter(|(_, image)| image.digest.is_none());
    let without: Vec<_> = without.map(|(key, _)| code(key)).collect();
    let judgement = match without.len() {
        0 => Judgement::pass("every image has a digest"),
        1 => Judgement::fail(format!("{} has no digest", without[0])),
        _ => Judgement::fail(format!("{} have no digests", list(&without))),
    };
    Some(judgement.at(&gate.location))
}
