//! From a kind to its schema.

use std::ops::RangeInclusive;

use super::custom::CustomDefinitions;
use super::embedded::{KUBERNETES, OPERATORS};
use super::kind_schema::{KindSchema, SchemaSource};
use super::kinds::{
    KindOrigin, KnownKind, ServedVersions, built_in_scope, known_kind, known_kinds,
};
use super::node::Schema;
use crate::diagnostic;

/// The embedded schemas, as one version of Kubernetes has them. Nothing is inflated before
/// the first schema is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schemas {
    minor: u32,
}

impl Schemas {
    /// The minor versions that there are schemas of.
    pub const MINORS: RangeInclusive<u32> = ServedVersions::OLDEST..=ServedVersions::NEWEST;

    /// The schemas of a minor version, 35 for 1.35; none if they are not embedded.
    pub fn kubernetes(minor: u32) -> Option<Self> {
        Self::MINORS.contains(&minor).then_some(Self { minor })
    }

    /// The schema of one of Kubernetes' own kinds, if this version has it, or of an
    /// operator's.
    pub fn of(self, api_version: &str, kind: &str) -> Option<KindSchema<'static>> {
        let known = known_kind(api_version, kind)?;
        let embedded = match known.origin {
            KindOrigin::Kubernetes(versions) if versions.has(self.minor) => &*KUBERNETES,
            KindOrigin::Kubernetes(_) => return None,
            KindOrigin::Operator { .. } => &*OPERATORS,
        };
        let is_said = |word| embedded.is_said(api_version, kind, word);
        let root = embedded.root(api_version, kind, self.minor)?;
        let (source, has_status) = match known.origin {
            KindOrigin::Kubernetes(_) => {
                (SchemaSource::Kubernetes, root.property("status").is_some())
            }
            KindOrigin::Operator { name, version } => {
                (SchemaSource::Operator { name, version }, is_said("status"))
            }
        };
        let is_deprecated = is_said("deprecated");
        Some(KindSchema { scope: known.scope, root, source, has_status, is_deprecated })
    }

    /// The schema of a kind that is Kubernetes' own, the repository's or an operator's. Of a
    /// kind that the repository defines, only the versions of that definition count.
    pub fn find<'d>(
        self,
        definitions: &'d CustomDefinitions,
        api_version: &str,
        kind: &str,
    ) -> Option<KindSchema<'d>> {
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        match definitions.of(group, kind) {
            Some(definition) if built_in_scope(group, kind).is_none() => {
                definition.version(version)
            }
            _ => self.of(api_version, kind),
        }
    }

    /// The schema of `metadata`, of which definitions of custom resources only say that it
    /// is a map.
    ///
    /// # Panics
    ///
    /// Never: every version has `ConfigMap`s.
    pub fn object_metadata(self) -> Schema<'static> {
        let root = KUBERNETES.root("v1", "ConfigMap", self.minor);
        root.and_then(|root| root.property("metadata")).expect("every version has ConfigMaps")
    }

    /// The kind that is probably meant by an API version and kind that this version does not
    /// have: the kind in another API version (of the same group if there is one), else the
    /// most similar name in the same API version, else in the same group.
    pub fn nearest(self, api_version: &str, kind: &str) -> Option<&'static KnownKind> {
        let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
        let known = || known_kinds().iter().filter(|known| self.has(known));
        let elsewhere = known().filter(|known| known.kind == kind);
        let similar = |is_near: &dyn Fn(&KnownKind) -> bool| {
            let near = || known().filter(|known| is_near(known));
            let name = diagnostic::nearest(kind, near().map(|known| known.kind))?;
            near().filter(|known| known.kind == name).max_by_key(|known| stability(known))
        };
        elsewhere
            .max_by_key(|known| (known.group() == group, stability(known)))
            .or_else(|| similar(&|known| known.api_version == api_version))
            .or_else(|| similar(&|known| known.group() == group))
    }

    fn has(self, known: &KnownKind) -> bool {
        match known.origin {
            KindOrigin::Kubernetes(versions) => versions.has(self.minor),
            KindOrigin::Operator { .. } => true,
        }
    }
}

