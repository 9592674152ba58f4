//! The namespace, the labels and the order of keys that an app's objects get.

use super::Object;
use super::code::{NAMESPACE_ON_CLUSTER_SCOPED, SOPS_WITHOUT_NAMESPACE, UNKNOWN_KIND};
use super::schema::Scope;
use super::scope::Scopes;
use crate::diagnostic::{Finding, Findings};
use crate::source::Location;
use crate::yaml::{Kind, Node, NodeId, Value};

/// The recommended label of Kubernetes that names the app an object belongs to.
const PART_OF: &str = "app.kubernetes.io/part-of";
/// The recommended label of Kubernetes that names the tool that manages an object.
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// The value of [`MANAGED_BY`].
const MANAGER: &str = "rungs";

/// A label that objects get, with the place that sets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelSetting<'a> {
    /// The label's key.
    pub key: &'a str,
    /// The label's value.
    pub value: &'a str,
    /// The place of the setting, or of the app or environment that it is for.
    pub location: &'a Location,
}

/// The labels of an app's objects: the configured ones, then ours. A configured
/// label wins over one of ours with the same key.
///
/// Objects that belong to no app get no `part-of`.
pub fn labels<'a>(
    configured: impl IntoIterator<Item = LabelSetting<'a>>,
    app: Option<&'a str>,
    location: &'a Location,
) -> Vec<LabelSetting<'a>> {
    let mut labels: Vec<_> = configured.into_iter().collect();
    let part_of = app.map(|app| LabelSetting { key: PART_OF, value: app, location });
    let ours = [part_of, Some(LabelSetting { key: MANAGED_BY, value: MANAGER, location })];
    for label in ours.into_iter().flatten() {
        if labels.iter().all(|configured| configured.key != label.key) {
            labels.push(label);
        }
    }
    labels
}

/// The cluster, namespace and labels that all objects of an app get.
#[derive(Debug, Clone, Copy)]
pub struct CommonMetadata<'a> {
    /// The cluster; none if the repository has only one.
    pub cluster: Option<&'a str>,
    /// The namespace of the objects that do not name one.
    pub namespace: &'a str,
    /// The place of the setting of the namespace.
    pub namespace_location: &'a Location,
    /// The labels, as [`labels`] returns them.
    pub labels: &'a [LabelSetting<'a>],
}

/// Gives an app's objects their cluster, namespace and labels, and puts their
/// first keys in order.
///
/// Labels go only on the object's own metadata. On a selector or a pod template
/// they would affect what runs: the selector of an existing Deployment is
/// immutable, and a new label on the pods restarts them.
///
/// The first keys are `apiVersion`, `kind` and `metadata`, and in `metadata`
/// `name`, `namespace`, `labels` and `annotations`. All others stay in the
/// template's order: that of its author reads best, and Kubernetes ignores it.
///
/// Encrypted objects are not changed.
pub fn set_metadata(
    objects: &mut [Object],
    common: &CommonMetadata<'_>,
    scopes: &Scopes,
) -> Findings {
    let mut findings = Findings::new();
    let mut unknown: Vec<(String, String)> = Vec::new();
    for object in objects {
        let (group, kind) = (object.id.group.clone(), object.id.kind.clone());
        let scope = scopes.of(&group, &kind).unwrap_or_else(|| {
            let key = (group, kind);
            // One warning covers all objects of the kind.
            if !unknown.contains(&key) {
                findings.push(unknown_kind(object, scopes));
                unknown.push(key);
            }
            Scope::Namespaced
        });
        object.id.cluster = common.cluster.map(str::to_owned);
        findings.extend(set_namespace(object, common, scope));
        if object.verbatim.is_none() {
            set_labels(object, common.labels);
            put_in_order(object);
        }
    }
    findings
}

/// Puts the keys that identify the object first.
fn put_in_order(object: &mut Object) {
    let root = object.value.root().id();
    object.value.sort_by_rank(root, |key| rank(key, &["apiVersion", "kind", "metadata"]));
    if let Some(metadata) = object.value.root().get("metadata").map(Node::id) {
        let first = ["name", "namespace", "labels", "annotations"];
        object.value.sort_by_rank(metadata, |key| rank(key, &first));
    }
}

