//! Tags match a pattern. An image with only a digest has no tag that could be wrong;
//! the gate `digest` says whether digests are wanted. What no site says has tags of others.

use super::evaluation::Evaluation;
use super::judgement::Judgement;
use super::words::{code, list};
use crate::sites::ImageParts;

pub(super) fn judge(evaluation: &Evaluation<'_>) -> Option<Judgement> {
    let gate = evaluation.candidate.gates.tag.as_ref()?;
    let pattern = code(gate.value.as_str());
    let mut wrong = Vec::new();
    let mut untagged = Vec::new();
    for (key, image) in evaluation.images_of_sites() {
        match &image.tag {
            Some(tag) if gate.value.is_match(tag) => {}
            Some(tag) => wrong.push(format!("{} of {}", code(tag), code(key))),
            None if image.digest.is_some() => {}
            None => untagged.push(code(key)),
        }
    }
    let has = if untagged.len() == 1 { "has" } else { "have" };
    let sentences: Vec<_> = [
        (!wrong.is_empty()).then(|| format!("{pattern} does not match the tag {}", list(&wrong))),
        (!untagged.is_empty())
            .then(|| format!("{} {has} no tag that {pattern} could match", list(&untagged))),
    ]
    .into_iter()
    .flatten()
    .collect();
    let is_other =
        |image: &ImageParts| image.tag.as_ref().is_some_and(|tag| !gate.value.is_match(tag));
    let judgement = if sentences.is_empty() && evaluation.images().any(|(_, one)| is_other(one)) {
        Judgement::pass(format!("every tag of a site matches {pattern}"))
    } else if sentences.is_empty() {
        Judgement::pass(format!("every tag matches {pattern}"))
    } else {
        Judgement::fail(sentences.join(", and "))
    };
    Some(judgement.at(&gate.location))
}
