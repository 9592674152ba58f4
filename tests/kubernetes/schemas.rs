//! The embedded schemas, compared with what they are made from.
//!
//! What a schema should say is worked out here from the published files, with nothing
//! merged and nothing renumbered, and compared node by node with what the reader says.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rungs::kubernetes::{
    AdditionalProperties, CustomDefinition, CustomDefinitions, FieldRule, FieldType, FieldUnion,
    KindOrigin, KnownKind, ListKind, MapKind, NumberBound, Schema, SchemaSource, Schemas, Size,
    known_kinds, versions_of,
};
use rungs::source::{RepoPath, SourceFile};
use rungs::yaml::{Dialect, Node, Value, parse};
use serde_json::{Map, Value as Json, json};

use crate::support::component::{absent, built};

type Object = Map<String, Json>;

/// What is not in the embedded schemas.
const PROSE: [&str; 5] =
    ["description", "title", "example", "externalDocs", "x-kubernetes-group-version-kind"];

/// The package that the schemas of Kubernetes are made from; none if it is not installed.
fn published() -> Option<PathBuf> {
    let python = built("schemas").join("bin/python");
    let script = "import kubernetes_validate as it; print(it.__path__[0])";
    let output = Command::new(python).args(["-c", script]).output().ok();
    let Some(output) = output.filter(|output| output.status.success()) else {
        absent("the package kubernetes-validate is not in target/components/schemas");
        return None;
    };
    let path = String::from_utf8(output.stdout).unwrap();
    Some(Path::new(path.trim()).join("kubernetes-json-schema"))
}

#[test]
fn the_schemas_of_kubernetes_are_what_the_script_makes() {
    if published().is_none() {
        return;
    }
    let made = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(built("schemas").join("bin/python"))
        .arg("-B")
        .arg(root.join("tools/schemas/kubernetes.py"))
        .arg(made.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for name in ["kubernetes.txt", "kubernetes.zst"] {
        let checked_in = fs::read(root.join("src/kubernetes/schema/data").join(name)).unwrap();
        let is_current = fs::read(made.path().join(name)).unwrap() == checked_in;
        assert!(is_current, "{name} is stale: see tools/schemas/README.md");
    }
}

#[test]
fn every_kind_of_every_version_says_what_the_published_schemas_say() {
    let Some(published) = published() else { return };
    for minor in Schemas::MINORS {
        let path = published.join(format!("v1.{minor}.0-local/_definitions.json"));
        let text = fs::read_to_string(path).unwrap();
        let Json::Object(mut document) = serde_json::from_str(&text).unwrap() else { panic!() };
        let Some(Json::Object(definitions)) = document.remove("$defs") else { panic!() };
        let kinds = compare_version(minor, &definitions);
        let known = known_kinds().iter().filter(|known| match known.origin {
            KindOrigin::Kubernetes(versions) => versions.has(minor),
            KindOrigin::Operator { .. } => false,
        });
        // Those that were removed before 1.25 have no schemas.
        let known: HashSet<_> =
            known.map(|known| (known.api_version.to_owned(), known.kind.to_owned())).collect();
        assert_eq!(kinds, known, "the kinds of 1.{minor}");
    }
}

/// Compares all kinds of a version, and returns them.
fn compare_version(minor: u32, definitions: &Object) -> HashSet<(String, String)> {
    let mut comparison = Comparison { definitions: Some(definitions), seen: HashSet::new() };
    let mut kinds = HashSet::new();
    for (name, definition) in definitions {
        for entry in definition
            .get("x-kubernetes-group-version-kind")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
        {
            let word = |key: &str| entry[key].as_str().unwrap();
            let kind = word("kind");
            let is_object = !kind.ends_with("List")
                && !["APIGroup", "APIVersions", "DeleteOptions", "Status", "WatchEvent"]
                    .contains(&kind);
            if !is_object {
                continue;
            }
            let api_version = format!("{}/{}", word("group"), word("version"));
            let api_version = api_version.trim_start_matches('/');
            let found = Schemas::kubernetes(minor).unwrap().of(api_version, kind);
            let found = found.unwrap_or_else(|| panic!("1.{minor} has no {api_version} {kind}"));
            assert_eq!(found.source, SchemaSource::Kubernetes);
            let has_name = !kind.ends_with("Review") && kind != "TokenRequest";
            let root = with_top_level(definition.as_object().unwrap(), has_name);
            let root = named(name, root);
            comparison.compare(&root, found.root, &format!("1.{minor} {kind}"));
            kinds.insert((api_version.to_owned(), kind.to_owned()));
        }
    }
    kinds
}

/// An object's schema with what the server demands of every object.
fn with_top_level(schema: &Object, has_name: bool) -> Object {
    let mut schema = schema.clone();
    let mut required: Vec<_> =
        schema.get("required").and_then(Json::as_array).cloned().unwrap_or_default();
    let names = ["apiVersion", "kind", "metadata"];
    required.extend(names[..if has_name { 3 } else { 2 }].iter().map(|name| json!(name)));
    schema.insert("required".to_owned(), required.into());
    let properties = schema.entry("properties").or_insert_with(|| json!({}));
    for (name, kind) in names.into_iter().zip(["string", "string", "object"]) {
        let is_told_by_the_kind = name != "metadata";
        if is_told_by_the_kind && properties[name].get("enum").is_some()
            || properties.get(name).is_none()
        {
            properties[name] = json!({ "type": kind });
        }
    }
    schema
}

/// Published schemas beside those of the reader.
struct Comparison<'d> {
    /// What references lead to.
    definitions: Option<&'d Object>,
    /// The definitions that were compared, with the numbers of their schemas: some lead back
    /// to themselves.
    seen: HashSet<(String, u32)>,
}

