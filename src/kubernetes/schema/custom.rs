//! The kinds that a `CustomResourceDefinition` defines.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};

use super::keywords::{KeywordFault, Keywords, NAMED, ONE, SEVERAL, SchemaId};
use super::kind_schema::{KindSchema, SchemaSource};
use super::kinds::Scope;
use super::node::SchemaArena;
use crate::source::Location;
use crate::yaml::{Node, NodeId};

/// A definition with the schemas of all of its versions.
#[derive(Debug)]
pub struct CustomDefinition {
    /// The API group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// Where its objects live.
    pub scope: Scope,
    versions: Vec<DefinedVersion>,
    arena: SchemaArena,
}

#[derive(Debug)]
struct DefinedVersion {
    name: String,
    root: SchemaId,
    is_served: bool,
    has_status: bool,
    is_deprecated: bool,
}

/// What is wrong with a definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionFault {
    /// It is something else.
    #[error("this is not a CustomResourceDefinition of `apiextensions.k8s.io/v1`")]
    NotADefinition,
    /// A field is missing.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A field has a value that it cannot have.
    #[error("`{field}` is not {expected}")]
    Unexpected {
        /// The field.
        field: String,
        /// What it must be, in words.
        expected: &'static str,
    },
    /// A schema refers to another.
    #[error("a schema of a definition cannot refer to another by `$ref`")]
    Reference,
}

/// What is wrong with a definition, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct DefinitionError {
    /// The fault.
    pub fault: DefinitionFault,
    /// Where it is.
    pub location: Location,
}

impl CustomDefinition {
    /// Reads a definition. All errors are returned together, in the order of their places; what
    /// is not known is ignored, as are the descriptions.
    pub fn read(object: Node<'_>) -> Result<Self, Vec<DefinitionError>> {
        let mut reader = DefinitionReader::default();
        let definition = reader.definition(object);
        match definition {
            Some(definition) if reader.errors.is_empty() => Ok(definition),
            _ => {
                reader.errors.sort_by_key(|error| error.location.span().start);
                Err(reader.errors)
            }
        }
    }

    /// The names of its versions that servers offer.
    pub fn served_versions(&self) -> impl Iterator<Item = &str> {
        let served = self.versions.iter().filter(|version| version.is_served);
        served.map(|version| &*version.name)
    }

    /// The schema of a version that servers offer, by the version's name.
    pub fn version(&self, name: &str) -> Option<KindSchema<'_>> {
        let mut served = self.versions.iter().filter(|version| version.is_served);
        let version = served.find(|version| version.name == name)?;
        Some(KindSchema {
            scope: self.scope,
            root: self.arena.schema(version.root),
            source: SchemaSource::Definition,
            has_status: version.has_status,
            is_deprecated: version.is_deprecated,
        })
    }
}

/// The definitions of a repository.
#[derive(Debug, Default)]
pub struct CustomDefinitions {
    by_kind: HashMap<String, Vec<CustomDefinition>>,
}

impl CustomDefinitions {
    /// Adds a definition in place of an earlier one of the same kind: the rendered ones come
    /// last, and are what the cluster gets.
    pub fn add(&mut self, definition: CustomDefinition) {
        let same_kind = self.by_kind.entry(definition.kind.clone()).or_default();
        same_kind.retain(|known| known.group != definition.group);
        same_kind.push(definition);
    }

    /// The definition of a kind.
    pub fn of(&self, group: &str, kind: &str) -> Option<&CustomDefinition> {
        self.by_kind.get(kind)?.iter().find(|definition| definition.group == group)
    }
}

/// Reads one definition.
#[derive(Default)]
struct DefinitionReader {
    arena: SchemaArena,
    /// The schemas that were added, by what they say: large definitions repeat themselves.
    known: HashMap<String, SchemaId>,
    /// The schemas that were read, by their place: aliases repeat them.
    read: HashMap<NodeId, SchemaId>,
    errors: Vec<DefinitionError>,
}

impl DefinitionReader {
    fn definition(&mut self, object: Node<'_>) -> Option<CustomDefinition> {
        let is = |key: &str, text: &str| object.get(key).and_then(Node::as_str) == Some(text);
        if !is("apiVersion", "apiextensions.k8s.io/v1") || !is("kind", "CustomResourceDefinition") {
            return self.fail(object, DefinitionFault::NotADefinition);
        }
        let spec = self.field(object, "spec")?;
        let group = self.text(spec, "group");
        let kind = self.field(spec, "names").and_then(|names| self.text(names, "kind"));
        let scope = self.scope(spec);
        let versions = self.field(spec, "versions")?;
        if versions.items().len() == 0 {
            return self.unexpected(versions, "versions", "a list of versions");
        }
        let versions = versions.items().filter_map(|version| self.version(version)).collect();
        let arena = std::mem::take(&mut self.arena);
        Some(CustomDefinition { group: group?, kind: kind?, scope: scope?, versions, arena })
    }

    fn scope(&mut self, spec: Node<'_>) -> Option<Scope> {
        let scope = self.field(spec, "scope")?;
        match scope.as_str() {
            Some("Namespaced") => Some(Scope::Namespaced),
            Some("Cluster") => Some(Scope::Cluster),
            _ => self.unexpected(scope, "scope", "`Namespaced` or `Cluster`"),
        }
    }

