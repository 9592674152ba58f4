//! What each environment brings.

#![allow(clippy::unwrap_used)]

mod support;

use rungs::config::{Environment, load};
use rungs::kubernetes::{Object, ObjectSet};
use rungs::namespaces::generate;
use rungs::source::{Memory, Tree};
use rungs::yaml::emit;
use support::kubernetes::{ApiServer, Keep, Manifest};

const SETTINGS: &str = "\
tier: production
labels: { team: shop }
quota: { requests.cpu: \"20\", pods: 50 }
limits: { default: { memory: 512Mi }, defaultRequest: { cpu: 100m } }
access:
  - { group: shop-developers, role: view }
  - { group: 'oidc:team/a', role: edit }
";

/// The environment `qa` with these settings and with the apps in those namespaces.
fn environment(settings: &str, apps: &[(&str, &str)]) -> Environment {
    let apps: Vec<_> = apps
        .iter()
        .map(|(app, namespace)| {
            let text = format!("template: web\nnamespace: {namespace}\n");
            (format!("environments/qa/{app}.yaml"), text)
        })
        .collect();
    let mut files = vec![
        ("rungs.yaml", "version: 1\nladder: [qa]\n"),
        ("environments/qa/environment.yaml", settings),
        ("templates/web/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n"),
    ];
    files.extend(apps.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let loaded = load(&Tree::new(Memory::of(files)));
    let mut repository = loaded.unwrap_or_else(|findings| panic!("{findings:#?}")).repository;
    repository.environments.remove(0)
}

fn ids(objects: &[Object]) -> Vec<String> {
    objects.iter().map(|object| object.id.to_string()).collect()
}

#[test]
fn each_namespace_is_brought_once_with_quota_limits_and_access() {
    let apps = [("cart", "shop"), ("web", "shop"), ("mail", "mail")];
    let objects = generate(&environment(SETTINGS, &apps));
    let ids = ids(&objects);
    assert_eq!(ids.len(), 2 * 5);
    assert_eq!(ids[..3], ["Namespace mail", "ResourceQuota mail/rungs", "LimitRange mail/rungs"]);
    assert!(
        ids[3].starts_with(
            "RoleBinding.rbac.authorization.k8s.io mail/rungs.edit.group.oidc-team-a-"
        )
    );
    assert_eq!(
        ids[4],
        "RoleBinding.rbac.authorization.k8s.io mail/rungs.view.group.shop-developers"
    );
    assert_eq!(ids[5], "Namespace shop");
    assert!(ObjectSet::of(objects).is_ok());
}

#[test]
fn a_namespace_is_labelled_and_never_pruned() {
    let objects = generate(&environment(SETTINGS, &[("web", "shop")]));
    assert_eq!(
        emit(objects[0].value.root()),
        "\
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    team: shop
    app.kubernetes.io/managed-by: rungs
  annotations:
    kustomize.toolkit.fluxcd.io/prune: disabled
    argocd.argoproj.io/sync-options: Prune=false
"
    );
    let origin = &objects[0].origin.location;
    assert_eq!(origin.path().as_str(), "environments/qa/web.yaml");
    assert_eq!(origin.start().line, 2);
}

#[test]
fn quota_and_limits_are_what_was_configured_and_come_from_there() {
    let objects = generate(&environment(SETTINGS, &[("web", "shop")]));
    let spec = |object: &Object| emit(object.value.root().get("spec").unwrap());
    assert_eq!(spec(&objects[1]), "hard:\n  requests.cpu: \"20\"\n  pods: 50\n");
    assert_eq!(
        spec(&objects[2]),
        "limits:\n- type: Container\n  default:\n    memory: 512Mi\n  defaultRequest:\n    cpu: 100m\n"
    );
    let lines: Vec<_> = objects.iter().map(|object| object.origin.location.start().line).collect();
    assert_eq!(lines, [2, 3, 4, 7, 6]);
}

#[test]
fn access_is_a_role_of_the_cluster_for_a_group() {
    let objects = generate(&environment(SETTINGS, &[("web", "shop")]));
    assert_eq!(
        emit(objects[4].value.root()),
        "\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: rungs.view.group.shop-developers
  namespace: shop
  labels:
    team: shop
    app.kubernetes.io/managed-by: rungs
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: view
subjects:
- apiGroup: rbac.authorization.k8s.io
  kind: Group
  name: shop-developers
"
    );
}

#[test]
fn nothing_is_brought_to_namespaces_that_kubernetes_makes() {
    let apps = [("a", "kube-system"), ("b", "default"), ("c", "kube-flannel")];
    let objects = generate(&environment("tier: preprod\n", &apps));
    assert_eq!(ids(&objects), ["Namespace kube-flannel"]);
}

#[test]
fn nothing_is_brought_where_someone_else_does() {
    let settings = format!("{SETTINGS}generate: {{ namespaces: false }}\n");
    assert!(generate(&environment(&settings, &[("web", "shop")])).is_empty());
}

#[test]
fn kubernetes_accepts_what_is_brought() {
    let Some(server) = ApiServer::shared() else { return };
    let objects = generate(&environment(SETTINGS, &[("web", "shop")]));
    let manifest =
        |object: &Object| Manifest::read(&object.id.to_string(), &emit(object.value.root()));
    let (namespace, rest) = objects.split_first().unwrap();
    let mut answers = server.create(&[manifest(namespace)], Keep::Yes);
    answers.extend(server.create(&rest.iter().map(manifest).collect::<Vec<_>>(), Keep::No));
    assert_eq!(answers.len(), 5);
    for answer in answers {
        assert!(answer.is_accepted(), "{answer}");
    }
}