impl Comparison<'_> {
    fn compare(&mut self, published: &Object, schema: Schema<'_>, place: &str) {
        let published = match published.get("$ref").and_then(Json::as_str) {
            Some(reference) => {
                let name = reference.strip_prefix("#/$defs/").unwrap();
                let mut beside = published.clone();
                beside.retain(|key, _| key != "$ref" && !PROSE.contains(&&**key));
                if beside.is_empty() && !self.seen.insert((name.to_owned(), schema.id())) {
                    return;
                }
                let mut target = self.definitions.unwrap()[name].as_object().unwrap().clone();
                target.extend(beside);
                named(name, target)
            }
            None => published.clone(),
        };
        let published = normal(published);
        assert_eq!(said(schema), without_schemas(&published), "{place}");
        for (name, part) in
            published.get("properties").and_then(Json::as_object).into_iter().flatten()
        {
            let inner = schema.property(name).unwrap_or_else(|| panic!("{place} has no {name}"));
            self.compare(part.as_object().unwrap(), inner, &format!("{place}.{name}"));
        }
        let mut one = |keyword: &str, inner: Option<Schema<'_>>| {
            let part = published.get(keyword).and_then(Json::as_object);
            assert_eq!(part.is_some(), inner.is_some(), "{keyword} of {place}");
            if let (Some(part), Some(inner)) = (part, inner) {
                self.compare(part, inner, &format!("{place} {keyword}"));
            }
        };
        one("items", schema.items());
        one("not", schema.excluded());
        one(
            "additionalProperties",
            match schema.additional_properties() {
                AdditionalProperties::Schema(inner) => Some(inner),
                AdditionalProperties::Unsaid | AdditionalProperties::Allowed(_) => None,
            },
        );
        self.compare_each(&published, "allOf", schema.all_of(), place);
        self.compare_each(&published, "anyOf", schema.any_of(), place);
        self.compare_each(&published, "oneOf", schema.one_of(), place);
    }

    fn compare_each<'s>(
        &mut self,
        published: &Object,
        keyword: &str,
        schemas: impl ExactSizeIterator<Item = Schema<'s>>,
        place: &str,
    ) {
        let parts = published.get(keyword).and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
        assert_eq!(parts.len(), schemas.len(), "{keyword} of {place}");
        for (part, inner) in parts.iter().zip(schemas) {
            self.compare(part.as_object().unwrap(), inner, &format!("{place} {keyword}"));
        }
    }
}

