//! Turning documents into objects, and giving them a namespace and labels.

use std::sync::Arc;

use rungs::diagnostic::Findings;
use rungs::kubernetes::{
    CommonMetadata, LabelSetting, Object, ObjectSet, Scope, Scopes, labels, objects_of,
    read_definitions, set_metadata,
};
use rungs::source::{Certainty, Location, Memory, Origin, RepoPath, SourceFile, Span, Tree};
use rungs::yaml::{Dialect, Value, emit, parse};

fn file(path: &str, text: &str) -> Arc<SourceFile> {
    Arc::new(SourceFile::new(RepoPath::new(path).unwrap(), text.to_owned()))
}

fn whole(file: &Arc<SourceFile>) -> Location {
    Location::new(file, Span::new(0, file.text().len()))
}

fn documents(file: &Arc<SourceFile>) -> Vec<Value> {
    parse(file, Dialect::Kubectl).expect("YAML")
}

fn read(text: &str) -> Result<Vec<Object>, Findings> {
    let file = file("templates/web/a.yaml", text);
    objects_of(documents(&file), &Origin::exact(whole(&file)))
}

/// The objects of an app `web` in the namespace `web-qa` with the label `team: shop`.
fn web_objects_with(text: &str, scopes: &Scopes) -> (Vec<Object>, Findings) {
    let setting = file("environments/qa/environment.yaml", "labels: { team: shop }\n");
    let at = whole(&setting);
    let configured = [LabelSetting { key: "team", value: "shop", location: &at }];
    let labels = labels(configured, Some("web"), &at);
    let mut objects = read(text).unwrap_or_else(|findings| panic!("{findings:#?}"));
    let common = CommonMetadata {
        cluster: None,
        namespace: "web-qa",
        namespace_location: &at,
        labels: &labels,
    };
    let findings = set_metadata(&mut objects, &common, scopes);
    (objects, findings)
}

fn web_objects(text: &str) -> (Vec<Object>, Findings) {
    web_objects_with(text, &Scopes::built_in())
}

fn codes(findings: &Findings) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code.name).collect()
}

fn refused(text: &str) -> Vec<&'static str> {
    codes(&read(text).expect_err("must be refused"))
}

#[test]
fn each_document_is_an_object_with_its_own_place() {
    let objects = read(
        "# a comment\napiVersion: v1\nkind: Service\nmetadata: { name: web }\n---\n\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web, namespace: other }\n",
    )
    .unwrap();
    let ids: Vec<_> = objects.iter().map(|object| object.id.to_string()).collect();
    assert_eq!(ids, ["Service web", "Deployment.apps other/web"]);
    assert_eq!(objects[1].origin.location.start().line, 8);
    assert_eq!(objects[1].origin.certainty, Certainty::Exact);
}

#[test]
fn what_was_rendered_comes_from_its_template() {
    let template = file("templates/web/a.yaml.tera", "{{ x }}");
    let rendered = file("a.yaml", "apiVersion: v1\nkind: Service\nmetadata: { name: web }\n");
    let origin = Origin { location: whole(&template), certainty: Certainty::File };
    let objects = objects_of(documents(&rendered), &origin).unwrap();
    assert_eq!(objects[0].origin, origin);
    assert!(Arc::ptr_eq(&objects[0].file, &rendered));
}

#[test]
fn lists_are_opened_and_an_object_called_so_is_not() {
    let objects = read(
        "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: a}}\n- apiVersion: v1\n  kind: ConfigMapList\n  items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}]\n---\napiVersion: example.com/v1\nkind: AllowList\nmetadata: {name: c}\nitems: [10.0.0.0/8]\n",
    )
    .unwrap();
    let ids: Vec<_> = objects.iter().map(|object| object.id.to_string()).collect();
    assert_eq!(ids, ["Service a", "ConfigMap b", "AllowList.example.com c"]);
    assert_eq!(objects[0].origin.location.start().line, 4);
}

#[test]
fn every_problem_of_a_file_is_reported_with_its_place() {
    let findings = read(
        "- a list\n---\nkind: Service\nmetadata: {name: a}\n---\napiVersion: v1\nmetadata: {name: 12}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {labels: {}}\n",
    )
    .unwrap_err();
    assert_eq!(
        codes(&findings),
        ["not-an-object", "missing-api-version", "missing-kind", "missing-name"]
    );
    let lines: Vec<_> = findings.iter().map(|finding| finding.location().start().line).collect();
    assert_eq!(lines, [1, 3, 6, 11]);
}

#[test]
fn what_identifies_an_object_must_be_text() {
    assert_eq!(
        refused("apiVersion: 1\nkind: [a]\nmetadata: {name: 12, namespace: yes}\n").len(),
        3
    );
    let findings = read("apiVersion: v1\nkind: Pod\nmetadata: {name: 1_000}\n").unwrap_err();
    assert_eq!(codes(&findings), ["object-field-type"]);
    assert_eq!(findings.iter().next().unwrap().help.as_deref(), Some("quote it: `\"1_000\"`"));
    assert_eq!(refused("apiVersion: v1\nkind: Pod\nmetadata: [a]\n"), ["object-field-type"]);
    assert_eq!(
        refused("apiVersion: a/b/c\nkind: Pod\nmetadata: {name: a}\n"),
        ["missing-api-version"]
    );
    assert_eq!(
        refused("apiVersion: /v1\nkind: Pod\nmetadata: {name: a}\n"),
        ["missing-api-version"]
    );
}

