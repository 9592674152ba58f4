//! The parts of an image reference.

use super::declare::texts;
use crate::config::decode::Flaw;
use crate::diagnostic::codes;
use crate::kubernetes::{self, ImageReference, is_tag};

codes! {
    /// A repository, tag or digest that no registry takes.
    ///
    /// A repository is the registry's host and the path of the image, without
    /// tag or digest: those have keys of their own, so that a promotion can
    /// change them. A tag has at most 128 letters, digits, `_`, `.` and `-`. A
    /// digest is `sha256:` and 64 hexadecimal digits.
    ///
    /// ```yaml
    /// images:
    ///   web: { repository: "ghcr.io/shop/web:v1" }             # wrong
    ///   web: { repository: ghcr.io/shop/web, tag: v1 }         # right
    /// ```
    INVALID_IMAGE = "invalid-image", Input, Error;
}

texts! {
    /// Registry and path.
    struct ImageRepository("an image's repository", INVALID_IMAGE, "gcr.io/google-samples/gb-frontend") = repository;
    /// A tag.
    struct Tag("a tag", INVALID_IMAGE, "v4", "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$") = tag;
    /// A digest.
    struct ImageDigest("a digest", INVALID_IMAGE, "sha256:cb111d1bd870a6a471385a4a69ad17469d326e9dd91e0e455350cacf36e1b3ee", "^sha256:[0-9a-f]{64}$") = digest;
}

fn repository(text: &str) -> Result<(), Flaw> {
    let reference =
        ImageReference::parse(text).map_err(|fault| Flaw::new(format!("it {fault}")))?;
    match (&reference.tag, &reference.digest) {
        (None, None) => Ok(()),
        (Some(tag), None) => {
            let bare = text.strip_suffix(&format!(":{tag}")).unwrap_or(text);
            Err(Flaw::new("it has a tag")
                .help(format!("write `{bare}`, and the tag as `tag: {tag}`")))
        }
        (_, Some(_)) => Err(Flaw::new("it has a digest").help("give the digest as `digest`")),
    }
}

fn tag(text: &str) -> Result<(), Flaw> {
    if is_tag(text) {
        return Ok(());
    }
    let rule = "at most 128 letters, digits, `_`, `.` and `-`, and no `.` or `-` at its start";
    let flaw = Flaw::new("no registry has such a tag");
    match text.strip_prefix(':').filter(|rest| is_tag(rest)) {
        Some(rest) => Err(flaw.help(format!("write `{rest}`"))),
        None => Err(flaw.help(format!("a tag is {rule}"))),
    }
}

/// Registries know longer hashes than SHA-256, but do not serve images by them.
fn digest(text: &str) -> Result<(), Flaw> {
    let is_sha256 = text.starts_with("sha256:");
    if is_sha256 && kubernetes::Digest::parse(text).is_ok() {
        return Ok(());
    }
    let because = match text.strip_prefix("sha256:") {
        None => "it does not start with `sha256:`".to_owned(),
        Some(hash) if hash.len() != 64 => format!("it has {} digits, not 64", hash.len()),
        Some(_) => "not all are lower-case hexadecimal digits".to_owned(),
    };
    Err(Flaw::new(because).help("a digest is `sha256:` and 64 lower-case hexadecimal digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_neither_tag_nor_digest() {
        for right in [
            "redis",
            "library/redis",
            "localhost/web",
            "registry.example.com:5000/shop/web_app-1",
            "gcr.io/a/b--c/d__e",
        ] {
            assert_eq!(repository(right), Ok(()), "{right}");
        }
        for wrong in [
            "",
            "redis:7",
            "gcr.io/a:v1",
            "gcr.io/a@sha256:00",
            "https://gcr.io/a",
            "gcr.io/Shop/web",
            "gcr.io//web",
            "gcr.io/web/",
            "a b",
            "a..b/c",
            "host:port/a",
            "gcr.io/a___b",
        ] {
            assert!(repository(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn tags_and_digests_follow_the_registry() {
        assert_eq!(tag("v1.2.3_rc-1"), Ok(()));
        for wrong in ["", ":v1", ".v1", "-v1", "v 1", "v1@sha256:00", "größe"] {
            assert!(tag(wrong).is_err(), "{wrong}");
        }
        assert!(tag(&"a".repeat(129)).is_err());
        assert_eq!(digest(&format!("sha256:{}", "0a".repeat(32))), Ok(()));
        for wrong in [String::new(), "0a".repeat(32), format!("sha256:{}", "0A".repeat(32))] {
            assert!(digest(&wrong).is_err(), "{wrong}");
        }
    }
}
