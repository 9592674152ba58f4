//! What every object of an app gets: a namespace, labels and an order of keys.

use super::scope::{Scope, Scopes};
use super::Object;
use crate::diagnostic::{Finding, Findings, codes};
use crate::source::Location;
use crate::yaml::{Kind, NodeId};

codes! {
    /// A cluster-scoped object names a namespace.
    ///
    /// Objects of this kind are the whole cluster's. kubectl ignores the field,
    /// other tools refuse the object or look for it in the wrong place. Where
    /// an object of a namespace was meant, the kind is wrong: `Role` instead of
    /// `ClusterRole`.
    ///
    /// ```yaml
    /// kind: ClusterRole
    /// metadata:
    ///   name: reader
    ///   namespace: shop    # wrong: remove it
    /// ```
    NAMESPACE_ON_CLUSTER_SCOPED = "namespace-on-cluster-scoped", Input, Error;

    /// Nobody defines this kind.
    ///
    /// It is none of Kubernetes' own kinds from 1.25 to 1.37, and no
    /// CustomResourceDefinition for it is below `schemas/crds/` or among what is
    /// rendered. Objects of it count as namespaced, and get the environment's
    /// namespace. Is the kind cluster-scoped, that is wrong; put its definition
    /// into `schemas/crds/`, which also lets its objects be validated.
    UNKNOWN_KIND = "unknown-kind", Input, Warning;

    /// An encrypted object names no namespace.
    ///
    /// It passes byte for byte, so that the environment's namespace cannot be
    /// written into it, and it is deployed to whatever namespace the operator
    /// takes for its default. Name the namespace in the file and encrypt it
    /// again, with `metadata` left readable, or let the operator set it
    /// (`targetNamespace` of a Flux Kustomization).
    SOPS_WITHOUT_NAMESPACE = "sops-without-namespace", Input, Warning;
}

/// Whose part an object is, by Kubernetes' recommended labels: the app.
pub const PART_OF: &str = "app.kubernetes.io/part-of";
/// Who wrote an object, by Kubernetes' recommended labels: rungs.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// What [`MANAGED_BY`] says.
pub const MANAGER: &str = "rungs";

/// A label that objects get, with the place that asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelSetting<'a> {
    /// Its key.
    pub key: &'a str,
    /// Its value.
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
/// What is encrypted stays as it is.
pub fn place(objects: &mut [Object], placement: &Placement<'_>, scopes: &Scopes) -> Findings {
    let mut findings = Findings::new();
    let mut unknown: Vec<(String, String)> = Vec::new();
    for object in objects {
        let (group, kind) = (object.id.group.clone(), object.id.kind.clone());
        let scope = scopes.of(&group, &kind).unwrap_or_else(|| {
            let key = (group, kind);
            // One warning says it of all objects of the kind.
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
pub fn put_in_order(object: &mut Object) {
    let root = object.value.root().id();
    object.value.sort_by_rank(root, |key| rank(key, &["apiVersion", "kind", "metadata"]));
    if let Some(metadata) = object.value.root().get("metadata").map(|node| node.id()) {
        let first = ["name", "namespace", "labels", "annotations"];
        object.value.sort_by_rank(metadata, |key| rank(key, &first));
    }
}

fn rank(key: &str, first: &[&str]) -> usize {
    first.iter().position(|known| *known == key).unwrap_or(first.len())
}

fn set_namespace(
    object: &mut Object,
    placement: &Placement<'_>,
    scope: Scope,
) -> Option<Finding> {
    match (scope, &object.id.namespace) {
        (Scope::Cluster, Some(_)) => Some(misplaced(object)),
        (Scope::Cluster, None) | (Scope::Namespaced, Some(_)) => None,
        (Scope::Namespaced, None) => {
            object.id.namespace = Some(placement.namespace.to_owned());
            if object.verbatim.is_some() {
                return Some(adrift(object, placement));
            }
            let value = &mut object.value;
            let namespace = value.add_string(placement.namespace, placement.namespace_location);
            let metadata = metadata_of(object);
            object.value.set(metadata, "namespace", namespace, placement.namespace_location);
            None
        }
    }
}

fn set_labels(object: &mut Object, labels: &[LabelSetting<'_>]) {
    let Some(first) = labels.first() else { return };
    let metadata = metadata_of(object);
    let value = &mut object.value;
    let existing = value.node(metadata).get("labels").filter(|node| node.is_mapping());
    let map = existing.map(|node| node.id()).unwrap_or_else(|| {
        let map = value.add(Kind::Mapping(Vec::new()), first.location);
        value.set(metadata, "labels", map, first.location);
        map
    });
    for label in labels {
        // The template's own value wins.
        if value.node(map).get(label.key).is_none() {
            let text = value.add_string(label.value, label.location);
            value.set(map, label.key, text, label.location);
        }
    }
}

fn metadata_of(object: &Object) -> NodeId {
    object.value.root().get("metadata").map(|node| node.id()).expect("an object has metadata")
}

fn misplaced(object: &mut Object) -> Finding {
    let namespace = object.id.namespace.take().unwrap_or_default();
    let node = object.value.root().get("metadata").and_then(|metadata| metadata.get("namespace"));
    let location = node.map_or_else(|| object.origin.location.clone(), |node| node.location());
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
    let location = root.get("kind").map_or_else(|| object.origin.location.clone(), |k| k.location());
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
