//! The JSON Schemas of the files, for editors and for the reference.
//!
//! They are made of the raw types, so that a key is listed once. What the
//! loader accepts a schema accepts; the other way round it does its best.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::Sourced;
use super::decode::{Anything, Count, List, Map, Syntax};
use super::raw::{AppFile, EnvironmentFile, HoldEntryFile, RepositoryFile};

/// The schemas by the name of what they describe: `rungs` (of `rungs.yaml`),
/// `environment`, `app` and `hold`. Each is a text to write as it is.
pub fn schemas() -> [(&'static str, String); 4] {
    [
        ("rungs", schema::<RepositoryFile>("rungs.yaml")),
        ("environment", schema::<EnvironmentFile>("environment.yaml")),
        ("app", schema::<AppFile>("An app's file")),
        ("hold", schema::<List<HoldEntryFile>>("Holds of an app")),
    ]
}

fn schema<T: JsonSchema>(title: &str) -> String {
    let mut schema = root::<T>();
    schema.insert("title".to_owned(), title.into());
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    text.push('\n');
    text
}

/// The schema of a file.
pub(super) fn root<T: JsonSchema>() -> Schema {
    // Draft 7 is what editors' YAML support knows best.
    let settings = SchemaSettings::draft07().with_transform(RecursiveTransform(unwrap));
    settings.into_generator().into_root_schema_for::<T>()
}

/// A description is wrapped as its source is, which is nobody else's business.
fn unwrap(schema: &mut Schema) {
    if let Some(serde_json::Value::String(description)) = schema.get_mut("description") {
        *description = description.replace('\n', " ");
    }
}

impl<T: JsonSchema> JsonSchema for Sourced<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<K: Syntax, V: JsonSchema> JsonSchema for Map<K, V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Map_of_{}", V::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        // Null removes what an earlier layer says.
        let value = generator.subschema_for::<Option<V>>();
        let mut schema = json_schema!({ "type": "object", "additionalProperties": value });
        if let Some(pattern) = K::PATTERN {
            schema.insert("propertyNames".to_owned(), serde_json::json!({ "pattern": pattern }));
        }
        schema
    }
}

impl JsonSchema for Count {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Count".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1 })
    }
}

impl JsonSchema for Anything {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Anything".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object" })
    }
}
