//! The parts of an image reference, as registries and Kubernetes read them
//! (the `distribution/reference` grammar).

use super::texts;
use crate::config::decode::Flaw;
use crate::diagnostic::codes;

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
    struct Digest("a digest", INVALID_IMAGE, "sha256:cb111d1bd870a6a471385a4a69ad17469d326e9dd91e0e455350cacf36e1b3ee", "^sha256:[0-9a-f]{64}$") = digest;
}

fn repository(text: &str) -> Result<(), Flaw> {
    if text.contains('@') {
        return Err(Flaw::new("it has a digest").help("give the digest as `digest`"));
    }
    if text.contains("://") {
        return Err(Flaw::new("it has a scheme").help("leave out what stands before the host"));
    }
    let (host, path) = match text.split_once('/') {
        Some((first, rest)) if is_host(first) => (Some(first), rest),
        _ => (None, text),
    };
    if path.contains(':') {
        return Err(Flaw::new("it has a tag").help("give the tag as `tag`"));
    }
    if let Some(host) = host {
        check_host(host)?;
    }
    if text.len() > 255 {
        return Err(Flaw::new("it is longer than 255 characters"));
    }
    path.split('/').try_for_each(component)
}

/// How a registry's host is told from a path's first segment.
fn is_host(segment: &str) -> bool {
    segment.contains(['.', ':']) || segment == "localhost"
}

fn check_host(host: &str) -> Result<(), Flaw> {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (host, None),
    };
    let is_name = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if !name.split('.').all(is_name) {
        return Err(Flaw::new(format!("`{name}` is no host")));
    }
    match port {
        Some(port) if port.parse::<u16>().is_err() => {
            Err(Flaw::new(format!("`{port}` is no port of a registry")))
        }
        _ => Ok(()),
    }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn component(text: &str) -> Result<(), Flaw> {
    if let Some(c) = text.chars().find(|c| c.is_ascii_uppercase()) {
        return Err(Flaw::new(format!("`{c}` is upper-case")).help("repositories are lower-case"));
    }
    let is_end = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if let Some(c) = text.chars().find(|&c| !is_end(c) && !matches!(c, '.' | '_' | '-')) {
        return Err(Flaw::new(format!("`{c}` is not allowed")));
    }
    let separators = text.split(is_end).filter(|between| !between.is_empty());
    let fit = |between: &str| matches!(between, "." | "_" | "__") || !between.contains(['.', '_']);
    if !text.starts_with(is_end) || !text.ends_with(is_end) || !separators.into_iter().all(fit) {
        return Err(Flaw::new("each segment is letters and digits, with `.`, `_` or `-` between"));
    }
    Ok(())
}

fn tag(text: &str) -> Result<(), Flaw> {
    let is_start = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if text.is_empty() {
        return Err(Flaw::new("it is empty"));
    }
    if text.len() > 128 {
        return Err(Flaw::new(format!("it has {} characters, 128 are allowed", text.len())));
    }
    if text.starts_with(':') {
        return Err(Flaw::new("it begins with `:`").help(format!("write `{}`", &text[1..])));
    }
    if text.contains('@') {
        return Err(Flaw::new("it has a digest").help("give the digest as `digest`"));
    }
    match text.chars().find(|&c| !is_start(c) && !matches!(c, '.' | '-')) {
        Some(c) => Err(Flaw::new(format!("`{c}` is not allowed"))),
        None if !text.starts_with(is_start) => Err(Flaw::new("it begins with `.` or `-`")),
        None => Ok(()),
    }
}

fn digest(text: &str) -> Result<(), Flaw> {
    let help = "a digest is `sha256:` and 64 lower-case hexadecimal digits";
    let Some(hex) = text.strip_prefix("sha256:") else {
        return Err(Flaw::new("it does not begin with `sha256:`").help(help));
    };
    if hex.len() != 64 {
        return Err(Flaw::new(format!("it has {} digits, not 64", hex.len())).help(help));
    }
    match hex.chars().find(|c| !matches!(c, '0'..='9' | 'a'..='f')) {
        Some(c) => Err(Flaw::new(format!("`{c}` is no lower-case hexadecimal digit")).help(help)),
        None => Ok(()),
    }
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
