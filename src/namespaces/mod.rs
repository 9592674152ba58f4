//! The objects that each environment itself brings: its namespaces, with quotas,
//! limits and access.

mod conflict;
mod name;

use std::collections::BTreeMap;

pub use conflict::CODES;

use crate::config::{Access, AccessRole, AccessRule, AccessSubject, Environment};
use crate::kubernetes::{
    CommonMetadata, LabelSetting, Object, ObjectId, Scopes, labels, set_metadata,
};
use crate::source::{Location, Origin};
use crate::yaml::{Kind, NodeId, Value};

/// The namespaces that the API server makes itself, in every cluster.
///
/// Nothing is generated for them. They are not ours to describe, and settings
/// that are right for an app's namespace are harmful there: a quota on
/// `kube-system` can keep the cluster's own pods from starting, and a role in it
/// is a role over the cluster.
const KUBERNETES_OWN: &[&str] = &["default", "kube-node-lease", "kube-public", "kube-system"];

/// An operator removes what is no longer in the repository. Removing a Namespace
/// removes everything in it, including its volumes: losing an app must not lose
/// its data.
const NOT_PRUNED: &[(&str, &str)] = &[
    ("kustomize.toolkit.fluxcd.io/prune", "disabled"),
    ("argocd.argoproj.io/sync-options", "Prune=false"),
];

const CORE: &str = "";
const RBAC: &str = "rbac.authorization.k8s.io";

/// The namespaces of a repository, each with the environments that would bring
/// it.
///
/// Environments on one cluster may share a namespace. Only the first of them
/// brings it, whichever of them are rendered: an object is in one file, and in
/// the same one whether everything is rendered or a part. An environment with
/// `generate: { namespaces: false }` is never among them.
#[derive(Debug)]
pub struct Namespaces<'r> {
    /// By cluster and name, in the repository's order.
    users: BTreeMap<(Option<&'r str>, &'r str), Vec<User<'r>>>,
}

/// An environment with the first of its settings that asks for a namespace.
type User<'r> = (&'r Environment, &'r Location);

impl<'r> Namespaces<'r> {
    /// The namespaces that the apps of a repository's environments use.
    pub fn of(environments: &'r [Environment]) -> Self {
        let mut users: BTreeMap<_, Vec<User<'_>>> = BTreeMap::new();
        for environment in environments.iter().filter(|one| one.generate.namespaces) {
            for (namespace, asked_by) in namespaces(environment) {
                let key = (environment.cluster.as_deref(), namespace);
                users.entry(key).or_default().push((environment, asked_by));
            }
        }
        Self { users }
    }

    /// Generates the objects that one of the environments brings: for each
    /// namespace that it is the first to use, the Namespace, a `ResourceQuota`
    /// if it has a quota, a `LimitRange` if it has limits, and a `RoleBinding`
    /// for each access. The origin of each object is the setting that asks for
    /// it.
    ///
    /// The objects get the environment's labels and ours, but no `part-of`: they
    /// belong to no app, and removing everything that is labelled as an app's
    /// must not remove the namespace.
    ///
    /// A namespace that someone else has made already is described too: applying
    /// it adds labels and annotations and removes nothing. `namespaces: false`
    /// leaves it alone.
    pub fn generate(&self, environment: &Environment) -> Vec<Object> {
        let configured = environment.labels.iter().map(|(key, label)| LabelSetting {
            key,
            value: &label.value,
            location: &label.location,
        });
        let labels = labels(configured, None, &environment.location);
        let mut generated = Vec::new();
        for ((cluster, namespace), users) in &self.users {
            let Some((_, asked_by)) =
                users.first().filter(|(first, _)| first.name == environment.name)
            else {
                continue;
            };
            let mut objects = vec![namespace_object(namespace, asked_by)];
            objects.extend(environment.quota.as_ref().and_then(resource_quota));
            objects.extend(environment.limits.as_ref().and_then(limit_range));
            objects.extend(access_objects(environment, namespace));
            let common = CommonMetadata {
                cluster: *cluster,
                namespace,
                namespace_location: asked_by,
                labels: &labels,
            };
            let findings = set_metadata(&mut objects, &common, &Scopes::built_in());
            debug_assert!(findings.is_empty(), "the scopes of generated objects are known");
            generated.extend(objects);
        }
        generated
    }
}

