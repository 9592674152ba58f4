//! Objects posted to a real API server, which checks each field and keeps nothing.

use rungs::kubernetes::{Scope, built_in_scope};

use crate::support::kubernetes::{ApiServer, Keep, Manifest};
use crate::support::program::scrubbed;

/// Every object of the demo in one environment, as `rungs render` prints it.
fn demo(environment: &str) -> Vec<Manifest> {
    let rungs = scrubbed(env!("CARGO_BIN_EXE_rungs"))
        .args(["--repo", env!("CARGO_MANIFEST_DIR"), "render", "--stdout", environment])
        .output()
        .expect("rungs runs");
    assert!(rungs.status.success(), "{}", String::from_utf8_lossy(&rungs.stderr));
    let output = String::from_utf8(rungs.stdout).expect("manifests are UTF-8");
    let documents = output.strip_prefix("---\n").unwrap_or(&output).split("\n---\n");
    let manifest = |text: &str| {
        // The first line is the path that it would be written to.
        let path = text.lines().next().unwrap_or_default().trim_start_matches("# ");
        Manifest::read(path, text)
    };
    documents.map(manifest).collect()
}

/// Has the server check the objects, and returns its messages about those that it
/// refuses. Namespaces are created, because the rest needs them.
fn refused(server: &ApiServer, manifests: &[Manifest]) -> Vec<String> {
    let (namespaces, others): (Vec<_>, Vec<_>) =
        manifests.iter().cloned().partition(|manifest| manifest.kind == "Namespace");
    let mut answers = server.create(&namespaces, Keep::Yes);
    answers.extend(server.create(&others, Keep::No));
    let answered = namespaces.iter().chain(&others).zip(answers);
    let refused = answered.filter(|(_, answer)| !answer.is_accepted());
    refused.map(|(manifest, answer)| format!("{}: {answer}", manifest.name)).collect()
}

#[test]
fn the_server_accepts_every_object_of_the_demo() {
    let Some(server) = ApiServer::shared() else { return };
    for environment in ["qa", "e2e", "stage", "prod"] {
        let manifests = demo(environment);
        assert!(manifests.len() > 14, "{environment} has only {} objects", manifests.len());
        let refused = refused(&server, &manifests);
        assert!(refused.is_empty(), "{environment}:\n{}", refused.join("\n"));
    }
}

#[test]
fn the_server_refuses_spoilt_objects_and_names_the_field() {
    let Some(server) = ApiServer::shared() else { return };
    // A namespace of its own: the demo's may be there already, or not yet.
    let spoilt = |from: &str, to: &str| {
        let text = DEPLOYMENT.replacen(from, to, 1);
        assert_ne!(text, DEPLOYMENT, "`{from}` is to be spoilt");
        refused(&server, &[Manifest::read("spoilt.yaml", &text)]).join("\n")
    };
    assert_eq!(refused(&server, &[Manifest::read("namespace.yaml", NAMESPACE)]), [""; 0]);
    assert_eq!(refused(&server, &[Manifest::read("whole.yaml", DEPLOYMENT)]), [""; 0]);
    let misspelt = spoilt("replicas:", "replica:");
    assert!(misspelt.contains("unknown field \"spec.replica\""), "{misspelt}");
    let mistyped = spoilt("replicas: 1", "replicas: one");
    assert!(mistyped.contains("DeploymentSpec.spec.replicas of type int32"), "{mistyped}");
    let unselected = spoilt("labels: { app: web }", "labels: { app: wed }");
    assert!(unselected.contains("`selector` does not match template `labels`"), "{unselected}");
}

const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: { name: spoilt }\n";

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: spoilt }
spec:
  replicas: 1
  selector:
    matchLabels: { app: web }
  template:
    metadata:
      labels: { app: web }
    spec:
      containers:
        - { name: web, image: registry.example.com/web:1 }
";

#[test]
fn the_server_agrees_with_the_table_of_scopes() {
    let Some(server) = ApiServer::shared() else { return };
    let resources = server.resources();
    assert!(resources.len() > 50, "the server says what it serves: {resources:?}");
    for resource in resources {
        let expected = if resource.namespaced { Scope::Namespaced } else { Scope::Cluster };
        let known = built_in_scope(&resource.group, &resource.kind);
        assert_eq!(known, Some(expected), "{} of {:?}", resource.kind, resource.group);
    }
}