/// A definition of Kubernetes with its name and with what its type is known to accept.
fn named(name: &str, mut definition: Object) -> Object {
    let name = name.strip_prefix("io.k8s.").unwrap_or(name);
    definition.insert("definition".to_owned(), name.into());
    let last = name.rsplit('.').next().unwrap();
    let known = match last {
        "Quantity" => Some(("format", json!("quantity"))),
        "IntOrString" => Some(("x-kubernetes-int-or-string", json!(true))),
        "FieldsV1"
        | "RawExtension"
        | "JSON"
        | "JSONSchemaPropsOrArray"
        | "JSONSchemaPropsOrBool"
        | "JSONSchemaPropsOrStringArray" => {
            Some(("x-kubernetes-preserve-unknown-fields", json!(true)))
        }
        _ => None,
    };
    definition.extend(known.map(|(key, value)| (key.to_owned(), value)));
    definition
}

/// A published schema with its choice of types as one list, and null among them as
/// `nullable`.
fn normal(mut schema: Object) -> Object {
    schema.retain(|key, _| !PROSE.contains(&&**key));
    let is_type = |choice: &Json| {
        choice
            .as_object()
            .is_some_and(|it| it.len() == 1 && it.get("type").is_some_and(Json::is_array))
    };
    let mut types: Vec<Json> = match schema.get("oneOf").and_then(Json::as_array) {
        Some(choices) if choices.iter().all(is_type) => {
            choices.iter().flat_map(|choice| choice["type"].as_array().unwrap().clone()).collect()
        }
        _ => match schema.get("type") {
            Some(Json::Array(types)) => types.clone(),
            _ => return schema,
        },
    };
    schema.remove("oneOf");
    if types.iter().any(|one| one == "null") {
        schema.insert("nullable".to_owned(), true.into());
    }
    types.retain(|one| one != "null");
    let one = types.len() == 1;
    schema.insert("type".to_owned(), if one { types.remove(0) } else { types.into() });
    schema
}

/// What a published schema says of a value itself, its lists of names sorted.
fn without_schemas(schema: &Object) -> BTreeMap<String, Json> {
    let inner = ["items", "not", "allOf", "anyOf", "oneOf"];
    let own = schema.iter().filter(|(keyword, _)| !inner.contains(&keyword.as_str()));
    own.filter_map(|(keyword, value)| {
        let value = match keyword.as_str() {
            "additionalProperties" if value.is_object() => return None,
            "properties" => names(value.as_object().unwrap().keys().map(String::as_str)),
            "required" => names(value.as_array().unwrap().iter().filter_map(Json::as_str)),
            "minimum" | "maximum" | "multipleOf" => json!(value.as_f64()),
            _ => value.clone(),
        };
        let is_said = ["default", "additionalProperties"].contains(&keyword.as_str());
        (is_said || value != json!([]) && value != json!(false)).then(|| (keyword.clone(), value))
    })
    .collect()
}

fn names<'n>(names: impl IntoIterator<Item = &'n str>) -> Json {
    let mut names: Vec<_> = names.into_iter().collect();
    names.sort_unstable();
    names.dedup();
    json!(names)
}