/// The namespaces that an environment's apps use, with the first setting that
/// asks for each.
fn namespaces(environment: &Environment) -> BTreeMap<&str, &Location> {
    let mut namespaces = BTreeMap::new();
    for app in &environment.apps {
        let namespace = app.namespace.value.as_str();
        if !KUBERNETES_OWN.contains(&namespace) {
            namespaces.entry(namespace).or_insert(&app.namespace.location);
        }
    }
    namespaces
}

fn namespace_object(name: &str, asked_by: &Location) -> Object {
    let mut object = object(CORE, "Namespace", name, asked_by);
    let value = &mut object.value;
    let annotations = text_map(value, NOT_PRUNED, asked_by);
    let metadata = value.root().get("metadata").expect("every object has metadata").id();
    value.set(metadata, "annotations", annotations, asked_by);
    object
}

fn resource_quota(quota: &Value) -> Option<Object> {
    let hard = quota.root();
    if hard.entries().len() == 0 {
        return None;
    }
    let asked_by = hard.location();
    let mut object = object(CORE, "ResourceQuota", "rungs", &asked_by);
    let value = &mut object.value;
    let hard = value.graft(hard);
    let spec = value.add_mapping([("hard", hard)], &asked_by);
    set(value, "spec", spec, &asked_by);
    Some(object)
}

fn limit_range(limits: &Value) -> Option<Object> {
    let wanted = limits.root();
    if wanted.entries().len() == 0 {
        return None;
    }
    let asked_by = wanted.location();
    let mut object = object(CORE, "LimitRange", "rungs", &asked_by);
    let value = &mut object.value;
    let container = value.add_string("Container", &asked_by);
    let item = value.add_mapping([("type", container)], &asked_by);
    for (key, limit) in wanted.entries() {
        let limit = value.graft(limit);
        value.set(item, key.text(), limit, &key.location());
    }
    let items = value.add(Kind::Sequence(vec![item]), &asked_by);
    let spec = value.add_mapping([("limits", items)], &asked_by);
    set(value, "spec", spec, &asked_by);
    Some(object)
}

/// A binding for each access, however often it is listed, with the roles that they need.
fn access_objects(environment: &Environment, namespace: &str) -> Vec<Object> {
    let mut roles = BTreeMap::new();
    let mut bindings = BTreeMap::new();
    for access in &environment.access {
        if let AccessRole::Rules(rules) = &access.value.role {
            roles.entry(rules_name(rules)).or_insert((rules, &access.location));
        }
        let name = binding_name(&access.value);
        bindings.entry(name).or_insert((&access.value, &access.location));
    }
    let roles = roles.into_iter().map(|(name, (rules, asked_by))| role(&name, rules, asked_by));
    let bindings = bindings
        .into_iter()
        .map(|(name, (access, asked_by))| role_binding(&name, access, namespace, asked_by));
    roles.chain(bindings).collect()
}

/// The name of a binding. The role is a part of it because a binding cannot
/// change its role: a new role is a new binding, and the old one is pruned.
fn binding_name(access: &Access) -> String {
    let (kind, subject) = match &access.subject {
        AccessSubject::Group(name) => ("group", name.clone()),
        AccessSubject::User(name) => ("user", name.clone()),
        AccessSubject::ServiceAccount { namespace: None, name } => ("account", name.clone()),
        AccessSubject::ServiceAccount { namespace: Some(namespace), name } => {
            ("account", format!("{namespace}/{name}"))
        }
    };
    let role = match &access.role {
        AccessRole::Cluster(role) => format!("rungs.{}", name::slug(role)),
        AccessRole::Rules(rules) => rules_name(rules),
    };
    format!("{role}.{kind}.{}", name::slug(&subject))
}

