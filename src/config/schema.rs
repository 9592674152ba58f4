//! The JSON Schemas of the files, for editors and for the reference.
//!
//! They are made from the raw types, so that a key is listed once. A schema accepts
//! whatever the loader accepts, and refuses as much as it can of what that refuses.

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};

use super::decode::List;
use super::holds::HoldEntryFile;
use super::raw::{AppFile, EnvironmentFile, RepositoryFile};

/// The texts of the schemas by the names of what they describe: `rungs` (of
/// `rungs.yaml`), `environment`, `app` and `hold`.
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

/// Joins the lines of descriptions, which are wrapped like their source.
fn unwrap(schema: &mut Schema) {
    if let Some(serde_json::Value::String(description)) = schema.get_mut("description") {
        *description = description.replace('\n', " ");
    }
}