#[test]
fn names_follow_the_rule_of_their_kind() {
    let findings =
        read("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: system:a}\n").unwrap_err();
    let finding = findings.iter().next().unwrap();
    assert_eq!(finding.labels[0].message, "must be a DNS subdomain");
    assert!(
        read("apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: system:a}\n")
            .is_ok()
    );
    assert_eq!(
        refused("apiVersion: v1\nkind: Namespace\nmetadata: {name: a.b}\n"),
        ["object-name"]
    );
    assert_eq!(
        refused("apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: A}\n"),
        ["object-namespace"]
    );
    assert_eq!(
        refused("apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: a-}\n"),
        ["generated-name"]
    );
}

#[test]
fn the_namespace_and_labels_go_where_they_belong() {
    let (objects, findings) = web_objects(
        "kind: Deployment\nspec:\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\nmetadata:\n  annotations: {a: b}\n  labels: {app.kubernetes.io/part-of: mine}\n  name: web\napiVersion: apps/v1\n",
    );
    assert!(findings.is_empty(), "{findings:#?}");
    assert_eq!(objects[0].id.namespace.as_deref(), Some("web-qa"));
    assert_eq!(
        emit(objects[0].value.root()),
        "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: web-qa
  labels:
    app.kubernetes.io/part-of: mine
    team: shop
    app.kubernetes.io/managed-by: rungs
  annotations:
    a: b
spec:
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
"
    );
    let node = objects[0].value.root().get("metadata").unwrap().get("namespace").unwrap();
    assert_eq!(node.location().path().as_str(), "environments/qa/environment.yaml");
}

#[test]
fn labels_that_a_pod_template_shares_by_an_alias_stay_its_own() {
    let (objects, _) = web_objects(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: &meta\n  name: web\n  labels: &labels {app: web}\nspec:\n  selector: {matchLabels: *labels}\n  template: {metadata: *meta}\n",
    );
    let root = objects[0].value.root();
    let pod = root.get("spec").unwrap().get("template").unwrap().get("metadata").unwrap();
    assert_eq!(pod.get("labels").unwrap().entries().len(), 1);
    assert!(pod.get("namespace").is_none());
    assert_eq!(root.get("metadata").unwrap().get("labels").unwrap().entries().len(), 4);
}

#[test]
fn a_cluster_scoped_object_gets_no_namespace_and_may_name_none() {
    let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a";
    let (objects, findings) = web_objects(&format!("{role}}}\n"));
    assert!(findings.is_empty());
    assert_eq!(objects[0].id.namespace, None);
    let (_, findings) = web_objects(&format!("{role}, namespace: web}}\n"));
    assert_eq!(codes(&findings), ["namespace-on-cluster-scoped"]);
    let message = &findings.iter().next().unwrap().message;
    assert_eq!(
        message,
        "the ClusterRole `a` names the namespace `web`, but a ClusterRole has no namespace"
    );
}

#[test]
fn an_operators_kind_is_known_until_a_definition_says_otherwise() {
    let issuer = "apiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: {name: a}\n";
    let (objects, findings) = web_objects(issuer);
    assert_eq!(codes(&findings), [""; 0]);
    assert_eq!(objects[0].id.namespace, None);
    let definition = read(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a}\nspec: {group: cert-manager.io, scope: Namespaced, names: {kind: ClusterIssuer}}\n",
    );
    let mut scopes = Scopes::built_in();
    scopes.learn(&definition.unwrap());
    let (objects, _) = web_objects_with(issuer, &scopes);
    assert_eq!(objects[0].id.namespace.as_deref(), Some("web-qa"));
}

#[test]
fn an_unknown_kind_counts_as_namespaced_and_is_reported_once() {
    let (objects, findings) = web_objects(
        "apiVersion: apps/v1\nkind: Deploymnt\nmetadata: {name: a}\n---\napiVersion: apps/v1\nkind: Deploymnt\nmetadata: {name: b}\n---\napiVersion: example.com/v1\nkind: Shop\nmetadata: {name: c}\n",
    );
    assert_eq!(codes(&findings), ["unknown-kind", "unknown-kind"]);
    assert!(!findings.has_errors());
    let help: Vec<_> = findings.iter().filter_map(|finding| finding.help.as_deref()).collect();
    assert_eq!(
        help,
        ["did you mean `Deployment`?", "put its CustomResourceDefinition into `schemas/crds/`"]
    );
    assert!(objects.iter().all(|object| object.id.namespace.as_deref() == Some("web-qa")));
}

const DEFINITION: &str = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: shops.example.com}\nspec: {group: example.com, names: {kind: Shop, plural: shops}, scope: Cluster}\n";