/// The name of the role that is made of some rules: other rules are another role.
fn rules_name(rules: &[AccessRule]) -> String {
    let mut text = String::new();
    for AccessRule { api_groups, resources, verbs, resource_names } in rules {
        for list in [api_groups, resources, verbs, resource_names] {
            text.push_str(&list.join("\n"));
            text.push_str("\n\n");
        }
    }
    format!("rungs.rules-{}", name::hash(&text))
}

fn role(name: &str, rules: &[AccessRule], asked_by: &Location) -> Object {
    let mut object = object(RBAC, "Role", name, asked_by);
    let value = &mut object.value;
    let mut nodes = Vec::with_capacity(rules.len());
    for rule in rules {
        let lists = [
            ("apiGroups", &rule.api_groups),
            ("resources", &rule.resources),
            ("verbs", &rule.verbs),
            ("resourceNames", &rule.resource_names),
        ];
        let lists = lists.into_iter().filter(|(_, texts)| !texts.is_empty());
        let entries: Vec<_> =
            lists.map(|(key, texts)| (key, text_list(value, texts, asked_by))).collect();
        nodes.push(value.add_mapping(entries, asked_by));
    }
    let rules = value.add(Kind::Sequence(nodes), asked_by);
    set(value, "rules", rules, asked_by);
    object
}

fn role_binding(name: &str, access: &Access, namespace: &str, asked_by: &Location) -> Object {
    let mut object = object(RBAC, "RoleBinding", name, asked_by);
    let value = &mut object.value;
    let rules;
    let (kind, role) = match &access.role {
        AccessRole::Cluster(role) => ("ClusterRole", role.as_str()),
        AccessRole::Rules(own) => {
            rules = rules_name(own);
            ("Role", rules.as_str())
        }
    };
    let role = [("apiGroup", RBAC), ("kind", kind), ("name", role)];
    let role = text_map(value, &role, asked_by);
    set(value, "roleRef", role, asked_by);
    let subject = match &access.subject {
        AccessSubject::Group(name) => {
            vec![("apiGroup", RBAC), ("kind", "Group"), ("name", name.as_str())]
        }
        AccessSubject::User(name) => {
            vec![("apiGroup", RBAC), ("kind", "User"), ("name", name.as_str())]
        }
        // Of the core group, which is left out.
        AccessSubject::ServiceAccount { namespace: own, name } => vec![
            ("kind", "ServiceAccount"),
            ("name", name.as_str()),
            ("namespace", own.as_deref().unwrap_or(namespace)),
        ],
    };
    let subject = text_map(value, &subject, asked_by);
    let subjects = value.add(Kind::Sequence(vec![subject]), asked_by);
    set(value, "subjects", subjects, asked_by);
    object
}

/// An object with nothing but its identity. Its namespace is set when it is
/// placed.
fn object(group: &str, kind: &str, name: &str, asked_by: &Location) -> Object {
    let api_version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
    let mut value = Value::new(asked_by.file());
    let identity = [("apiVersion", api_version.as_str()), ("kind", kind)];
    let root = text_map(&mut value, &identity, asked_by);
    value.set_root(root);
    let metadata = text_map(&mut value, &[("name", name)], asked_by);
    set(&mut value, "metadata", metadata, asked_by);
    let id = ObjectId {
        cluster: None,
        group: group.to_owned(),
        kind: kind.to_owned(),
        namespace: None,
        name: name.to_owned(),
    };
    let origin = Origin::exact(asked_by.clone());
    Object { id, api_version, value, verbatim: None, origin, file: asked_by.file().clone() }
}

fn set(value: &mut Value, key: &str, node: NodeId, at: &Location) {
    value.set(value.root().id(), key, node, at);
}

fn text_list(value: &mut Value, texts: &[String], at: &Location) -> NodeId {
    let texts = texts.iter().map(|text| value.add_string(text, at)).collect();
    value.add(Kind::Sequence(texts), at)
}

fn text_map(value: &mut Value, entries: &[(&str, &str)], at: &Location) -> NodeId {
    let entries: Vec<_> =
        entries.iter().map(|(key, text)| (*key, value.add_string(text, at))).collect();
    value.add_mapping(entries, at)
}
