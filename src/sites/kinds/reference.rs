//! Texts that hold an image reference or a part of one, and versions that move.

use crate::kubernetes::{Digest, ImageFault, ImageReference};
use crate::sites::{ImageParts, RevisionParts, SitePartKind, SiteValue};

/// The name and the reference of `name=reference`, as Argo CD has it.
pub(in crate::sites) fn split_name(text: &str) -> (&str, &str) {
    match text.split_once('=') {
        Some((name, reference)) if !name.contains(['@', ':']) || !reference.is_empty() => {
            (name, reference)
        }
        _ => ("", text),
    }
}

/// The parts of a whole reference.
pub(super) fn image_parts(text: &str) -> Result<ImageParts, ImageFault> {
    let reference = ImageReference::parse(text)?;
    Ok(ImageParts {
        repository: Some(reference.repository()),
        tag: reference.tag,
        digest: reference.digest.map(|digest| digest.as_str().to_owned()),
    })
}

/// An image whose parts are in scalars of their own. An empty scalar counts as
/// missing; a tag may have its digest in the same scalar.
pub(super) fn image_of(
    repository: Option<String>,
    tag: Option<&str>,
    digest: Option<&str>,
) -> ImageParts {
    let (tag, along) = tag.map_or((None, None), split_tag);
    let digest = digest.filter(|digest| !digest.is_empty()).or(along);
    let digest = digest.map(|digest| digest_in(digest).unwrap_or_else(|| digest.to_owned()));
    let repository = repository.map(|repository| without_user(&repository).to_owned());
    ImageParts {
        repository: repository.filter(|repository| !repository.is_empty()),
        tag: tag.map(str::to_owned),
        digest,
    }
}

/// A repository without the user and password that people write before its host. After the
/// `@` of a digest there is no path.
pub(super) fn without_user(repository: &str) -> &str {
    match repository.rsplit_once('@') {
        Some((_, place)) if place.contains('/') => place,
        _ => repository,
    }
}

/// The digest of a scalar that holds one, perhaps without its algorithm.
pub(super) fn digest_in(text: &str) -> Option<String> {
    if is_bare_digest(text) {
        return Some(format!("sha256:{}", text.to_ascii_lowercase()));
    }
    Digest::parse(text).ok().map(|digest| digest.as_str().to_owned())
}

/// Whether a text is a digest without its algorithm, which is sha256.
pub(super) fn is_bare_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The kind of part that a scalar is that holds a digest.
pub(super) fn digest_kind(text: &str) -> SitePartKind {
    if is_bare_digest(text) { SitePartKind::BareDigest } else { SitePartKind::Digest }
}

/// The tag and the digest of a scalar that holds `tag`, `tag@digest` or
/// `@digest`.
pub(in crate::sites) fn split_tag(text: &str) -> (Option<&str>, Option<&str>) {
    let some = |text: &'_ str| !text.is_empty();
    match text.split_once('@') {
        Some((tag, digest)) => (Some(tag).filter(|t| some(t)), Some(digest).filter(|d| some(d))),
        None if Digest::parse(text).is_ok() => (None, Some(text)),
        None => (Some(text).filter(|t| some(t)), None),
    }
}

/// The value of a revision, or of something that moves.
pub(super) fn revision(text: String, moves: bool) -> SiteValue {
    let parts = RevisionParts::new(text);
    if moves { SiteValue::Moving(parts) } else { SiteValue::Revision(parts) }
}

/// Whether a chart's version is a range, as Helm and Flux read it
/// (`Masterminds/semver`, `constraints.go`): an operator, a wildcard, or fewer
/// than three numbers, which stand for all versions that start with them.
pub(super) fn is_version_range(text: &str) -> bool {
    if has_range_syntax(text) {
        return true;
    }
    let core = text.strip_prefix('v').unwrap_or(text);
    let core = core.split(['-', '+']).next().unwrap_or_default();
    let numbers: Vec<_> = core.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    numbers.len() < 3 && numbers.iter().all(is_number)
}

/// Whether a git reference is a branch or a range, as far as that can be seen
/// from its text: tags and commits have a digit, and `HEAD` and `main` have none.
///
/// `release-1` may be a branch, but is taken for a tag: its author chose it.
pub(super) fn is_moving_reference(text: &str) -> bool {
    let bare = text.strip_prefix("refs/tags/").unwrap_or(text);
    let is_commit = bare.len() >= 7 && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
    let has_digit = bare.bytes().any(|byte| byte.is_ascii_digit());
    text.starts_with("refs/heads/") || has_range_syntax(bare) || !(has_digit || is_commit)
}

fn has_range_syntax(text: &str) -> bool {
    let is_wild = |part: &str| matches!(part, "x" | "X" | "*");
    text.is_empty()
        || text.contains(['<', '>', '=', '~', '^', '|', ',', '*', ' '])
        || text.trim_start_matches('v').split('.').any(is_wild)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_told_from_a_version() {
        for range in [">=1.0", "1.x", "*", "~1.2.3", "^1", "1.2", "v1", "1.0 - 2.0", "1.2.*"] {
            assert!(is_version_range(range), "{range}");
        }
        for version in ["1.2.3", "v1.2.3", "1.2.3-rc.1", "1.2.3+build", "2024.1.0", "0.1.0-alpha"] {
            assert!(!is_version_range(version), "{version}");
        }
    }

    #[test]
    fn a_branch_is_told_from_a_tag_and_a_commit() {
        for branch in ["HEAD", "main", "refs/heads/v1", "stage", "v1.*", ">=1.0"] {
            assert!(is_moving_reference(branch), "{branch}");
        }
        for exact in ["v1", "1.2.3", "9ac61f5", "abcdefabcdef", "refs/tags/v1", "release-1.2"] {
            assert!(!is_moving_reference(exact), "{exact}");
        }
    }
}