/// The kinds that are known with the definitions of a repository.
fn scopes_in(tree: &Tree) -> Scopes {
    let kept = read_definitions(tree, &RepoPath::new("schemas/crds").unwrap()).unwrap();
    let mut scopes = Scopes::built_in();
    scopes.learn(&kept);
    scopes
}

#[test]
fn definitions_in_the_repository_and_among_the_objects_decide() {
    let tree = Tree::new(Memory::of([
        (
            "schemas/crds/shop/all.yaml",
            &*format!(
                "{DEFINITION}---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: operator}}\n"
            ),
        ),
        ("schemas/crds/README.md", "not YAML: ["),
    ]));
    let scopes = scopes_in(&tree);
    let shop = "apiVersion: example.com/v1\nkind: Shop\nmetadata: {name: c}\n";
    let (objects, findings) = web_objects_with(shop, &scopes);
    assert!(findings.is_empty());
    assert_eq!(objects[0].id.namespace, None);

    // The deployed definition wins.
    let mut scopes = scopes;
    scopes.learn(&read(&DEFINITION.replace("Cluster}", "Namespaced}")).unwrap());
    assert_eq!(scopes.of("example.com", "Shop"), Some(Scope::Namespaced));
}

#[test]
fn a_repository_without_definitions_knows_the_kinds_of_kubernetes() {
    let tree = Tree::new(Memory::new());
    let scopes = scopes_in(&tree);
    assert_eq!(scopes.of("", "Node"), Some(Scope::Cluster));
}

const SOPS: &str = "# kept\nkind: Secret\napiVersion: v1\nmetadata:\n    name: db\ndata:\n    password: ENC[AES256_GCM,data:x]\nsops:\n    mac: x\n";

#[test]
fn an_encrypted_object_passes_byte_for_byte() {
    let (objects, findings) = web_objects(SOPS);
    assert_eq!(objects[0].verbatim.as_deref(), Some(SOPS));
    assert_eq!(objects[0].id.to_string(), "Secret web-qa/db");
    assert_eq!(codes(&findings), ["sops-without-namespace"]);
    assert!(objects[0].value.root().get("metadata").unwrap().get("labels").is_none());

    let (_, findings) = web_objects(&SOPS.replace("name: db", "name: db\n    namespace: shop"));
    assert!(findings.is_empty());
}

#[test]
fn an_encrypted_object_that_cannot_pass_is_refused() {
    assert_eq!(refused(&format!("{SOPS}---\n{SOPS}")), ["sops-split", "sops-split"]);
    assert_eq!(
        refused(
            "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Secret, metadata: {name: a}, sops: {}}]\n"
        ),
        ["sops-split"]
    );
    assert_eq!(refused("apiVersion: v1\nkind: List\nitems: []\nsops: {}\n"), ["sops-split"]);
    // An object that a program made has no signed text.
    let program = file("main.jsonnet", "{ sops: {} }");
    let at = whole(&program);
    let mut made = Value::new(&program);
    let root = made.graft(documents(&file("a.yaml", SOPS))[0].root());
    let copy = made.node(root).kind().clone();
    let root = made.add(copy, &at);
    made.set_root(root);
    let findings = objects_of(vec![made], &Origin::exact(at)).unwrap_err();
    assert_eq!(codes(&findings), ["sops-split"]);
    assert_eq!(
        refused("apiVersion: v1\nkind: Secret\nmetadata: {name: 'ENC[x]'}\nsops: {}\n"),
        ["sops-identity"]
    );
}

#[test]
fn the_contents_of_a_secret_are_masked() {
    let objects = read(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData:\n  password: hunter2\ndata: {token: aHVudGVyMw==}\n",
    )
    .unwrap();
    let shown = objects[0].file.shown().into_owned();
    assert!(!shown.contains("hunter2") && !shown.contains("aHVudGVyMw"), "{shown}");
    assert!(shown.contains("password: *******"), "{shown}");
}

#[test]
fn a_duplicate_is_one_finding_that_shows_every_origin() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: b}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n";
    let objects = read(text).unwrap();
    let mut reversed = objects.clone();
    reversed.reverse();
    let findings = ObjectSet::of(objects).unwrap_err();
    assert_eq!(codes(&findings), ["duplicate-object"]);
    assert_eq!(findings.iter().next().unwrap().message, "Pod a is defined twice");
    let lines: Vec<_> =
        findings.iter().flat_map(|f| &f.labels).map(|label| label.location.start().line).collect();
    assert_eq!(lines, [1, 9]);
    assert_eq!(findings, ObjectSet::of(reversed).unwrap_err());
}

#[test]
fn the_order_of_a_set_does_not_depend_on_how_it_was_filled() {
    let mut objects = web_objects("apiVersion: v1\nkind: Pod\nmetadata: {name: b}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n").0;
    let names = |set: ObjectSet| -> Vec<_> { set.iter().map(|o| o.id.to_string()).collect() };
    let first = names(ObjectSet::of(objects.clone()).unwrap());
    objects.reverse();
    assert_eq!(first, names(ObjectSet::of(objects).unwrap()));
    assert_eq!(first, ["Pod web-qa/a", "Pod web-qa/b", "Deployment.apps web-qa/a"]);
}