/// The same of the reader's.
fn said(schema: Schema<'_>) -> BTreeMap<String, Json> {
    let it = schema.keywords();
    let additional = match schema.additional_properties() {
        AdditionalProperties::Allowed(is_allowed) => Some(is_allowed),
        AdditionalProperties::Unsaid | AdditionalProperties::Schema(_) => None,
    };
    let types: Vec<_> = it.types.iter().map(|one| type_name(*one)).collect();
    let types = if types.len() == 1 { json!(types[0]) } else { json!(types) };
    let rules: Vec<_> = it.rules.iter().map(rule).collect();
    let unions: Vec<_> = it.unions.iter().map(union).collect();
    let value = |bound: Option<NumberBound>| json!(bound.map(|bound| bound.value));
    let excludes =
        |bound: Option<NumberBound>| json!(bound.is_some_and(|bound| bound.is_exclusive));
    let Size { least: min_length, most: max_length } = it.length;
    let Size { least: min_items, most: max_items } = it.item_count;
    let Size { least: min_properties, most: max_properties } = it.property_count;
    let all = [
        ("additionalProperties", json!(additional)),
        ("default", json!(it.default)),
        ("definition", json!(it.definition)),
        ("enum", json!(it.allowed)),
        ("exclusiveMaximum", excludes(it.maximum)),
        ("exclusiveMinimum", excludes(it.minimum)),
        ("format", json!(it.format)),
        ("maxItems", json!(max_items)),
        ("maxLength", json!(max_length)),
        ("maxProperties", json!(max_properties)),
        ("maximum", value(it.maximum)),
        ("minItems", json!(min_items)),
        ("minLength", json!(min_length)),
        ("minProperties", json!(min_properties)),
        ("minimum", value(it.minimum)),
        ("multipleOf", json!(it.multiple_of)),
        ("nullable", json!(it.is_nullable)),
        ("pattern", json!(it.pattern)),
        ("properties", names(schema.properties().map(|(name, _)| name))),
        ("required", names(it.required.iter().map(|name| &**name))),
        ("type", types),
        ("uniqueItems", json!(it.has_unique_items)),
        ("x-kubernetes-embedded-resource", json!(it.is_embedded_resource)),
        ("x-kubernetes-int-or-string", json!(it.is_int_or_string)),
        ("x-kubernetes-list-map-keys", json!(it.list_keys)),
        ("x-kubernetes-list-type", json!(it.list_kind.map(list_kind))),
        ("x-kubernetes-map-type", json!(it.map_kind.map(map_kind))),
        ("x-kubernetes-patch-merge-key", json!(it.patch_merge_key)),
        ("x-kubernetes-patch-strategy", json!(it.patch_strategy)),
        ("x-kubernetes-preserve-unknown-fields", json!(it.preserves_unknown_fields)),
        ("x-kubernetes-unions", json!(unions)),
        ("x-kubernetes-validations", json!(rules)),
    ];
    let is_said = |keyword: &str, value: &Json| match keyword {
        "additionalProperties" | "default" => !value.is_null(),
        _ => ![Json::Null, json!([]), json!(false)].contains(value),
    };
    let all = all.into_iter().filter(|(keyword, value)| is_said(keyword, value));
    all.map(|(keyword, value)| (keyword.to_owned(), value)).collect()
}

fn type_name(one: FieldType) -> &'static str {
    match one {
        FieldType::Object => "object",
        FieldType::Array => "array",
        FieldType::String => "string",
        FieldType::Integer => "integer",
        FieldType::Number => "number",
        FieldType::Boolean => "boolean",
    }
}

fn list_kind(kind: ListKind) -> &'static str {
    match kind {
        ListKind::Atomic => "atomic",
        ListKind::Set => "set",
        ListKind::Map => "map",
    }
}

fn map_kind(kind: MapKind) -> &'static str {
    match kind {
        MapKind::Atomic => "atomic",
        MapKind::Granular => "granular",
    }
}

fn rule(rule: &FieldRule) -> Json {
    let mut said = json!({ "rule": rule.rule });
    let texts = [
        ("message", &rule.message),
        ("messageExpression", &rule.message_expression),
        ("reason", &rule.reason),
        ("fieldPath", &rule.field_path),
    ];
    for (key, text) in texts {
        if let Some(text) = text {
            said[key] = json!(text);
        }
    }
    if rule.has_optional_old_self {
        said["optionalOldSelf"] = json!(true);
    }
    said
}

fn union(union: &FieldUnion) -> Json {
    let fields: Object =
        union.fields.iter().map(|(field, value)| (field.to_string(), json!(value))).collect();
    let mut said = json!({ "fields-to-discriminateBy": fields });
    if let Some(discriminator) = &union.discriminator {
        said["discriminator"] = json!(discriminator);
    }
    said
}

