//! Names of objects, made from names that people chose.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::kubernetes::dns_label;

/// The most characters that are kept of a name that is changed.
const KEPT: usize = 40;
/// Hexadecimal digits of the hash that tells changed names apart.
const HASH: usize = 8;

/// A DNS label for any name: the name itself if it is one, otherwise what can be
/// kept of it and a hash of the whole. Two names never get the same label,
/// because a name that already looks hashed gets another hash.
pub(super) fn slug(name: &str) -> String {
    if dns_label(name).is_ok() && !looks_hashed(name) {
        return name.to_owned();
    }
    let mut slug = String::new();
    for c in name.chars().take(KEPT).map(|c| c.to_ascii_lowercase()) {
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    if !slug.is_empty() && !slug.ends_with('-') {
        slug.push('-');
    }
    slug.push_str(&hash(name));
    slug
}

/// The start of a text's SHA-256, in hexadecimal digits.
pub(super) fn hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest[..HASH / 2].iter().fold(String::with_capacity(HASH), |mut hash, byte| {
        write!(hash, "{byte:02x}").expect("a string takes every character");
        hash
    })
}

fn looks_hashed(name: &str) -> bool {
    let last = name.rsplit('-').next().unwrap_or_default();
    last.len() == HASH && last.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_a_label_is_kept() {
        assert_eq!(slug("shop-developers"), "shop-developers");
        assert_eq!(slug("view"), "view");
    }

    #[test]
    fn any_other_name_becomes_a_label_of_its_own() {
        let names = [
            "oidc:team/a",
            "oidc:team-a",
            "OIDC:team/a",
            "oidc-team-a.",
            "größe",
            "::",
            ":",
            "/",
            "a@example.com",
            &"x".repeat(200),
            &format!("{}y", "x".repeat(199)),
        ];
        let slugs: std::collections::BTreeSet<_> = names.iter().map(|name| slug(name)).collect();
        assert_eq!(slugs.len(), names.len(), "{slugs:?}");
        for slug in &slugs {
            assert_eq!(dns_label(slug), Ok(()), "{slug}");
        }
        assert!(slug("oidc:team/a").starts_with("oidc-team-a-"));
    }

    #[test]
    fn no_name_can_be_made_to_equal_a_changed_one() {
        let changed = slug("oidc:team/a");
        assert_ne!(slug(&changed), changed);
    }
}
