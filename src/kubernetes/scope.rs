//! The kinds that live in a namespace, and those that do not.

use std::collections::HashMap;

use super::Object;
use crate::diagnostic;
use crate::yaml::Node;

/// Whether the objects of a kind live in a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Each object is in one namespace.
    Namespaced,
    /// Each object belongs to the whole cluster.
    Cluster,
}

/// Kubernetes' own kinds by group: first the namespaced ones, then the
/// cluster-scoped ones.
///
/// These are all kinds in the published schemas of Kubernetes 1.25 to 1.37, and
/// those that were removed shortly before (`extensions`, `PodSecurityPolicy`),
/// because manifests outlive servers. The scopes are what a server of version 1.35
/// answers to discovery with all group versions and feature gates enabled; those of
/// kinds that it does not have are from the markers `+genclient:nonNamespaced` in
/// the types of `k8s.io/api` 0.26, 0.28, 0.30 and 0.37. No kind has changed its
/// scope between versions.
const BUILT_IN: &[(&str, &[&str], &[&str])] = &[
    (
        "",
        &[
            "Binding",
            "ConfigMap",
            "Endpoints",
            "Event",
            "LimitRange",
            "PersistentVolumeClaim",
            "Pod",
            "PodTemplate",
            "ReplicationController",
            "ResourceQuota",
            "Secret",
            "Service",
            "ServiceAccount",
        ],
        &["ComponentStatus", "Namespace", "Node", "PersistentVolume"],
    ),
    (
        "admissionregistration.k8s.io",
        &[],
        &[
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ],
    ),
    ("apiextensions.k8s.io", &[], &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io", &[], &["APIService"]),
    ("apps", &["ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"], &[]),
    ("authentication.k8s.io", &["TokenRequest"], &["SelfSubjectReview", "TokenReview"]),
    (
        "authorization.k8s.io",
        &["LocalSubjectAccessReview"],
        &["SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"],
    ),
    ("autoscaling", &["HorizontalPodAutoscaler", "Scale"], &[]),
    ("batch", &["CronJob", "Job"], &[]),
    (
        "certificates.k8s.io",
        &["PodCertificateRequest"],
        &["CertificateSigningRequest", "ClusterTrustBundle"],
    ),
    ("coordination.k8s.io", &["Lease", "LeaseCandidate"], &[]),
    ("discovery.k8s.io", &["EndpointSlice"], &[]),
    ("events.k8s.io", &["Event"], &[]),
    (
        "extensions",
        &["DaemonSet", "Deployment", "Ingress", "NetworkPolicy", "ReplicaSet"],
        &["PodSecurityPolicy"],
    ),
    ("flowcontrol.apiserver.k8s.io", &[], &["FlowSchema", "PriorityLevelConfiguration"]),
    ("internal.apiserver.k8s.io", &[], &["StorageVersion"]),
    ("lifecycle.k8s.io", &["Eviction", "EvictionRequest"], &[]),
    (
        "networking.k8s.io",
        &["Ingress", "NetworkPolicy"],
        &["ClusterCIDR", "IPAddress", "IngressClass", "ServiceCIDR"],
    ),
    ("node.k8s.io", &[], &["RuntimeClass"]),
    ("policy", &["Eviction", "PodDisruptionBudget"], &["PodSecurityPolicy"]),
    ("rbac.authorization.k8s.io", &["Role", "RoleBinding"], &["ClusterRole", "ClusterRoleBinding"]),
    (
        "resource.k8s.io",
        &[
            "PodScheduling",
            "PodSchedulingContext",
            "ResourceClaim",
            "ResourceClaimParameters",
            "ResourceClaimTemplate",
            "ResourceClassParameters",
        ],
        &[
            "DeviceClass",
            "DeviceTaintRule",
            "ResourceClass",
            "ResourcePoolStatusRequest",
            "ResourceSlice",
        ],
    ),
    ("scheduling.k8s.io", &["CompositePodGroup", "PodGroup", "Workload"], &["PriorityClass"]),
    (
        "storage.k8s.io",
        &["CSIStorageCapacity"],
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"],
    ),
    ("storagemigration.k8s.io", &[], &["StorageVersionMigration"]),
];

/// The scope of one of Kubernetes' own kinds; none for any other.
pub fn built_in_scope(group: &str, kind: &str) -> Option<Scope> {
    let at = BUILT_IN.binary_search_by(|(known, ..)| (*known).cmp(group)).ok()?;
    let (_, namespaced, cluster) = BUILT_IN[at];
    if namespaced.contains(&kind) {
        Some(Scope::Namespaced)
    } else if cluster.contains(&kind) {
        Some(Scope::Cluster)
    } else {
        None
    }
}

/// Every kind whose scope is known: Kubernetes' own, and those that
/// definitions add.
#[derive(Debug, Clone, Default)]
pub struct Scopes {
    custom: HashMap<(String, String), Scope>,
}

impl Scopes {
    /// Kubernetes' own kinds.
    pub fn built_in() -> Self {
        Self::default()
    }

    /// The scope of a kind; none if it is not defined.
    pub fn of(&self, group: &str, kind: &str) -> Option<Scope> {
        built_in_scope(group, kind)
            .or_else(|| self.custom.get(&(group.to_owned(), kind.to_owned())).copied())
    }

    /// The known kind that is probably meant by a misspelt one, in words: the most
    /// similar one of the same group, or one of that name in another group.
    pub fn nearest(&self, group: &str, kind: &str) -> Option<String> {
        let built_in = BUILT_IN.iter().flat_map(|(group, namespaced, cluster)| {
            namespaced.iter().chain(*cluster).map(|kind| (*group, *kind))
        });
        let custom = self.custom.keys().map(|(group, kind)| (group.as_str(), kind.as_str()));
        let known: Vec<_> = built_in.chain(custom).collect();
        let same_group = known.iter().filter(|(known, _)| *known == group);
        if let Some(nearest) = diagnostic::nearest(kind, same_group.map(|(_, known)| *known)) {
            return Some(format!("`{nearest}`"));
        }
        let elsewhere = known.iter().filter(|(_, known)| *known == kind).min()?;
        Some(match elsewhere {
            ("", kind) => format!("`{kind}` with `apiVersion: v1`"),
            (group, kind) => format!("`{kind}` of the group `{group}`"),
        })
    }

    /// Adds the kinds of the definitions among `objects`. A later definition wins:
    /// the rendered ones come last, and are what the cluster gets.
    pub fn learn<'a>(&mut self, objects: impl IntoIterator<Item = &'a Object>) {
        for object in objects {
            if object.id.group == "apiextensions.k8s.io"
                && object.id.kind == "CustomResourceDefinition"
                && let Some((group, kind, scope)) = definition(object.value.root())
            {
                self.custom.insert((group.to_owned(), kind.to_owned()), scope);
            }
        }
    }
}

/// The group, kind and scope that a `CustomResourceDefinition` defines; none if it
/// is incomplete, which its own validation reports.
fn definition(object: Node<'_>) -> Option<(&str, &str, Scope)> {
    let spec = object.get("spec")?;
    let scope = match spec.get("scope")?.as_str()? {
        "Namespaced" => Scope::Namespaced,
        "Cluster" => Scope::Cluster,
        _ => return None,
    };
    Some((spec.get("group")?.as_str()?, spec.get("names")?.get("kind")?.as_str()?, scope))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_says_each_kind_once() {
        assert!(BUILT_IN.is_sorted_by(|(a, ..), (b, ..)| a < b));
        for (group, namespaced, cluster) in BUILT_IN {
            assert!(namespaced.is_sorted() && cluster.is_sorted(), "{group}");
            assert!(namespaced.iter().all(|kind| !cluster.contains(kind)), "{group}");
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
        ] {
            assert_eq!(Scopes::built_in().of(group, kind), scope, "{kind}.{group}");
        }
    }
}
