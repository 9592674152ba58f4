//! Kinds that definitions bring.

use super::marked::found;

const DEFINITION: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: foos.x.io }
spec:
  group: x.io
  names: { kind: Foo, plural: foos, singular: foo, listKind: FooList }
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      subresources: { status: {} }
      schema:
        openAPIV3Schema:
          type: object
          required: [spec]
          properties:
            spec:
              type: object
              required: [size, mode]
              properties:
                size: { type: integer, format: int32, minimum: 1, maximum: 10 }
                mode: { type: string, default: slow, enum: [slow, fast] }
                code: { type: string, pattern: '^[a-z]+$', maxLength: 5 }
                port: { x-kubernetes-int-or-string: true, anyOf: [{ type: integer }, { type: string }] }
                time: { type: string, format: date-time }
                maybe: { type: string, nullable: true }
                names: { type: array, x-kubernetes-list-type: set, items: { type: string } }
                items:
                  type: array
                  minItems: 1
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [name, protocol]
                  items:
                    type: object
                    required: [name, protocol]
                    properties:
                      name: { type: string }
                      protocol: { type: string, default: TCP }
                labels: { type: object, additionalProperties: { type: string } }
                open: { type: object, x-kubernetes-preserve-unknown-fields: true, properties: { a: { type: integer } } }
                inner: { type: object, x-kubernetes-embedded-resource: true, x-kubernetes-preserve-unknown-fields: true }
                one:
                  type: object
                  properties: { a: { type: string }, b: { type: string } }
                  oneOf: [{ required: [a] }, { required: [b] }]
                none:
                  type: object
                  properties: { a: { type: string }, b: { type: string } }
                  not: { required: [a, b] }
            status:
              type: object
              properties: { size: { type: integer } }
---
";

/// What is found in objects of the definition, each as its code and message.
fn said(spec: &str) -> Vec<String> {
    let object = format!("apiVersion: x.io/v1\nkind: Foo\nmetadata: {{ name: a }}\n{spec}\n");
    let found = found(&format!("{DEFINITION}{object}"));
    let said = found.iter().map(|one| {
        let message = one.message.strip_prefix("Foo `a`: ").unwrap_or(&one.message);
        format!("{}: {message}", one.code.name)
    });
    said.collect()
}

#[test]
fn what_fits_its_definition() {
    for spec in [
        "spec: { size: 1 }",
        "spec: { size: 10.0, mode: null }",
        "spec: { size: 1, maybe: null, port: a, time: 2026-01-31T08:00:00Z }",
        "spec: { size: 1, port: 80, labels: { a: b }, names: [a, b] }",
        "spec: { size: 1, open: { a: 1, b: { c: [1] } } }",
        "spec: { size: 1, items: [{ name: a }, { name: a, protocol: UDP }] }",
        "spec: { size: 1, inner: { apiVersion: v1, kind: Pod, metadata: { name: a }, x: 1 } }",
        "spec: { size: 1, one: { b: c }, none: { a: b } }",
        "spec: { size: 1 }\nstatus: { size: any }",
    ] {
        assert_eq!(said(spec), Vec::<String>::new(), "{spec}");
    }
}

#[test]
fn what_does_not_fit_its_definition() {
    for (spec, expected) in [
        (
            "specs: {}",
            &["missing-field: `spec` is missing", "unknown-field: unknown field `specs`"][..],
        ),
        ("spec: { mode: fast }", &["missing-field: `spec.size` is missing"]),
        ("spec: { size: 11 }", &["invalid-value: `spec.size` is `11`"]),
        ("spec: { size: 1.5 }", &["wrong-field-type: `spec.size` is a number, `1.5`"]),
        ("spec: { size: null }", &["wrong-field-type: `spec.size` is null"]),
        ("spec: { size: 1, mode: fats }", &["invalid-value: `spec.mode` cannot be `fats`"]),
        (
            "spec: { size: 1, code: ABCDEF }",
            &[
                "invalid-value: `spec.code` has 6 characters",
                "invalid-value: `spec.code` is `ABCDEF`, which does not have the form of the field",
            ],
        ),
        ("spec: { size: 1, port: true }", &["wrong-field-type: `spec.port` is a boolean, `true`"]),
        (
            "spec: { size: 1, time: yesterday }",
            &["invalid-value: `spec.time` is not a time such as `2026-01-31T08:00:00Z` (RFC 3339)"],
        ),
        (
            "spec: { size: 1, names: [a, b, a] }",
            &["duplicate-item: `spec.names[2]` is there already: `a`"],
        ),
        ("spec: { size: 1, items: [] }", &["invalid-value: `spec.items` has 0 items"]),
        (
            "spec: { size: 1, items: [{ name: a }, { name: a, protocol: TCP }] }",
            &[
                "duplicate-item: `spec.items[1]` is there already, with `name` `a` and `protocol` `TCP`",
            ],
        ),
        (
            "spec: { size: 1, labels: { a: 1 } }",
            &["wrong-field-type: `spec.labels.a` is a number, `1`"],
        ),
        (
            "spec: { size: 1, open: { a: b } }",
            &["wrong-field-type: `spec.open.a` is a string, `b`"],
        ),
        (
            "spec: { size: 1, inner: { kind: Pod, metadata: { nane: a } } }",
            &[
                "missing-field: `spec.inner.apiVersion` is missing",
                "unknown-field: unknown field `spec.inner.metadata.nane`",
            ],
        ),
        (
            "spec: { size: 1, one: { a: b, b: c } }",
            &["invalid-value: `spec.one` fits 2 of the forms that it may have"],
        ),
        (
            "spec: { size: 1, none: { a: b, b: c } }",
            &["invalid-value: `spec.none` has a form that it must not have"],
        ),
        ("spec: { size: 1 }\nstatus: { sise: 1 }", &["unknown-field: unknown field `status.sise`"]),
    ] {
        assert_eq!(said(spec), expected, "{spec}");
    }
}

#[test]
fn a_version_that_the_definition_does_not_serve() {
    let object = "apiVersion: x.io/v2\nkind: Foo\nmetadata: { name: a }\n";
    let found = found(&format!("{DEFINITION}{object}"));
    assert_eq!(found[0].code.name, "unknown-kind");
    assert!(found[0].is_error());
    assert_eq!(found[0].help.as_deref(), Some("its definition has `v1`"));
}

#[test]
fn a_definition_that_is_none() {
    let found = found(
        "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: foos.x.io }
spec:
  group: x.io
  names: { kind: Foo, plural: foos }
  scope: Namespaced
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { $ref: '#' } } }]
",
    );
    let codes: Vec<_> = found.iter().map(|one| one.code.name).collect();
    assert_eq!(codes, ["invalid-definition"]);
}

#[test]
fn an_unknown_kind_is_said_once() {
    let object = "apiVersion: nobody.io/v1\nkind: Thing\nmetadata: { name: a }\n---\n";
    let found = found(&object.repeat(3));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].code.name, "unknown-kind");
    assert!(!found[0].is_error());
    let help = found[0].help.as_deref();
    assert_eq!(help, Some("put its CustomResourceDefinition into `schemas/crds/`"));
}

#[test]
fn rules_for_pods_hold_in_operators_kinds() {
    let found = found(
        "apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  strategy: { canary: {} }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: nginx
          imagePullPolicy: always
          ports: [{ containerPort: 80800 }]
          imagePullPolice: Always
",
    );
    let said: Vec<_> = found.iter().map(|one| (one.code.name, one.is_error())).collect();
    assert_eq!(said, [("invalid-value", true), ("invalid-value", true), ("unknown-field", false)]);
}
