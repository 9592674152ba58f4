//! Fields that may only have certain values.
//!
//! Upstream's types say them in Go constants and comments, its validation in code, and its
//! published schemas not at all.

use crate::diagnostic::Finding;
use crate::validate::field::FieldValue;

/// The values that a field, or each item of it, may have.
pub(super) struct Enumeration {
    /// The type that has the field.
    pub(super) definition: &'static str,
    pub(super) field: &'static str,
    allowed: &'static [&'static str],
    /// Whether an empty text stands for the default.
    may_be_empty: bool,
}

impl Enumeration {
    pub(super) fn check(&self, value: &FieldValue<'_, '_>, to: &mut Vec<Finding>) {
        let Some(field) = value.get(self.field) else { return };
        if field.node().is_sequence() {
            to.extend(field.items().filter_map(|item| self.fault(&item)));
        } else {
            to.extend(self.fault(&field));
        }
    }

    fn fault(&self, field: &FieldValue<'_, '_>) -> Option<Finding> {
        let text = field.node().as_str()?;
        let is_allowed = self.allowed.contains(&text) || self.may_be_empty && text.is_empty();
        (!is_allowed).then(|| field.not_a_choice(self.allowed))
    }
}

/// A field whose empty text stands for the default, or for nothing.
const fn defaulted(
    definition: &'static str,
    field: &'static str,
    allowed: &'static [&'static str],
) -> Enumeration {
    Enumeration { definition, field, allowed, may_be_empty: true }
}

/// A field that has to say something.
const fn stated(
    definition: &'static str,
    field: &'static str,
    allowed: &'static [&'static str],
) -> Enumeration {
    Enumeration { definition, field, allowed, may_be_empty: false }
}

const PROTOCOLS: &[&str] = &["TCP", "UDP", "SCTP"];
const PROFILES: &[&str] = &["RuntimeDefault", "Unconfined", "Localhost"];
const ACCESS_MODES: &[&str] =
    &["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"];
const VOLUME_MODES: &[&str] = &["Filesystem", "Block"];
const HONORED: &[&str] = &["Honor", "Ignore"];
const FAILURE_POLICIES: &[&str] = &["Ignore", "Fail"];
const MATCH_POLICIES: &[&str] = &["Exact", "Equivalent"];
const SIDE_EFFECTS: &[&str] = &["None", "NoneOnDryRun"];
const PREEMPTION: &[&str] = &["PreemptLowerPriority", "Never"];
const KEPT: &[&str] = &["Retain", "Delete"];
const UPDATES: &[&str] = &["RollingUpdate", "OnDelete"];