/// The files with definitions of a module in Go's module cache; none if it is not there.
fn definitions_of(module: &str, version: &str, directories: &[&str]) -> Option<Vec<Value>> {
    let output = Command::new("go").args(["env", "GOMODCACHE"]).output().ok()?;
    let cache = String::from_utf8(output.stdout).ok()?;
    let root = Path::new(cache.trim()).join(format!("{module}@{version}"));
    let mut definitions = Vec::new();
    for directory in directories {
        let mut paths: Vec<_> =
            fs::read_dir(root.join(directory)).ok()?.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths.iter().filter(|path| path.extension().is_some_and(|it| it == "yaml")) {
            let name = RepoPath::new(path.file_name().unwrap().to_str().unwrap()).unwrap();
            let file = Arc::new(SourceFile::new(name, fs::read_to_string(path).unwrap()));
            definitions.extend(parse(&file, Dialect::Kubectl).unwrap());
        }
    }
    Some(definitions)
}

#[test]
fn operators_kinds_say_what_their_definitions_say() {
    let modules =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/schemas/modules.txt"))
            .unwrap();
    for line in modules.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let words: Vec<_> = line.split(' ').collect();
        let [product, module, version, directories @ ..] = &*words else { panic!("{line}") };
        if *version == "generated" {
            continue;
        }
        // They are large, and no other test needs them.
        let Some(definitions) = definitions_of(module, version, directories) else {
            println!("skipped: {module} {version} is not in Go's module cache");
            continue;
        };
        let mut seen = HashSet::new();
        for definition in &definitions {
            if definition.root().get("kind").and_then(Node::as_str)
                == Some("CustomResourceDefinition")
            {
                compare_definition(product, definition.root(), &mut seen);
            }
        }
        let is_its = |known: &&KnownKind| matches!(known.origin, KindOrigin::Operator { name, .. } if name == *product);
        assert_eq!(seen.len(), known_kinds().iter().filter(is_its).count(), "{product}");
    }
}

/// Compares the versions of a definition that were not seen yet, as the reader of definitions
/// reads them and as they are embedded.
fn compare_definition(product: &str, object: Node<'_>, seen: &mut HashSet<(String, String)>) {
    let definition = CustomDefinition::read(object).unwrap_or_else(|errors| panic!("{errors:?}"));
    let versions = object.get("spec").and_then(|spec| spec.get("versions")).unwrap();
    for version in versions.items() {
        let name = version.get("name").and_then(Node::as_str).unwrap();
        let Some(read) = definition.version(name) else { continue };
        let api_version = format!("{}/{name}", definition.group);
        if !seen.insert((api_version.clone(), definition.kind.clone())) {
            continue;
        }
        let embedded = Schemas::kubernetes(35).unwrap().of(&api_version, &definition.kind).unwrap();
        let SchemaSource::Operator { name, .. } = embedded.source else { panic!("{api_version}") };
        assert_eq!(name, product);
        assert_eq!((read.scope, read.has_status), (embedded.scope, embedded.has_status));
        assert_eq!(read.is_deprecated, embedded.is_deprecated);
        let schema =
            version.get("schema").and_then(|schema| schema.get("openAPIV3Schema")).unwrap();
        let Ok(Json::Object(published)) = serde_json::to_value(schema) else {
            panic!("{api_version}")
        };
        let root = with_top_level(&published, true);
        let mut comparison = Comparison { definitions: None, seen: HashSet::new() };
        let place = format!("{api_version} {}", definition.kind);
        comparison.compare(&root, embedded.root, &place);
        comparison.compare(&root, read.root, &place);
    }
    let served: Vec<_> = definition.served_versions().collect();
    assert!(!served.is_empty());
}

#[test]
fn every_kind_with_a_name_has_its_metadata() {
    let schemas = Schemas::kubernetes(35).unwrap();
    let metadata = schemas.object_metadata();
    for name in ["name", "namespace", "labels", "annotations", "finalizers", "ownerReferences"] {
        assert!(metadata.property(name).is_some(), "{name}");
    }
    let pod = schemas.of("v1", "Pod").unwrap().root;
    assert_eq!(pod.property("metadata").unwrap().id(), metadata.id());
    assert_eq!(
        pod.property("spec").unwrap().keywords().definition.as_deref(),
        Some("api.core.v1.PodSpec")
    );
}