    fn version(&mut self, version: Node<'_>) -> Option<DefinedVersion> {
        let name = self.text(version, "name");
        let schema = self.field(version, "schema")?;
        let schema = self.field(schema, "openAPIV3Schema")?;
        let root = self.root(schema);
        let is = |key| version.get(key).and_then(Node::as_bool).unwrap_or_default();
        Some(DefinedVersion {
            name: name?,
            root: root?,
            is_served: is("served"),
            has_status: version.get("subresources").is_some_and(|it| it.get("status").is_some()),
            is_deprecated: is("deprecated"),
        })
    }

    /// Reads the schema of an object, to which the server adds what every object has.
    fn root(&mut self, schema: Node<'_>) -> Option<SchemaId> {
        let mut keywords = self.keywords(schema)?;
        for (name, kind) in [("apiVersion", "string"), ("kind", "string"), ("metadata", "object")] {
            let kind = Map::from_iter([("type".to_owned(), kind.into())]);
            let kind = self.add(schema, &kind)?;
            // What is neither a map nor a list is reported with the schema.
            let properties = keywords.entry(NAMED).or_insert_with(|| Map::new().into());
            if let Json::Object(properties) = properties {
                properties.entry(name).or_insert_with(|| kind.into());
            }
            let required = keywords.entry("required").or_insert_with(|| Json::Array(Vec::new()));
            if let Json::Array(required) = required
                && !required.iter().any(|known| known == name)
            {
                required.push(name.into());
            }
        }
        self.add(schema, &keywords)
    }

    /// Reads a schema with all in it. The reader of YAML limits how deep they are.
    fn schema(&mut self, schema: Node<'_>) -> Option<SchemaId> {
        let place = schema.written().id();
        if let Some(id) = self.read.get(&place) {
            return Some(*id);
        }
        let keywords = self.keywords(schema)?;
        let id = self.add(schema, &keywords)?;
        self.read.insert(place, id);
        Some(id)
    }

    /// What a schema says, with numbers in place of the schemas in it.
    fn keywords(&mut self, schema: Node<'_>) -> Option<Map<String, Json>> {
        if !schema.is_mapping() {
            return self.unexpected(schema, "schema", "a map");
        }
        let mut keywords = Map::new();
        for (key, value) in schema.entries().filter(|(_, value)| !value.is_null()) {
            if let Some(value) = self.keyword(key.text(), value) {
                keywords.insert(key.text().to_owned(), value);
            }
        }
        Some(keywords)
    }

    /// What one keyword says; none if nobody asks.
    fn keyword(&mut self, keyword: &str, value: Node<'_>) -> Option<Json> {
        let is_schema = ONE.contains(&keyword) && value.as_bool().is_none();
        match keyword {
            "$ref" => self.fail(value, DefinitionFault::Reference),
            "description" | "title" | "example" | "externalDocs" => None,
            _ if is_schema => Some(self.schema(value)?.into()),
            NAMED if value.is_mapping() => {
                let mut properties = Map::new();
                for (name, schema) in value.entries() {
                    if let Some(id) = self.schema(schema) {
                        properties.insert(name.text().to_owned(), id.into());
                    }
                }
                Some(properties.into())
            }
            _ if SEVERAL.contains(&keyword) && value.is_sequence() => {
                let schemas = value.items().filter_map(|schema| self.schema(schema));
                Some(Json::Array(schemas.map(Json::from).collect()))
            }
            _ => serde_json::to_value(value).ok(),
        }
    }

    /// Adds a schema, unless there is an equal one.
    fn add(&mut self, schema: Node<'_>, keywords: &Map<String, Json>) -> Option<SchemaId> {
        let text = serde_json::to_string(keywords).expect("a map with text keys is JSON");
        if let Some(id) = self.known.get(&text) {
            return Some(*id);
        }
        let id = match Keywords::read(keywords) {
            Ok(keywords) => self.arena.add(keywords),
            Err(faults) => {
                for KeywordFault { keyword, expected } in faults {
                    let at = schema.get(keyword).unwrap_or(schema);
                    self.unexpected::<()>(at, keyword, expected);
                }
                return None;
            }
        };
        self.known.insert(text, id);
        Some(id)
    }

    fn field<'a>(&mut self, map: Node<'a>, name: &'static str) -> Option<Node<'a>> {
        let field = map.get(name).filter(|field| !field.is_null());
        field.or_else(|| self.fail(map, DefinitionFault::Missing(name)))
    }

    fn text(&mut self, map: Node<'_>, name: &'static str) -> Option<String> {
        let field = self.field(map, name)?;
        match field.as_str() {
            Some(text) => Some(text.to_owned()),
            None => self.unexpected(field, name, "a text"),
        }
    }

    fn unexpected<T>(&mut self, at: Node<'_>, field: &str, expected: &'static str) -> Option<T> {
        self.fail(at, DefinitionFault::Unexpected { field: field.to_owned(), expected })
    }

    fn fail<T>(&mut self, at: Node<'_>, fault: DefinitionFault) -> Option<T> {
        self.errors.push(DefinitionError { fault, location: at.location() });
        None
    }
}

#[cfg(test)]
mod tests;
