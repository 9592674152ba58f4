//! Images come from allowed repositories.

use super::evaluation::Evaluation;
use super::judgement::Judgement;
use super::words::{code, list};
use crate::config::{Glob, Sourced};
use crate::kubernetes::ImageReference;

pub(super) fn judge(evaluation: &Evaluation<'_>) -> Option<Judgement> {
    let gate = evaluation.candidate.gates.image.as_ref()?;
    let mut refused = Vec::new();
    let mut unknown = Vec::new();
    for (key, image) in evaluation.images() {
        match &image.repository {
            Some(repository) if is_allowed(repository, &gate.value) => {}
            Some(repository) => refused.push(format!("{} of {}", code(repository), code(key))),
            None => unknown.push(code(key)),
        }
    }
    for (key, repository) in evaluation.repositories() {
        if !is_allowed(repository, &gate.value) {
            refused.push(format!("{} of {}", code(repository), code(key)));
        }
    }
    let patterns: Vec<_> = gate.value.iter().map(|glob| code(glob.value.as_str())).collect();
    let judgement = if !refused.is_empty() {
        let (refused, patterns) = (list(&refused), patterns.join(", "));
        Judgement::fail(format!("{refused} may not be used here; only {patterns} may"))
    } else if !unknown.is_empty() {
        // A repository that another file sets is not known to be allowed.
        let unknown = list(&unknown);
        Judgement::wait(None, format!("the repository of {unknown} is not written at its site"))
    } else {
        Judgement::pass("every image comes from an allowed repository")
    };
    Some(judgement.at(&gate.location))
}

/// Whether a pattern matches a repository as it is written, or as container runtimes
/// complete it: `redis` is `docker.io/library/redis`.
fn is_allowed(repository: &str, allowed: &[Sourced<Glob>]) -> bool {
    let full = ImageReference::parse(repository).map(|reference| reference.full_repository());
    let is_match = |text: &str| allowed.iter().any(|glob| glob.value.is_match(text));
    is_match(repository) || full.is_ok_and(|full| is_match(&full))
}
