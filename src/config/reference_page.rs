//! The page of every key, made of the JSON Schemas.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;

use schemars::Schema;
use serde_json::Value as Json;

use super::holds::HoldEntryFile;
use super::raw::{AppFile, EnvironmentFile, RepositoryFile};
use super::schema::root;

const INTRODUCTION: &str = "\
<!-- Generated from the documentation of the types in src/config/. Do not edit. -->

# Configuration

A repository is configured by `rungs.yaml` at its root and by the files below `environments/`; holds
are in files below `.rungs/holds/`. An unknown key is an error, and every
problem of every file is reported in one run.

Settings of an app come in layers, and a later one wins: the template's `values.yaml`, then for each
directory from `environments/` to the environment's own first its `environment.yaml` and then its
`<app>.yaml`. Maps merge, lists and everything else replace, and an explicit `null` or `~` removes
what earlier layers say. `rungs values APP --env ENV` shows which line won.

A repository whose `rungs.yaml` has `sites` has a layout of its own: all of its configuration is in
`rungs.yaml`, which says where image references are in the other files.

Editors check a file if its first line is a comment such as:

```yaml
# yaml-language-server: $schema=../../schemas/environment.schema.json
```

`rungs schema rungs`, `rungs schema environment`, `rungs schema app` and `rungs schema hold` print
the schemas.
";

/// The page of every key of every file, as Markdown.
pub fn reference() -> String {
    // What several files have is described where people mostly write it: gates with
    // `environment.yaml`, although `rungs.yaml` comes first on the page.
    let mut headings = BTreeMap::new();
    let mut written = |file, schema: Schema| {
        let mut page = String::new();
        Sections {
            file,
            schema: schema.as_value(),
            headings: &mut headings,
            waiting: VecDeque::new(),
        }
        .write_all(&mut page);
        page
    };
    let environment = written("environment.yaml", root::<EnvironmentFile>());
    let app = written("<app>.yaml", root::<AppFile>());
    let rungs = written("rungs.yaml", root::<RepositoryFile>());
    let holds = written(".rungs/holds/<environment>/<app>.yaml", root::<HoldEntryFile>());
    [INTRODUCTION, &rungs, &environment, &app, &holds].concat()
}

/// A file's keys, section by section: one for each map of known keys.
struct Sections<'a> {
    file: &'a str,
    schema: &'a Json,
    /// The headings of maps that have a section, in this file or another, by the name of their definition.
    headings: &'a mut BTreeMap<String, String>,
    /// The maps that are still to be written, with the path to their first use.
    waiting: VecDeque<(&'a str, String)>,
}

impl<'a> Sections<'a> {
    fn write_all(mut self, page: &mut String) {
        self.write(&format!("## `{}`", self.file), "", self.schema, page);
        while let Some((name, path)) = self.waiting.pop_front() {
            let heading = format!("### {}", self.headings[name]);
            self.write(&heading, &path, &self.schema["definitions"][name], page);
        }
    }

    fn write(&mut self, heading: &str, path: &str, schema: &'a Json, page: &mut String) {
        let about = schema["description"].as_str().unwrap_or_default();
        write!(page, "\n{heading}\n\n{about}\n\n| key | value | |\n| --- | --- | --- |\n")
            .expect("a text takes what is written");
        let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let value = self.value(property, &path);
            let about = property["description"].as_str().unwrap_or_default();
            let must = if required.iter().any(|name| name == key) { "Required. " } else { "" };
            writeln!(page, "| `{key}` | {} | {must}{} |", escaped(&value), escaped(about))
                .expect("a text takes what is written");
        }
    }

    /// What a value may be, in words.
    fn value(&mut self, schema: &'a Json, path: &str) -> String {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.rsplit('/').next().unwrap_or_default();
            let definition = &self.schema["definitions"][name];
            if definition["properties"].is_object() {
                return self.link(name, path);
            }
            return self.value(definition, path);
        }
        for alternatives in ["anyOf", "oneOf", "allOf"] {
            if let Some(alternatives) = schema[alternatives].as_array() {
                let some = alternatives.iter().filter(|one| one["type"] != "null");
                let words: Vec<_> = some.map(|one| self.value(one, path)).collect();
                return words.join(" or ");
            }
        }
        if let Some(word) = schema.get("const").or_else(|| schema["enum"].get(0)) {
            return format!("`{}`", word.as_str().map_or_else(|| word.to_string(), str::to_owned));
        }
        self.plain(schema, path)
    }

    fn plain(&mut self, schema: &'a Json, path: &str) -> String {
        let types: Vec<_> = match &schema["type"] {
            Json::Array(types) => types.iter().filter_map(Json::as_str).collect(),
            single => single.as_str().into_iter().collect(),
        };
        let example = schema["examples"][0].as_str().map(|example| format!(" such as `{example}`"));
        let words = types.into_iter().filter(|name| *name != "null").map(|name| match name {
            "string" => format!("text{}", example.as_deref().unwrap_or_default()),
            "integer" | "number" => "number".to_owned(),
            "boolean" => "`true` or `false`".to_owned(),
            "array" => {
                let item = self.value(&schema["items"], &format!("{path}[]"));
                format!("list of {}", bracketed(item))
            }
            _ => match schema.get("additionalProperties") {
                Some(value) => {
                    let value = self.value(value, &format!("{path}.*"));
                    format!("map from names to {}", bracketed(value))
                }
                None => "map".to_owned(),
            },
        });
        words.collect::<Vec<_>>().join(" or ")
    }

    /// A link to the section of a map, which is written later if it does not exist
    /// yet.
    fn link(&mut self, name: &'a str, path: &str) -> String {
        if !self.headings.contains_key(name) {
            self.headings.insert(name.to_owned(), format!("`{}`: `{path}`", self.file));
            self.waiting.push_back((name, path.to_owned()));
        }
        format!("[map](#{})", anchor(&self.headings[name]))
    }
}

/// A choice inside another description, in parentheses.
fn bracketed(value: String) -> String {
    if value.contains(" or ") { format!("({value})") } else { value }
}

/// How forges name a heading in links.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

fn escaped(cell: &str) -> String {
    cell.replace('|', "\\|")
}
