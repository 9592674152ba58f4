//! The objects that each environment itself brings.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

#[path = "../support/mod.rs"]
mod support;

use std::slice;

use rungs::config::{Environment, load};
use rungs::kubernetes::{Object, ObjectSet};
use rungs::namespaces::Namespaces;
use rungs::source::{Memory, Tree};
use rungs::yaml::emit;

use crate::support::kubernetes::{ApiServer, Keep, Manifest};

const SETTINGS: &str = "\
tier: production
labels: { team: shop }
quota: { requests.cpu: \"20\", pods: 50 }
limits: { default: { memory: 512Mi }, defaultRequest: { cpu: 100m } }
access:
  - { group: shop-developers, role: view }
  - { group: 'oidc:team/a', role: edit }
";

type Apps<'a> = &'a [(&'a str, &'a str)];

/// The environments of a ladder, each with these settings and with the apps in
/// those namespaces.
fn environments(rungs: &[(&str, &str, Apps<'_>)]) -> Vec<Environment> {
    let names: Vec<_> = rungs.iter().map(|(name, ..)| *name).collect();
    let template = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n";
    let mut files = vec![
        ("rungs.yaml".to_owned(), format!("version: 1\nladder: [{}]\n", names.join(", "))),
        ("templates/web/a.yaml".to_owned(), template.to_owned()),
    ];
    for (name, settings, apps) in rungs {
        let directory = format!("environments/{name}");
        files.push((format!("{directory}/environment.yaml"), (*settings).to_owned()));
        files.extend(apps.iter().map(|(app, namespace)| {
            let text = format!("template: web\nnamespace: {namespace}\n");
            (format!("{directory}/{app}.yaml"), text)
        }));
    }
    let files = files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    let loaded = load(&Tree::new(Memory::of(files)));
    loaded.unwrap_or_else(|findings| panic!("{findings:#?}")).repository.environments
}

/// The environment `qa` with these settings and with the apps in those namespaces.
fn environment(settings: &str, apps: Apps<'_>) -> Environment {
    environments(&[("qa", settings, apps)]).remove(0)
}

/// The objects that a lone environment brings.
fn generate(environment: &Environment) -> Vec<Object> {
    Namespaces::of(slice::from_ref(environment)).generate(environment)
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
fn quota_and_limits_come_from_the_settings() {
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

/// The access that these entries give in the namespace `shop`.
fn access(entries: &str) -> Vec<Object> {
    let settings = format!("tier: preprod\naccess:\n{entries}");
    generate(&environment(&settings, &[("web", "shop")])).split_off(1)
}

#[test]
fn a_service_account_has_access_in_its_own_or_another_namespace() {
    let objects = access(
        "- { serviceAccount: ci, role: edit }\n- { serviceAccount: flux-system/deployer, role: edit }\n",
    );
    let subjects = |object: &Object| emit(object.value.root().get("subjects").unwrap());
    assert_eq!(subjects(&objects[0]), "- kind: ServiceAccount\n  name: ci\n  namespace: shop\n");
    assert_eq!(
        subjects(&objects[1]),
        "- kind: ServiceAccount\n  name: deployer\n  namespace: flux-system\n"
    );
    assert!(objects[0].id.name.starts_with("rungs.edit.account.ci"), "{}", objects[0].id);
}

#[test]
fn rules_are_a_role_of_the_namespace() {
    let objects = access(
        "- { group: a, rules: [{ resources: [pods, pods/log], verbs: [get] }] }\n\
         - { user: b, rules: [{ resources: [pods, pods/log], verbs: [get] }] }\n\
         - { user: b, rules: [{ apiGroups: [apps, \"\"], resources: [deployments], verbs: [get], resourceNames: [web] }] }\n",
    );
    let kinds: Vec<_> = objects.iter().map(|object| object.id.kind.as_str()).collect();
    assert_eq!(kinds, ["Role", "Role", "RoleBinding", "RoleBinding", "RoleBinding"]);
    let rules: Vec<_> =
        objects[..2].iter().map(|role| emit(role.value.root().get("rules").unwrap())).collect();
    let pods = "- apiGroups:\n  - \"\"\n  resources:\n  - pods\n  - pods/log\n  verbs:\n  - get\n";
    assert!(rules.contains(&pods.to_owned()), "{rules:?}");
    let web = "- apiGroups:\n  - apps\n  - \"\"\n  resources:\n  - deployments\n  verbs:\n  \
               - get\n  resourceNames:\n  - web\n";
    assert!(rules.contains(&web.to_owned()), "{rules:?}");
    for binding in &objects[2..] {
        let role = binding.value.root().get("roleRef").unwrap();
        assert_eq!(role.get("kind").unwrap().as_str(), Some("Role"));
        let name = role.get("name").unwrap().as_str().unwrap();
        assert!(objects[..2].iter().any(|role| role.id.name == name), "{name}");
        assert!(binding.id.name.starts_with(name), "{}", binding.id);
    }
}

#[test]
fn nothing_is_brought_to_namespaces_that_kubernetes_makes() {
    let apps = [("a", "kube-system"), ("b", "default"), ("c", "kube-flannel")];
    let objects = generate(&environment("tier: preprod\n", &apps));
    assert_eq!(ids(&objects), ["Namespace kube-flannel"]);
}

#[test]
fn nothing_is_brought_where_another_environment_brings_it() {
    let settings = format!("{SETTINGS}generate: {{ namespaces: false }}\n");
    assert!(generate(&environment(&settings, &[("web", "shop")])).is_empty());
}

const SHOP: Apps<'_> = &[("web", "shop")];

#[test]
fn a_shared_namespace_is_brought_once_by_the_first_environment_on_the_ladder() {
    let own: Apps<'_> = &[("mail", "mail"), ("web", "shop")];
    // By name, `alpha` would be the first.
    let ladder = environments(&[("qa", SETTINGS, SHOP), ("alpha", SETTINGS, own)]);
    let namespaces = Namespaces::of(&ladder);
    let [qa, alpha] = [0, 1].map(|at| ids(&namespaces.generate(&ladder[at])));
    assert_eq!((qa.len(), &*qa[0]), (5, "Namespace shop"));
    assert_eq!((alpha.len(), &*alpha[0]), (5, "Namespace mail"));
    assert!(namespaces.conflicts(&[&ladder[0], &ladder[1]]).is_empty());
}

#[test]
fn another_cluster_has_another_namespace() {
    let elsewhere = format!("{}cluster: eu\n", SETTINGS.replace("pods: 50", "pods: 9"));
    let ladder = environments(&[("qa", SETTINGS, SHOP), ("prod", &elsewhere, SHOP)]);
    let namespaces = Namespaces::of(&ladder);
    assert!(ladder.iter().all(|one| namespaces.generate(one).len() == 5));
    assert!(namespaces.conflicts(&[&ladder[0], &ladder[1]]).is_empty());
}

#[test]
fn different_settings_of_a_shared_namespace_show_both_places() {
    let differing = [
        ("quota", "{ requests.cpu: \"20\", pods: 50 }", "{ requests.cpu: \"20\", pods: 51 }"),
        ("quota", "{ requests.cpu: \"20\", pods: 50 }", "{}"),
        ("limits", "memory: 512Mi", "memory: 1Gi"),
        ("labels", "team: shop", "team: mail"),
        ("access", "role: view", "role: edit"),
    ];
    for (key, from, to) in differing {
        let ladder = environments(&[
            ("qa", SETTINGS, SHOP),
            ("stage", &SETTINGS.replacen(from, to, 1), SHOP),
        ]);
        let namespaces = Namespaces::of(&ladder);
        // Whichever of the two is rendered.
        for rendered in [&ladder[..], &ladder[..1], &ladder[1..]] {
            let found = namespaces.conflicts(&rendered.iter().collect::<Vec<_>>());
            let finding = found.iter().next().unwrap_or_else(|| panic!("{key} differs"));
            assert_eq!((found.len(), finding.code.name), (1, "conflicting-namespace"));
            let message =
                format!("`qa` and `stage` share the namespace `shop`, with different `{key}`");
            assert_eq!(finding.message, message);
            let places: Vec<_> =
                finding.labels.iter().map(|label| label.location.path().as_str()).collect();
            assert_eq!(
                places,
                ["environments/stage/environment.yaml", "environments/qa/environment.yaml"]
            );
            let help = finding.help.as_deref().unwrap();
            assert!(help.contains("`generate: { namespaces: false }`"), "{help}");
            assert!(help.contains("environments/stage/environment.yaml"), "{help}");
        }
    }
}

#[test]
fn order_and_repetition_make_no_difference() {
    let other = SETTINGS
        .replace("{ requests.cpu: \"20\", pods: 50 }", "{ pods: 50, requests.cpu: \"20\" }")
        + "  - { group: shop-developers, role: view }\n";
    let ladder = environments(&[("qa", SETTINGS, SHOP), ("stage", &other, SHOP)]);
    assert!(Namespaces::of(&ladder).conflicts(&[&ladder[1]]).is_empty());
}

#[test]
fn an_environment_that_does_not_bring_a_namespace_may_differ_and_leaves_it_to_the_next() {
    let silent = "tier: preprod\ngenerate: { namespaces: false }\n";
    let ladder = environments(&[("qa", silent, SHOP), ("stage", SETTINGS, SHOP)]);
    let namespaces = Namespaces::of(&ladder);
    assert!(namespaces.conflicts(&[&ladder[0], &ladder[1]]).is_empty());
    assert!(namespaces.generate(&ladder[0]).is_empty());
    assert_eq!(namespaces.generate(&ladder[1]).len(), 5);
}

#[test]
fn environments_outside_a_conflict_are_rendered() {
    let other: Apps<'_> = &[("web", "other")];
    let ladder = environments(&[
        ("qa", SETTINGS, SHOP),
        ("stage", "tier: preprod\n", SHOP),
        ("prod", SETTINGS, other),
    ]);
    let namespaces = Namespaces::of(&ladder);
    assert!(namespaces.conflicts(&[&ladder[2]]).is_empty());
    assert_eq!(namespaces.conflicts(&[&ladder[1]]).len(), 4);
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
