//! What Kubernetes says: everything is posted to a real API server, which
//! checks each field and keeps nothing.

mod support;

use rungs::kubernetes::{Scope, built_in_scope};
use support::kubernetes::{ApiServer, Keep, Manifest};

const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: accepted\n";

const CONFIG: &str = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: accepted
data:
  logLevel: info
";

#[test]
fn the_server_refuses_what_is_spoilt_and_says_which_field() {
    let Some(server) = ApiServer::shared() else { return };
    let namespace = Manifest::read("namespace.yaml", NAMESPACE);
    let [answer] = &server.create(&[namespace], Keep::Yes)[..] else { unreachable!() };
    assert!(answer.is_accepted(), "{answer}");

    let manifests = [
        Manifest::read("settings.yaml", CONFIG),
        Manifest::read("misspelt.yaml", &CONFIG.replace("\ndata:", "\ndta:")),
        Manifest::read("number.yaml", &CONFIG.replace("info", "12")),
    ];
    let [good, misspelt, number] = &server.create(&manifests, Keep::No)[..] else { unreachable!() };
    assert!(good.is_accepted(), "{good}");
    assert!(misspelt.to_string().contains("unknown field \"dta\""), "{misspelt}");
    assert!(number.to_string().contains("ConfigMap.data of type string"), "{number}");
}

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
