use std::sync::Arc;

use super::*;
use crate::kubernetes::schema::{AdditionalProperties, FieldType, ListKind};
use crate::source::{RepoPath, SourceFile};
use crate::yaml::{Dialect, parse};

fn read(text: &str) -> Result<CustomDefinition, Vec<DefinitionError>> {
    let path = RepoPath::new("schemas/crds/widgets.yaml").unwrap();
    let file = Arc::new(SourceFile::new(path, text.to_owned()));
    let documents = parse(&file, Dialect::Kubectl).unwrap();
    CustomDefinition::read(documents[0].root())
}

/// A definition of Widgets with that schema for them, indented by 8.
fn widgets(schema: &str) -> String {
    format!(
        "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
spec:
  group: example.com
  names: {{ kind: Widget }}
  scope: Cluster
  versions:
  - name: v1
    served: true
    subresources: {{ status: {{}} }}
    schema:
      openAPIV3Schema:
{schema}
  - name: v1alpha1
    served: false
    schema: {{ openAPIV3Schema: {{ type: object }} }}
  - name: v1beta1
    served: true
    deprecated: true
    schema: {{ openAPIV3Schema: {{ type: object, required: [spec] }} }}
"
    )
}

/// The errors with the lines that they are on.
fn errors(text: &str) -> Vec<(u32, String)> {
    let errors = read(text).expect_err("must be refused");
    errors.iter().map(|error| (error.location.start().line, error.to_string())).collect()
}

#[test]
fn a_definition_has_a_schema_for_each_version_that_is_served() {
    let text = widgets("        { type: object }");
    let definition = read(&text).unwrap();
    assert_eq!((&*definition.group, &*definition.kind), ("example.com", "Widget"));
    assert_eq!(definition.served_versions().collect::<Vec<_>>(), ["v1", "v1beta1"]);
    assert!(definition.version("v1alpha1").is_none());
    let (v1, beta) = (definition.version("v1").unwrap(), definition.version("v1beta1").unwrap());
    assert_eq!((v1.scope, v1.source), (Scope::Cluster, SchemaSource::Definition));
    assert_eq!((v1.has_status, v1.is_deprecated), (true, false));
    assert_eq!((beta.has_status, beta.is_deprecated), (false, true));
    let required: Vec<_> = beta.root.keywords().required.iter().map(|name| &**name).collect();
    assert_eq!(required, ["spec", "apiVersion", "kind", "metadata"]);
    let names: Vec<_> = v1.root.properties().map(|(name, _)| name).collect();
    assert_eq!(names, ["apiVersion", "kind", "metadata"]);
}

#[test]
fn what_a_schema_says_is_read() {
    let text = widgets(
        "        type: object
        description: Widgets.
        x-unknown: [1]
        properties:
          ports:
            type: array
            maxItems: 3
            x-kubernetes-list-type: map
            x-kubernetes-list-map-keys: [name]
            items: &port
              type: object
              required: [name]
              properties:
                name: { type: string, pattern: '^[a-z]+$', minLength: 1, default: web }
                number: { type: integer, minimum: 1, maximum: 65535, exclusiveMaximum: true }
                size: { x-kubernetes-int-or-string: true, anyOf: [{ type: integer }, { type: string }] }
              x-kubernetes-validations:
              - { rule: 'self.number > 1', message: too small, fieldPath: .number, optionalOldSelf: true }
          main: *port
          labels: { type: object, additionalProperties: { type: string, enum: [a, b] } }
          open: { type: object, additionalProperties: true }
          extra: { type: object, x-kubernetes-preserve-unknown-fields: true, nullable: true }
          object: { type: object, x-kubernetes-embedded-resource: true, not: { required: [x] } }",
    );
    let definition = read(&text).unwrap();
    let root = definition.version("v1").unwrap().root;
    let ports = root.property("ports").unwrap();
    assert_eq!(ports.keywords().list_kind, Some(ListKind::Map));
    assert_eq!(*ports.keywords().list_keys, [Box::from("name")]);
    assert_eq!(ports.keywords().item_count.most, Some(3));
    let port = ports.items().unwrap();
    assert_eq!(port.id(), root.property("main").unwrap().id());
    let rule = &port.keywords().rules[0];
    assert_eq!((&*rule.rule, rule.has_optional_old_self), ("self.number > 1", true));
    assert_eq!(rule.message.as_deref(), Some("too small"));
    assert_eq!(rule.field_path.as_deref(), Some(".number"));
    let name = port.property("name").unwrap().keywords();
    assert_eq!(name.pattern.as_deref(), Some("^[a-z]+$"));
    assert_eq!((name.length.least, &name.default), (Some(1), &Some("web".into())));
    let number = port.property("number").unwrap().keywords().maximum.unwrap();
    assert_eq!((number.value, number.is_exclusive), (65535.0, true));
    let size = port.property("size").unwrap();
    assert!(size.keywords().is_int_or_string);
    let types: Vec<_> = size.any_of().map(|one| one.keywords().types[0]).collect();
    assert_eq!(types, [FieldType::Integer, FieldType::String]);
    let labels = root.property("labels").unwrap().additional_properties();
    let AdditionalProperties::Schema(label) = labels else { panic!("{labels:?}") };
    assert_eq!(label.keywords().allowed.len(), 2);
    let open = root.property("open").unwrap().additional_properties();
    assert!(matches!(open, AdditionalProperties::Allowed(true)));
    let extra = root.property("extra").unwrap().keywords();
    assert!(extra.preserves_unknown_fields && extra.is_nullable);
    let object = root.property("object").unwrap();
    assert!(object.keywords().is_embedded_resource);
    assert_eq!(object.excluded().unwrap().keywords().required.len(), 1);
}

