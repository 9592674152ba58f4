//! The kinds that are known without their schemas, from plain text.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Whether the objects of a kind live in a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Each object is in one namespace.
    Namespaced,
    /// Each object belongs to the whole cluster.
    Cluster,
}

impl Scope {
    fn named(name: &str) -> Option<Self> {
        match name {
            "namespaced" => Some(Self::Namespaced),
            "cluster" => Some(Self::Cluster),
            _ => None,
        }
    }
}

/// The minor versions of Kubernetes that have a kind in an API version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServedVersions {
    /// The first one: 25 for 1.25. None if it is older than the embedded versions.
    first: Option<u32>,
    /// The last one, which may be older than the embedded versions.
    last: u32,
}

impl ServedVersions {
    /// The oldest minor version with schemas.
    pub const OLDEST: u32 = 25;
    /// The newest minor version with schemas.
    pub const NEWEST: u32 = 37;

    /// Whether a minor version has it.
    pub fn has(self, minor: u32) -> bool {
        minor <= self.last && self.first.is_none_or(|first| first <= minor)
    }

    /// The minor version that first had it; none if that was [`Self::OLDEST`] or before.
    pub fn added_in(self) -> Option<u32> {
        self.first.filter(|first| *first > Self::OLDEST)
    }

    /// The minor version that no longer has it; none if [`Self::NEWEST`] still does.
    pub fn removed_in(self) -> Option<u32> {
        (self.last < Self::NEWEST).then_some(self.last + 1)
    }

    /// Reads `25-37`, or `-21` for what was there up to 1.21.
    fn read(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let first = if first.is_empty() { None } else { Some(first.parse().ok()?) };
        Some(Self { first, last: last.parse().ok()? })
    }
}

/// A kind in an API version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownKind {
    /// The API version with its group.
    pub api_version: &'static str,
    /// The kind.
    pub kind: &'static str,
    /// Where its objects live.
    pub scope: Scope,
    /// Who defines it.
    pub origin: KindOrigin,
}

/// Who defines a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KindOrigin {
    /// Kubernetes itself, in these versions.
    Kubernetes(ServedVersions),
    /// An operator.
    Operator {
        /// The operator's name.
        name: &'static str,
        /// The operator's version whose definition is embedded.
        version: &'static str,
    },
}

impl KnownKind {
    /// The API group; empty for the core group.
    pub fn group(&self) -> &'static str {
        self.api_version.rsplit_once('/').map_or("", |(group, _)| group)
    }

    fn read(line: &'static str, origin: fn(&'static str) -> Option<KindOrigin>) -> Option<Self> {
        let mut words = line.split(' ');
        let (api_version, kind) = (words.next()?, words.next()?);
        let scope = Scope::named(words.next()?)?;
        Some(Self { api_version, kind, scope, origin: origin(words.next()?)? })
    }

    fn key(&self) -> (&'static str, &'static str) {
        (self.api_version, self.kind)
    }
}

fn kubernetes(versions: &'static str) -> Option<KindOrigin> {
    ServedVersions::read(versions).map(KindOrigin::Kubernetes)
}

fn operator(origin: &'static str) -> Option<KindOrigin> {
    let (name, version) = origin.rsplit_once('-')?;
    Some(KindOrigin::Operator { name, version })
}

/// Sorted by API version and kind.
static KINDS: LazyLock<Vec<KnownKind>> = LazyLock::new(|| {
    const INVARIANT: &str = "a test reads the lists of kinds";
    let lines = |text: &'static str| text.lines().filter(|line| !line.starts_with('#'));
    let own = lines(include_str!("data/kubernetes.txt"));
    let own = own.map(|line| KnownKind::read(line, kubernetes).expect(INVARIANT));
    let others = lines(include_str!("data/operators.txt"));
    let others = others.map(|line| KnownKind::read(line, operator).expect(INVARIANT));
    let mut kinds: Vec<_> = own.chain(others).collect();
    kinds.sort_unstable_by_key(KnownKind::key);
    kinds
});

/// The kinds by group and kind, whatever their versions.
static BY_GROUP: LazyLock<HashMap<(&'static str, &'static str), &'static KnownKind>> =
    LazyLock::new(|| KINDS.iter().map(|known| ((known.group(), known.kind), known)).collect());

/// Kubernetes' own kinds and those of well-known operators, sorted by API version and kind.
/// Those that Kubernetes removed before the embedded versions are among them, because
/// manifests outlive servers.
pub fn known_kinds() -> &'static [KnownKind] {
    &KINDS
}

/// What is known of a kind in an API version.
pub(super) fn known_kind(api_version: &str, kind: &str) -> Option<&'static KnownKind> {
    let at = KINDS.binary_search_by(|known| known.key().cmp(&(api_version, kind))).ok()?;
    Some(&KINDS[at])
}

/// The versions of Kubernetes that have one of its own kinds in an API version.
pub fn versions_of(api_version: &str, kind: &str) -> Option<ServedVersions> {
    match known_kind(api_version, kind)?.origin {
        KindOrigin::Kubernetes(versions) => Some(versions),
        KindOrigin::Operator { .. } => None,
    }
}

/// The scope of one of Kubernetes' own kinds; none for any other.
pub fn built_in_scope(group: &str, kind: &str) -> Option<Scope> {
    let known = BY_GROUP.get(&(group, kind))?;
    matches!(known.origin, KindOrigin::Kubernetes(_)).then_some(known.scope)
}

/// The scope of one of Kubernetes' own kinds, or of an operator's.
pub(in crate::kubernetes) fn embedded_scope(group: &str, kind: &str) -> Option<Scope> {
    BY_GROUP.get(&(group, kind)).map(|known| known.scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_there_once_and_has_one_scope() {
        assert!(KINDS.is_sorted_by(|a, b| a.key() < b.key()));
        for known in known_kinds() {
            let scope = embedded_scope(known.group(), known.kind);
            assert_eq!(scope, Some(known.scope), "{known:?}");
        }
    }

    #[test]
    fn scopes_of_well_known_kinds() {
        use Scope::{Cluster, Namespaced};
        for (group, kind, scope) in [
            ("", "Pod", Some(Namespaced)),
            ("", "Namespace", Some(Cluster)),
            ("apps", "Deployment", Some(Namespaced)),
            ("rbac.authorization.k8s.io", "ClusterRole", Some(Cluster)),
            ("policy", "PodSecurityPolicy", Some(Cluster)),
            ("apps", "Pod", None),
            ("example.com", "Deployment", None),
            ("cert-manager.io", "ClusterIssuer", None),
        ] {
            assert_eq!(built_in_scope(group, kind), scope, "{kind}.{group}");
        }
    }

    #[test]
    fn the_notice_names_every_source() {
        let notice = include_str!("data/NOTICE");
        for known in known_kinds() {
            if let KindOrigin::Operator { name, version } = known.origin {
                assert!(notice.contains(&format!("    {name}-{version}\n")), "{name} {version}");
            }
        }
        let versions = format!("1.{} to 1.{}", ServedVersions::OLDEST, ServedVersions::NEWEST);
        assert!(notice.contains(&versions));
    }
}
