//! Manifests that are large, deep or hostile.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rungs::diagnostic::Findings;
use rungs::source::{RepoPath, SourceFile};
use rungs::validate::grouped;
use rungs::yaml::{Dialect, parse};

use super::marked::found;

#[test]
fn ten_thousand_findings_in_one_file_are_counted() {
    let mut text = String::new();
    for number in 0..10_000 {
        write!(
            text,
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: a{number} }}\ndatas: {{ a: b }}\n"
        )
        .unwrap();
    }
    let start = Instant::now();
    let found: Findings = found(&text).into_iter().collect();
    assert_eq!(found.len(), 10_000);
    let grouped: Vec<_> = grouped(found).into_iter().collect();
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert_eq!(grouped.len(), 25);
    assert_eq!(
        grouped[24].message,
        "ConfigMap `a24`: unknown field `datas` (and so in 9975 more places of this file)"
    );
}

#[test]
fn ten_thousand_wrong_items_of_one_list_are_counted() {
    let mut text = "apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec:\n  containers:\n  - name: a\n    env:\n".to_owned();
    for number in 0..10_000 {
        writeln!(text, "    - {{ name: A{number}, value: {number} }}").unwrap();
    }
    let found: Findings = found(&text).into_iter().collect();
    assert_eq!(found.len(), 10_000);
    assert_eq!(grouped(found).len(), 25);
}

#[test]
fn what_nests_ten_thousand_deep_is_refused_by_the_reader() {
    let text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: a }}\ndata: {}{}",
        "{ a: ".repeat(10_000),
        "}".repeat(10_000)
    );
    let file = Arc::new(SourceFile::new(RepoPath::new("a.yaml").unwrap(), text));
    assert!(parse(&file, Dialect::Kubectl).is_err());
}

#[test]
fn a_schema_of_schemas_as_deep_as_the_reader_allows() {
    const DEPTH: usize = 80;
    let text = format!(
        "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{ name: foos.x.io }}
spec:
  group: x.io
  names: {{ kind: Foo, plural: foos }}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema: {{ openAPIV3Schema: {{ type: object, properties: {{ spec: {}type: object{} }} }} }}
---
apiVersion: x.io/v1
kind: Foo
metadata: {{ name: a }}
spec: {}wrong: 1{}
",
        "{ type: object, properties: { a: ".repeat(DEPTH) + "{ ",
        " }".to_owned() + &"} }".repeat(DEPTH),
        "{ a: ".repeat(DEPTH) + "{ ",
        " }".to_owned() + &"}".repeat(DEPTH),
    );
    let found = found(&text);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].code.name, "unknown-field");
}
