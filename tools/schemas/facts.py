"""What the published schemas of Kubernetes do not say about its kinds.

The scopes are what a server of version 1.35 answers to discovery with all group versions
and feature gates enabled; those of kinds that it does not have are from the markers
`+genclient:nonNamespaced` in the types of `k8s.io/api` 0.26, 0.28, 0.30 and 0.37. No kind
has changed its scope between versions.
"""

# The kinds whose objects belong to the whole cluster, by group. All others live in a
# namespace.
CLUSTER_SCOPED = {
    "": "ComponentStatus Namespace Node PersistentVolume",
    "admissionregistration.k8s.io": "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding"
    " MutatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding"
    " ValidatingWebhookConfiguration",
    "apiextensions.k8s.io": "CustomResourceDefinition",
    "apiregistration.k8s.io": "APIService",
    "authentication.k8s.io": "SelfSubjectReview TokenReview",
    "authorization.k8s.io": "SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview",
    "certificates.k8s.io": "CertificateSigningRequest ClusterTrustBundle",
    "extensions": "PodSecurityPolicy",
    "flowcontrol.apiserver.k8s.io": "FlowSchema PriorityLevelConfiguration",
    "internal.apiserver.k8s.io": "StorageVersion",
    "networking.k8s.io": "ClusterCIDR IPAddress IngressClass ServiceCIDR",
    "node.k8s.io": "RuntimeClass",
    "policy": "PodSecurityPolicy",
    "rbac.authorization.k8s.io": "ClusterRole ClusterRoleBinding",
    "resource.k8s.io": "DeviceClass DeviceTaintRule ResourceClass ResourcePoolStatusRequest"
    " ResourceSlice",
    "scheduling.k8s.io": "PriorityClass",
    "storage.k8s.io": "CSIDriver CSINode StorageClass VolumeAttachment VolumeAttributesClass",
    "storagemigration.k8s.io": "StorageVersionMigration",
}

# Kinds that are no objects of their own: what is asked of a server and what it answers.
# The kinds whose name ends with `List` are left out as well, since a list stands for its
# items.
NOT_OBJECTS = {"APIGroup", "APIVersions", "DeleteOptions", "Status", "WatchEvent"}

# Questions to the server, which have no name: it does not ask for their metadata.
WITHOUT_NAME = {
    "LocalSubjectAccessReview", "SelfSubjectAccessReview", "SelfSubjectReview",
    "SelfSubjectRulesReview", "SubjectAccessReview", "TokenRequest", "TokenReview",
}

# What was removed before the first version that the schemas are of, with the last minor
# version that served it. From the guide to deprecated API of Kubernetes' documentation.
GONE = {
    ("admissionregistration.k8s.io/v1beta1", 21):
        "MutatingWebhookConfiguration ValidatingWebhookConfiguration",
    ("apiextensions.k8s.io/v1beta1", 21): "CustomResourceDefinition",
    ("apiregistration.k8s.io/v1beta1", 21): "APIService",
    ("apps/v1beta1", 15): "ControllerRevision Deployment StatefulSet",
    ("apps/v1beta2", 15): "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet",
    ("authentication.k8s.io/v1beta1", 21): "TokenReview",
    ("authorization.k8s.io/v1beta1", 21):
        "LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview"
        " SubjectAccessReview",
    ("autoscaling/v2beta1", 24): "HorizontalPodAutoscaler",
    ("batch/v1beta1", 24): "CronJob",
    ("certificates.k8s.io/v1beta1", 21): "CertificateSigningRequest",
    ("coordination.k8s.io/v1beta1", 21): "Lease",
    ("discovery.k8s.io/v1beta1", 24): "EndpointSlice",
    ("events.k8s.io/v1beta1", 24): "Event",
    ("extensions/v1beta1", 15): "DaemonSet Deployment NetworkPolicy PodSecurityPolicy ReplicaSet",
    ("extensions/v1beta1", 21): "Ingress",
    ("networking.k8s.io/v1beta1", 21): "Ingress IngressClass",
    ("node.k8s.io/v1beta1", 24): "RuntimeClass",
    ("policy/v1beta1", 24): "PodDisruptionBudget PodSecurityPolicy",
    ("rbac.authorization.k8s.io/v1beta1", 21): "ClusterRole ClusterRoleBinding Role RoleBinding",
    ("scheduling.k8s.io/v1beta1", 21): "PriorityClass",
    ("storage.k8s.io/v1beta1", 21): "CSIDriver CSINode StorageClass VolumeAttachment",
}


def scope(group, kind):
    """Whether the objects of a kind live in a namespace, in one word."""
    return "cluster" if kind in CLUSTER_SCOPED.get(group, "").split() else "namespaced"
