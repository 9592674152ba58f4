//! Repositories that hold the same images: how the file declares them, and which are
//! equal by it.

use std::mem;

use indexmap::IndexMap;

use super::decode::Map;
use super::sourced::Sourced;
use super::syntax::RepositoryPattern;
use crate::diagnostic::{Finding, Findings, codes};
use crate::kubernetes::full_repository;

codes! {
    /// A mirror and its original with different wildcards.
    ///
    /// `mirrors` says which repositories hold the images of which others. What `*`
    /// stands for in the mirror's pattern takes the place of `*` in the original's, so
    /// both have one or neither has.
    ///
    /// ```yaml
    /// mirrors: { "mirror.example.com/*": registry.example.com/shop/web }       # wrong
    /// mirrors: { "mirror.example.com/*": "registry.example.com/*" }            # right
    /// ```
    UNEQUAL_MIRROR = "unequal-mirror", Input, Error;
}

/// Repositories by pattern, with those whose images they hold, as the file has them.
pub(in crate::config) type MirrorsFile = Map<RepositoryPattern, RepositoryPattern>;

/// Which repositories hold the same images. Without any, each holds its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mirrors {
    /// Each mirror with its original, in the order of the file.
    originals: IndexMap<RepositoryPattern, RepositoryPattern>,
}

impl Mirrors {
    /// Whether two repositories hold the same images: they are the same one, however
    /// written, or mirrors of the same one.
    pub fn are_same(&self, one: &str, other: &str) -> bool {
        one == other || self.original(one) == self.original(other)
    }

    /// The full name of the repository whose images a repository holds. A mirror may be
    /// declared as the original of another one.
    fn original(&self, repository: &str) -> String {
        let mut name = full_repository(repository);
        let mut seen = Vec::new();
        // A pattern that fits its own originals would be followed for ever.
        while seen.len() <= self.originals.len() {
            let Some(next) = self.mirrored(&name) else { break };
            seen.push(mem::replace(&mut name, next));
            // Of mirrors of each other, any may stand for all.
            if let Some(at) = seen.iter().position(|one| *one == name) {
                return seen.drain(at..).min().unwrap_or(name);
            }
        }
        name
    }

    /// The repository whose images a mirror is declared to hold.
    fn mirrored(&self, name: &str) -> Option<String> {
        let mut originals = self.originals.iter();
        originals.find_map(|(mirror, original)| Some(original.with(mirror.captured(name)?)))
    }
}

/// The declared mirrors.
pub(super) fn resolve(raw: Option<&Sourced<MirrorsFile>>, findings: &mut Findings) -> Mirrors {
    let mut originals = IndexMap::new();
    for (mirror, original) in raw.into_iter().flat_map(|raw| &raw.value.0) {
        let (pattern, source) = (mirror.value.full(), original.value.full());
        if pattern.has_wildcard() == source.has_wildcard() {
            originals.insert(pattern, source);
            continue;
        }
        let message = format!("only one of `{}` and `{}` has a `*`", mirror.value, original.value);
        findings.push(
            Finding::new(&UNEQUAL_MIRROR, message, original.location.clone())
                .because("takes the place of what `*` stands for in the mirror, or of nothing")
                .help("give both a `*`, or neither"),
        );
    }
    Mirrors { originals }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::decode::Syntax as _;

    fn mirrors(entries: &[(&str, &str)]) -> Mirrors {
        let pattern = |text: &str| RepositoryPattern::parse(text).unwrap().full();
        let entries = entries.iter().map(|(mirror, original)| (pattern(mirror), pattern(original)));
        Mirrors { originals: entries.collect() }
    }

    #[test]
    fn two_repositories_are_the_same_if_both_hold_the_images_of_one() {
        let declared = mirrors(&[
            ("eu.example.com/*", "ghcr.io/*"),
            ("us.example.com/*", "eu.example.com/*"),
            ("example.com/mirror/redis", "redis"),
        ]);
        assert!(declared.are_same("us.example.com/shop/web", "ghcr.io/shop/web"));
        assert!(declared.are_same("us.example.com/shop/web", "eu.example.com/shop/web"));
        assert!(declared.are_same("example.com/mirror/redis", "docker.io/library/redis"));
        assert!(!declared.are_same("us.example.com/shop/web", "ghcr.io/shop/api"));
        assert!(!declared.are_same("us.example.com.evil.io/shop/web", "ghcr.io/shop/web"));
        assert!(!Mirrors::default().are_same("eu.example.com/shop/web", "ghcr.io/shop/web"));
        assert!(Mirrors::default().are_same("redis", "docker.io/library/redis"));
    }

    #[test]
    fn mirrors_of_each_other_are_the_same() {
        let declared = mirrors(&[("a.io/*", "b.io/*"), ("b.io/*", "a.io/*")]);
        assert!(declared.are_same("a.io/web", "b.io/web"));
        assert!(!declared.are_same("a.io/web", "c.io/web"));
    }
}
