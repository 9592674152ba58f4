//! What every object of an app gets: a namespace, labels and an order of keys.

use super::Object;
use super::code::{NAMESPACE_ON_CLUSTER_SCOPED, SOPS_WITHOUT_NAMESPACE, UNKNOWN_KIND};
use super::scope::{Scope, Scopes};
use crate::diagnostic::{Finding, Findings};
use crate::source::Location;
use crate::yaml::{Kind, Node, NodeId, Value};

/// Whose part an object is, by Kubernetes' recommended labels: the app.
pub const PART_OF: &str = "app.kubernetes.io/part-of";
/// Who wrote an object, by Kubernetes' recommended labels: rungs.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// What [`MANAGED_BY`] says.
pub const MANAGER: &str = "rungs";

/// A label that objects get, with the place that asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelSetting<'a> {
    /// The label's key.
    pub key: &'a str,
    /// The label's value.
    pub value: &'a str,
    /// The setting, or what the label is about.
    pub location: &'a Location,
}

/// The labels of an app's objects: those that are configured, then ours. A
/// configured label of the same key wins over ours.
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

/// Where an app's objects go.
#[derive(Debug, Clone, Copy)]
pub struct Placement<'a> {
    /// The cluster; none where the repository has only one.
    pub cluster: Option<&'a str>,
    /// The namespace of objects that name none.
    pub namespace: &'a str,
    /// What says so.
    pub namespace_location: &'a Location,
    /// What [`labels`] gives.
    pub labels: &'a [LabelSetting<'a>],
}

/// Gives an app's objects their cluster, namespace and labels, and puts their
/// first keys in order.
///
/// Labels go on the object's own metadata only. On a selector or a pod
/// template they would change what runs: a Deployment's selector cannot be
/// changed once it is there, and a pod's label restarts it.
///
/// In order: `apiVersion`, `kind`, `metadata`, and in `metadata`: `name`,
/// `namespace`, `labels`, `annotations`; everything else as the template wrote
/// it, because the author's order reads best and Kubernetes does not mind.
///
/// Encrypted objects are not changed.
pub fn place(objects: &mut [Object], placement: &Placement<'_>, scopes: &Scopes) -> Findings {
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
        object.id.cluster = placement.cluster.map(str::to_owned);
        findings.extend(set_namespace(object, placement, scope));
        if object.verbatim.is_none() {
            set_labels(object, placement.labels);
            put_in_order(object);
        }
    }
    findings
}

/// Puts the keys that say which object it is first.
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

fn set_namespace(object: &mut Object, placement: &Placement<'_>, scope: Scope) -> Option<Finding> {
    match (scope, &object.id.namespace) {
        (Scope::Cluster, Some(_)) => return Some(misplaced(object)),
        (Scope::Cluster, None) | (Scope::Namespaced, Some(_)) => return None,
        (Scope::Namespaced, None) => {}
    }
    object.id.namespace = Some(placement.namespace.to_owned());
    if object.verbatim.is_some() {
        return Some(adrift(object, placement));
    }
    let root = object.value.root().id();
    let metadata = own_map(&mut object.value, root, "metadata", placement.namespace_location);
    let location = placement.namespace_location;
    let namespace = object.value.add_string(placement.namespace, location);
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

/// The map at `key` of `parent`, as a node that nothing else refers to; empty
/// where no map is there.
///
/// Aliases and merge keys share nodes: a label that is added to a shared map
/// would appear on the pod template, too.
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

fn misplaced(object: &mut Object) -> Finding {
    let namespace = object.id.namespace.take().unwrap_or_default();
    let node = object.value.root().get("metadata").and_then(|metadata| metadata.get("namespace"));
    let location = node.map_or_else(|| object.origin.location.clone(), Node::location);
    let kind = &object.id.kind;
    Finding::new(
        &NAMESPACE_ON_CLUSTER_SCOPED,
        format!(
            "the {kind} `{}` names the namespace `{namespace}`, and a {kind} is in none",
            object.id.name
        ),
        location,
    )
    .because("is the whole cluster's")
    .help("remove `namespace`")
}

fn adrift(object: &Object, placement: &Placement<'_>) -> Finding {
    Finding::new(
        &SOPS_WITHOUT_NAMESPACE,
        format!("the encrypted {} `{}` names no namespace", object.id.kind, object.id.name),
        object.origin.location.clone(),
    )
    .because("is written as it is, without the environment's namespace")
    .help(format!(
        "write `namespace: {}` into its `metadata` and encrypt it again",
        placement.namespace
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