#[test]
fn what_is_no_definition_is_refused() {
    for text in [
        "[]",
        "text",
        "{}",
        "apiVersion: v1\nkind: CustomResourceDefinition\nspec: {}\n",
        "apiVersion: apiextensions.k8s.io/v1beta1\nkind: CustomResourceDefinition\nspec: {}\n",
        "apiVersion: apiextensions.k8s.io/v1\nkind: Deployment\nspec: {}\n",
    ] {
        let message = "this is not a CustomResourceDefinition of `apiextensions.k8s.io/v1`";
        assert_eq!(errors(text), [(1, message.to_owned())], "{text}");
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once_and_at_its_place() {
    let text = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
spec:
  group: 1
  names: {}
  scope: Everywhere
  versions:
  - name: v1
    served: true
    schema:
      openAPIV3Schema:
        type: objekt
        properties:
          a: text
          b: { $ref: '#/definitions/b' }
          c: { type: string, minLength: -1 }
        required: true
  - name: v2
";
    let found = errors(text);
    let found: Vec<_> = found.iter().map(|(line, message)| (*line, &**message)).collect();
    assert_eq!(
        found,
        [
            (4, "`group` is not a text"),
            (5, "`kind` is missing"),
            (6, "`scope` is not `Namespaced` or `Cluster`"),
            (12, "`type` is not the name of a type"),
            (14, "`schema` is not a map"),
            (15, "a schema of a definition cannot refer to another by `$ref`"),
            (16, "`minLength` is not a whole number that is not negative"),
            (17, "`required` is not a list of texts"),
            (18, "`schema` is missing"),
        ]
    );
}

#[test]
fn a_definition_without_versions_defines_nothing() {
    let text = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
spec: { group: example.com, names: { kind: Widget }, scope: Namespaced, versions: [] }
";
    assert_eq!(errors(text), [(3, "`versions` is not a list of versions".to_owned())]);
}

#[test]
fn a_schema_as_deep_as_yaml_may_be_is_read() {
    let levels = (crate::yaml::MAX_DEPTH - 10) / 2;
    let schema = format!(
        "        {{ type: object, properties: {{ a: {}{{ type: string }}{} }} }}",
        "{ type: array, items: ".repeat(levels * 2 - 4),
        " }".repeat(levels * 2 - 4)
    );
    let definition = read(&widgets(&schema)).unwrap();
    let mut at = definition.version("v1").unwrap().root.property("a");
    let mut depth = 0;
    while let Some(schema) = at {
        depth += 1;
        at = schema.items();
    }
    assert_eq!(depth, levels * 2 - 3);
}

#[test]
fn a_schema_ten_thousand_levels_deep_is_refused_by_the_reader_of_yaml() {
    let deep = format!("        {}{}", "{ items: ".repeat(10_000), "}".repeat(10_000));
    let path = RepoPath::new("schemas/crds/widgets.yaml").unwrap();
    let file = Arc::new(SourceFile::new(path, widgets(&deep)));
    assert!(parse(&file, Dialect::Kubectl).is_err());
}

#[test]
fn a_schema_that_contains_itself_is_refused_by_the_reader_of_yaml() {
    let path = RepoPath::new("schemas/crds/widgets.yaml").unwrap();
    let text = widgets("        &it { type: object, properties: { it: *it } }");
    assert!(parse(&Arc::new(SourceFile::new(path, text)), Dialect::Kubectl).is_err());
}

#[test]
fn what_a_large_definition_repeats_is_held_once() {
    let fields: Vec<_> = (0..10_000)
        .map(|number| {
            format!(
                "          f{number}: {{ type: object, properties: {{ a: {{ type: string }} }} }}"
            )
        })
        .collect();
    let text =
        widgets(&format!("        type: object\n        properties:\n{}", fields.join("\n")));
    let definition = read(&text).unwrap();
    let root = definition.version("v1").unwrap().root;
    assert_eq!(root.properties().len(), 10_003);
    assert!(definition.arena.len() < 10);
}