fn rank(key: &str, first: &[&str]) -> usize {
    first.iter().position(|known| *known == key).unwrap_or(first.len())
}

fn set_namespace(
    object: &mut Object,
    common: &CommonMetadata<'_>,
    scope: Scope,
) -> Option<Finding> {
    match (scope, &object.id.namespace) {
        (Scope::Cluster, Some(_)) => return Some(namespace_on_cluster_scoped(object)),
        (Scope::Cluster, None) | (Scope::Namespaced, Some(_)) => return None,
        (Scope::Namespaced, None) => {}
    }
    object.id.namespace = Some(common.namespace.to_owned());
    if object.verbatim.is_some() {
        return Some(sops_without_namespace(object, common));
    }
    let root = object.value.root().id();
    let metadata = own_map(&mut object.value, root, "metadata", common.namespace_location);
    let location = common.namespace_location;
    let namespace = object.value.add_string(common.namespace, location);
    object.value.set(metadata, "namespace", namespace, location);
    None
}

fn set_labels(object: &mut Object, labels: &[LabelSetting<'_>]) {
    let Some(first) = labels.first() else { return };
    let value = &mut object.value;
    let metadata = own_map(value, value.root().id(), "metadata", first.location);
    let map = own_map(value, metadata, "labels", first.location);
    for label in labels {
        // The template's own value wins.
        if value.node(map).get(label.key).is_none() {
            let text = value.add_string(label.value, label.location);
            value.set(map, label.key, text, label.location);
        }
    }
}

/// The map at `key` of `parent`, as a node that nothing else refers to; an empty
/// one if there is no map.
///
/// Aliases and merge keys share nodes: a label that is added to a shared map
/// would also appear on the pod template.
fn own_map(value: &mut Value, parent: NodeId, key: &str, location: &Location) -> NodeId {
    let existing = value.node(parent).get(key).filter(|node| node.is_mapping());
    let (kind, location) = match existing {
        Some(node) => (node.kind().clone(), node.location()),
        None => (Kind::Mapping(Vec::new()), location.clone()),
    };
    let map = value.add(kind, &location);
    value.set(parent, key, map, &location);
    map
}

/// The finding of a cluster-scoped object that names a namespace, which is
/// dropped.
fn namespace_on_cluster_scoped(object: &mut Object) -> Finding {
    let namespace = object.id.namespace.take().unwrap_or_default();
    let node = object.value.root().get("metadata").and_then(|metadata| metadata.get("namespace"));
    let location = node.map_or_else(|| object.origin.location.clone(), Node::location);
    let kind = &object.id.kind;
    Finding::new(
        &NAMESPACE_ON_CLUSTER_SCOPED,
        format!(
            "the {kind} `{}` names the namespace `{namespace}`, but a {kind} has no namespace",
            object.id.name
        ),
        location,
    )
    .because("this kind belongs to the whole cluster")
    .help("remove `namespace`")
}

fn sops_without_namespace(object: &Object, common: &CommonMetadata<'_>) -> Finding {
    Finding::new(
        &SOPS_WITHOUT_NAMESPACE,
        format!("the encrypted {} `{}` names no namespace", object.id.kind, object.id.name),
        object.origin.location.clone(),
    )
    .because("is written as it is, without the environment's namespace")
    .help(format!(
        "write `namespace: {}` into its `metadata` and encrypt it again",
        common.namespace
    ))
}

fn unknown_kind(object: &Object, scopes: &Scopes) -> Finding {
    let root = object.value.root();
    let location = root.get("kind").map_or_else(|| object.origin.location.clone(), Node::location);
    let finding = Finding::new(
        &UNKNOWN_KIND,
        format!("no definition of `{}` in `{}` is known", object.id.kind, object.api_version),
        location,
    )
    .because("counts as namespaced");
    let help = match scopes.nearest(&object.id.group, &object.id.kind) {
        Some(kind) => format!("did you mean {kind}?"),
        None => "put its CustomResourceDefinition into `schemas/crds/`".to_owned(),
    };
    finding.help(help)
}
