//! Where the server asks for less than the published schemas of its own kinds.

/// Fields that schemas require although the server does not, by definition: an absent one is
/// the same to it as an empty one, which it takes.
const NOT_REQUIRED: &[(&str, &str)] = &[
    // pkg/apis/networking/validation/validation.go: an empty selector selects every pod.
    ("api.networking.v1.NetworkPolicySpec", "podSelector"),
    // pkg/apis/apps/validation/validation.go: a set without a governing Service is taken.
    ("api.apps.v1.StatefulSetSpec", "serviceName"),
    // pkg/apis/core/validation/validation.go: a range without limits limits nothing.
    ("api.core.v1.LimitRangeSpec", "limits"),
    // pkg/apis/discovery/validation/validation.go: a slice may be empty.
    ("api.discovery.v1.EndpointSlice", "endpoints"),
    // pkg/apis/rbac/validation/validation.go: a role may allow nothing.
    ("api.rbac.v1.Role", "rules"),
    ("api.rbac.v1.ClusterRole", "rules"),
];

/// Whether the server takes an object of its own without a field that the schema requires.
pub(super) fn is_left_out(definition: Option<&str>, field: &str) -> bool {
    definition.is_some_and(|definition| NOT_REQUIRED.contains(&(definition, field)))
}

/// The types whose lists the server refuses if two items have the same key. All other lists it
/// keeps as they are when an object is created, and refuses in server-side apply.
const UNIQUE: &[&str] = &[
    // pkg/apis/core/validation/validation.go
    "api.core.v1.Container",
    "api.core.v1.EphemeralContainer",
    "api.core.v1.ServicePort",
    "api.core.v1.TopologySpreadConstraint",
    "api.core.v1.Volume",
    "api.core.v1.VolumeDevice",
    "api.core.v1.VolumeMount",
    // pkg/apis/admissionregistration/validation/validation.go
    "api.admissionregistration.v1.MutatingWebhook",
    "api.admissionregistration.v1.ValidatingWebhook",
];

/// Whether the server refuses a list of its own with two items of the same key.
pub(super) fn has_unique_items(definition: Option<&str>) -> bool {
    definition.is_some_and(|definition| UNIQUE.contains(&definition))
}