/// All of them, by upstream's file.
pub(super) const ENUMERATIONS: &[Enumeration] = &[
    // staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go
    stated(
        "apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement",
        "operator",
        &["In", "NotIn", "Exists", "DoesNotExist"],
    ),
    // pkg/apis/core/validation/validation.go
    defaulted("api.core.v1.Container", "imagePullPolicy", &["Always", "IfNotPresent", "Never"]),
    defaulted(
        "api.core.v1.Container",
        "terminationMessagePolicy",
        &["File", "FallbackToLogsOnError"],
    ),
    defaulted("api.core.v1.ContainerPort", "protocol", PROTOCOLS),
    defaulted("api.core.v1.PodSpec", "restartPolicy", &["Always", "OnFailure", "Never"]),
    defaulted(
        "api.core.v1.PodSpec",
        "dnsPolicy",
        &["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"],
    ),
    defaulted("api.core.v1.PodSpec", "preemptionPolicy", PREEMPTION),
    defaulted("api.core.v1.PodOS", "name", &["linux", "windows"]),
    defaulted(
        "api.core.v1.PodSecurityContext",
        "fsGroupChangePolicy",
        &["OnRootMismatch", "Always"],
    ),
    stated("api.core.v1.SeccompProfile", "type", PROFILES),
    stated("api.core.v1.AppArmorProfile", "type", PROFILES),
    defaulted("api.core.v1.SecurityContext", "procMount", &["Default", "Unmasked"]),
    stated(
        "api.core.v1.NodeSelectorRequirement",
        "operator",
        &["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"],
    ),
    defaulted("api.core.v1.Toleration", "operator", &["Equal", "Exists", "Lt", "Gt"]),
    defaulted("api.core.v1.Toleration", "effect", &["NoSchedule", "PreferNoSchedule", "NoExecute"]),
    stated(
        "api.core.v1.TopologySpreadConstraint",
        "whenUnsatisfiable",
        &["DoNotSchedule", "ScheduleAnyway"],
    ),
    stated("api.core.v1.TopologySpreadConstraint", "nodeAffinityPolicy", HONORED),
    stated("api.core.v1.TopologySpreadConstraint", "nodeTaintsPolicy", HONORED),
    defaulted("api.core.v1.HTTPGetAction", "scheme", &["HTTP", "HTTPS"]),
    defaulted(
        "api.core.v1.VolumeMount",
        "mountPropagation",
        &["None", "HostToContainer", "Bidirectional"],
    ),
    defaulted(
        "api.core.v1.HostPathVolumeSource",
        "type",
        &[
            "DirectoryOrCreate",
            "Directory",
            "FileOrCreate",
            "File",
            "Socket",
            "CharDevice",
            "BlockDevice",
        ],
    ),
    stated("api.core.v1.PersistentVolumeClaimSpec", "accessModes", ACCESS_MODES),
    stated("api.core.v1.PersistentVolumeClaimSpec", "volumeMode", VOLUME_MODES),
    stated("api.core.v1.PersistentVolumeSpec", "accessModes", ACCESS_MODES),
    stated("api.core.v1.PersistentVolumeSpec", "volumeMode", VOLUME_MODES),
    defaulted(
        "api.core.v1.PersistentVolumeSpec",
        "persistentVolumeReclaimPolicy",
        &["Retain", "Recycle", "Delete"],
    ),
    defaulted(
        "api.core.v1.ServiceSpec",
        "type",
        &["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"],
    ),
    defaulted("api.core.v1.ServiceSpec", "sessionAffinity", &["None", "ClientIP"]),
    defaulted("api.core.v1.ServiceSpec", "externalTrafficPolicy", &["Cluster", "Local"]),
    stated("api.core.v1.ServiceSpec", "internalTrafficPolicy", &["Cluster", "Local"]),
    stated(
        "api.core.v1.ServiceSpec",
        "ipFamilyPolicy",
        &["SingleStack", "PreferDualStack", "RequireDualStack"],
    ),
    stated("api.core.v1.ServiceSpec", "ipFamilies", &["IPv4", "IPv6"]),
    defaulted("api.core.v1.ServicePort", "protocol", PROTOCOLS),
    // pkg/apis/apps/validation/validation.go
    defaulted("api.apps.v1.DeploymentStrategy", "type", &["Recreate", "RollingUpdate"]),
    defaulted("api.apps.v1.StatefulSetSpec", "podManagementPolicy", &["OrderedReady", "Parallel"]),
    defaulted("api.apps.v1.StatefulSetUpdateStrategy", "type", UPDATES),
    defaulted("api.apps.v1.DaemonSetUpdateStrategy", "type", UPDATES),
    defaulted("api.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy", "whenDeleted", KEPT),
    defaulted("api.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy", "whenScaled", KEPT),
    // pkg/apis/batch/validation/validation.go
    defaulted("api.batch.v1.CronJobSpec", "concurrencyPolicy", &["Allow", "Forbid", "Replace"]),
    stated("api.batch.v1.JobSpec", "completionMode", &["NonIndexed", "Indexed"]),
    stated(
        "api.batch.v1.PodFailurePolicyRule",
        "action",
        &["FailJob", "FailIndex", "Ignore", "Count"],
    ),
    // pkg/apis/autoscaling/validation/validation.go
    stated(
        "api.autoscaling.v2.MetricSpec",
        "type",
        &["Object", "Pods", "Resource", "External", "ContainerResource"],
    ),
    stated("api.autoscaling.v2.MetricTarget", "type", &["Utilization", "Value", "AverageValue"]),
    stated("api.autoscaling.v2.HPAScalingRules", "selectPolicy", &["Max", "Min", "Disabled"]),
    stated("api.autoscaling.v2.HPAScalingPolicy", "type", &["Pods", "Percent"]),
    // pkg/apis/networking/validation/validation.go
    stated("api.networking.v1.NetworkPolicySpec", "policyTypes", &["Ingress", "Egress"]),
    stated("api.networking.v1.NetworkPolicyPort", "protocol", PROTOCOLS),
    stated(
        "api.networking.v1.HTTPIngressPath",
        "pathType",
        &["Exact", "Prefix", "ImplementationSpecific"],
    ),
    // pkg/apis/policy/validation/validation.go
    stated(
        "api.policy.v1.PodDisruptionBudgetSpec",
        "unhealthyPodEvictionPolicy",
        &["IfHealthyBudget", "AlwaysAllow"],
    ),
    // pkg/apis/rbac/validation/validation.go
    stated("api.rbac.v1.Subject", "kind", &["User", "Group", "ServiceAccount"]),
    stated("api.rbac.v1.RoleRef", "kind", &["Role", "ClusterRole"]),
    // pkg/apis/storage/validation/validation.go
    defaulted("api.storage.v1.StorageClass", "reclaimPolicy", &["Delete", "Retain", "Recycle"]),
    stated(
        "api.storage.v1.StorageClass",
        "volumeBindingMode",
        &["Immediate", "WaitForFirstConsumer"],
    ),
    // pkg/apis/scheduling/validation/validation.go
    stated("api.scheduling.v1.PriorityClass", "preemptionPolicy", PREEMPTION),
    // pkg/apis/admissionregistration/validation/validation.go
    stated("api.admissionregistration.v1.ValidatingWebhook", "failurePolicy", FAILURE_POLICIES),
    stated("api.admissionregistration.v1.ValidatingWebhook", "matchPolicy", MATCH_POLICIES),
    stated("api.admissionregistration.v1.ValidatingWebhook", "sideEffects", SIDE_EFFECTS),
    stated("api.admissionregistration.v1.MutatingWebhook", "failurePolicy", FAILURE_POLICIES),
    stated("api.admissionregistration.v1.MutatingWebhook", "matchPolicy", MATCH_POLICIES),
    stated("api.admissionregistration.v1.MutatingWebhook", "sideEffects", SIDE_EFFECTS),
    stated(
        "api.admissionregistration.v1.MutatingWebhook",
        "reinvocationPolicy",
        &["Never", "IfNeeded"],
    ),
    stated(
        "api.admissionregistration.v1.RuleWithOperations",
        "operations",
        &["CREATE", "UPDATE", "DELETE", "CONNECT", "*"],
    ),
    stated(
        "api.admissionregistration.v1.RuleWithOperations",
        "scope",
        &["Cluster", "Namespaced", "*"],
    ),
];