#[test]
fn versions_of_kinds_that_came_and_went() {
    let told = |api_version, kind| {
        versions_of(api_version, kind).map(|it| (it.added_in(), it.removed_in()))
    };
    for (api_version, kind, versions) in [
        ("apps/v1", "Deployment", Some((None, None))),
        ("extensions/v1beta1", "Ingress", Some((None, Some(22)))),
        ("extensions/v1beta1", "Deployment", Some((None, Some(16)))),
        ("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", Some((Some(26), Some(32)))),
        ("resource.k8s.io/v1", "ResourceClaim", Some((Some(34), None))),
        ("argoproj.io/v1alpha1", "Rollout", None),
        ("apps/v1", "Pod", None),
    ] {
        assert_eq!(told(api_version, kind), versions, "{api_version} {kind}");
    }
    let ingress = versions_of("extensions/v1beta1", "Ingress").unwrap();
    assert_eq!([14, 21, 22].map(|minor| ingress.has(minor)), [true, true, false]);
    let claim = versions_of("resource.k8s.io/v1", "ResourceClaim").unwrap();
    assert_eq!([33, 34, 37].map(|minor| claim.has(minor)), [false, true, true]);
}

#[test]
fn an_unknown_field_has_a_neighbour() {
    let spec = Schemas::kubernetes(35)
        .unwrap()
        .of("apps/v1", "Deployment")
        .unwrap()
        .root
        .property("spec")
        .unwrap();
    assert_eq!(spec.nearest_property("replcas"), Some("replicas"));
    assert!(spec.property("replcas").is_none());
    let labels = Schemas::kubernetes(35).unwrap().object_metadata().property("labels").unwrap();
    assert_eq!(labels.properties().len(), 0);
}

/// A definition of a kind in one version, `v1`, with the field `spec.own`.
fn definition(group: &str, kind: &str) -> CustomDefinition {
    let text = format!(
        "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
spec:
  group: {group}
  names: {{ kind: {kind} }}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    schema:
      openAPIV3Schema:
        properties: {{ spec: {{ properties: {{ own: {{ type: string }} }} }} }}
"
    );
    let file = Arc::new(SourceFile::new(RepoPath::new("crd.yaml").unwrap(), text));
    CustomDefinition::read(parse(&file, Dialect::Kubectl).unwrap()[0].root()).unwrap()
}

#[test]
fn the_repositorys_definition_takes_the_place_of_an_operators_and_of_nothing_else() {
    let schemas = Schemas::kubernetes(35).unwrap();
    let mut definitions = CustomDefinitions::default();
    let source = |definitions: &CustomDefinitions, api_version, kind| {
        schemas.find(definitions, api_version, kind).map(|found| found.source)
    };
    let rollout = ("argoproj.io/v1alpha1", "Rollout");
    let operators = source(&definitions, rollout.0, rollout.1);
    assert!(matches!(operators, Some(SchemaSource::Operator { .. })));
    definitions.add(definition("argoproj.io", "Rollout"));
    definitions.add(definition("apps", "Deployment"));
    definitions.add(definition("example.com", "Deployment"));
    for (api_version, kind, expected) in [
        ("argoproj.io/v1alpha1", "Rollout", None),
        ("argoproj.io/v1", "Rollout", Some(SchemaSource::Definition)),
        ("apps/v1", "Deployment", Some(SchemaSource::Kubernetes)),
        ("example.com/v1", "Deployment", Some(SchemaSource::Definition)),
        ("example.com/v1", "Rollout", None),
    ] {
        assert_eq!(source(&definitions, api_version, kind), expected, "{api_version} {kind}");
    }
    definitions.add(definition("argoproj.io", "Rollout"));
    let own = definitions.of("argoproj.io", "Rollout").and_then(|it| it.version("v1")).unwrap();
    assert!(own.root.property("spec").unwrap().property("own").is_some());
}
