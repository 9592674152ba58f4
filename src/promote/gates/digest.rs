//! Images have digests.

use super::case::Case;
use super::verdict::Judgement;
use super::words::{code, list};

pub(super) fn judge(case: &Case<'_>) -> Option<Judgement> {
    let gate = case.candidate.gates.digest.as_ref()?;
    let without = case.images().filter(|(_, image)| image.digest.is_none());
    let without: Vec<_> = without.map(|(key, _)| code(key)).collect();
    let judgement = match without.len() {
        0 => Judgement::pass("every image has a digest"),
        1 => Judgement::fail(format!("{} has no digest", without[0])),
        _ => Judgement::fail(format!("{} have no digests", list(&without))),
    };
    Some(judgement.asked_at(&gate.location))
}