/// Orders API versions: `v1` before `v2`, after `v1beta1`, which is after `v1alpha1`.
fn stability(known: &KnownKind) -> (u8, &'static str) {
    let version = known.api_version.rsplit('/').next().unwrap_or_default();
    let level = match version {
        alpha if alpha.contains("alpha") => 0,
        beta if beta.contains("beta") => 1,
        _ => 2,
    };
    (level, version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::schema::{FieldType, Scope};

    fn schemas(minor: u32) -> Schemas {
        Schemas::kubernetes(minor).unwrap()
    }

    #[test]
    fn only_embedded_versions_have_schemas() {
        let has = [24, 25, 37, 38].map(|minor| Schemas::kubernetes(minor).is_some());
        assert_eq!(has, [false, true, true, false]);
    }

    #[test]
    fn every_known_kind_has_a_schema_in_its_versions() {
        for minor in Schemas::MINORS {
            for known in known_kinds() {
                let found = schemas(minor).of(known.api_version, known.kind);
                assert_eq!(found.is_some(), schemas(minor).has(known), "{minor} {known:?}");
                let Some(found) = found else { continue };
                assert_eq!(found.scope, known.scope);
                let types = &found.root.keywords().types;
                assert_eq!(**types, [FieldType::Object], "{known:?}");
            }
        }
    }

    #[test]
    fn kinds_that_a_version_lacks() {
        let kind = |minor, api_version, kind| schemas(minor).of(api_version, kind).is_some();
        assert!(kind(25, "autoscaling/v2beta2", "HorizontalPodAutoscaler"));
        assert!(!kind(26, "autoscaling/v2beta2", "HorizontalPodAutoscaler"));
        assert!(kind(26, "argoproj.io/v1alpha1", "Rollout"));
        assert!(!kind(26, "argoproj.io/v1", "Rollout"));
        assert!(!kind(26, "extensions/v1beta1", "Ingress"));
    }

    #[test]
    fn a_kind_that_is_probably_meant() {
        let meant = |api_version, kind| {
            let known = schemas(35).nearest(api_version, kind)?;
            Some((known.api_version, known.kind))
        };
        for (api_version, kind, probably) in [
            ("extensions/v1beta1", "Ingress", Some(("networking.k8s.io/v1", "Ingress"))),
            ("v1", "Deployment", Some(("apps/v1", "Deployment"))),
            ("apps/v1", "Deploymnet", Some(("apps/v1", "Deployment"))),
            (
                "autoscaling/v2beta2",
                "HorizontalPodAutoscaler",
                Some(("autoscaling/v2", "HorizontalPodAutoscaler")),
            ),
            ("apps/v1beta1", "Statefulset", Some(("apps/v1", "StatefulSet"))),
            ("events.k8s.io/v1beta1", "Event", Some(("events.k8s.io/v1", "Event"))),
            (
                "gateway.networking.k8s.io/v1alpha2",
                "HTTPRoute",
                Some(("gateway.networking.k8s.io/v1", "HTTPRoute")),
            ),
            ("example.com/v1", "Anything", None),
        ] {
            assert_eq!(meant(api_version, kind), probably, "{api_version} {kind}");
        }
    }

    #[test]
    fn what_operators_say_of_their_kinds() {
        let of = |api_version, kind| schemas(35).of(api_version, kind).unwrap();
        let rollout = of("argoproj.io/v1alpha1", "Rollout");
        let source = SchemaSource::Operator { name: "argo-rollouts", version: "1.10.2" };
        assert_eq!(rollout.source, source);
        assert!(rollout.has_status && !rollout.is_deprecated);
        assert!(!of("argoproj.io/v1alpha1", "Application").has_status);
        assert!(of("gateway.networking.k8s.io/v1alpha2", "TCPRoute").is_deprecated);
        assert_eq!(of("cert-manager.io/v1", "ClusterIssuer").scope, Scope::Cluster);
    }

    #[test]
    fn schemas_that_refer_to_themselves() {
        let definition = schemas(35).of("apiextensions.k8s.io/v1", "CustomResourceDefinition");
        let path = ["spec", "versions"];
        let versions = path.iter().try_fold(definition.unwrap().root, |at, name| at.property(name));
        let schema = versions.unwrap().items().unwrap().property("schema").unwrap();
        let props = schema.property("openAPIV3Schema").unwrap();
        let inner = props.property("not").unwrap();
        assert_eq!(inner.id(), inner.property("not").unwrap().id());
        assert!(inner.property("format").is_some());
    }
}
