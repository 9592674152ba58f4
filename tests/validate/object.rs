//! The valid objects that are spoilt.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rungs::source::{RepoPath, SourceFile};
use rungs::yaml;
use serde_json::Value as Json;

use super::field::{Field, Step};
use crate::support::kubernetes::Manifest;

/// Where the objects are; their definitions have a directory of their own.
const DIRECTORIES: [&str; 2] = ["objects", "custom"];

/// A valid object.
#[derive(Debug)]
pub(crate) struct Object {
    /// Its file below `tests/validate`.
    pub(crate) name: String,
    /// Its text as it is in the file.
    pub(crate) manifest: Manifest,
    /// Its data.
    pub(crate) data: Json,
}

impl Object {
    /// All of them, by name.
    pub(crate) fn all() -> Vec<Self> {
        DIRECTORIES.iter().flat_map(|directory| manifests(directory)).map(Self::of).collect()
    }

    fn of(manifest: Manifest) -> Self {
        let path = RepoPath::new(&manifest.name).expect("a relative path");
        let file = Arc::new(SourceFile::new(path, manifest.text.clone()));
        let documents = yaml::parse(&file, yaml::Dialect::Kubectl).expect("it was read before");
        let data = serde_json::to_value(documents[0].root()).expect("it is data");
        Self { name: manifest.name.clone(), manifest, data }
    }

    /// The fields that are spoilt.
    ///
    /// Not those that are part of the address: a server that is asked at another
    /// address than an object's says that they differ, not that one is wrong.
    pub(crate) fn fields(&self) -> Vec<Field> {
        let fields = Field::all(&self.data).into_iter();
        fields.filter(|field| !is_address(field)).collect()
    }
}

/// The custom resources' definitions.
pub(crate) fn definitions() -> Vec<Manifest> {
    manifests("definitions")
}

fn is_address(field: &Field) -> bool {
    let keys: Vec<_> = field
        .steps()
        .iter()
        .map(|step| match step {
            Step::Key(key) => key.as_str(),
            Step::Item(_) => "",
        })
        .collect();
    matches!(keys[..], ["apiVersion" | "kind"] | ["metadata", "namespace"])
}

fn manifests(directory: &str) -> Vec<Manifest> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/validate").join(directory);
    let entries = fs::read_dir(&root).unwrap_or_else(|error| panic!("{}: {error}", root.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let manifest = |path: PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a plain name");
        let text = fs::read_to_string(&path).unwrap();
        Manifest::read(&format!("{directory}/{name}"), &text)
    };
    paths.into_iter().map(manifest).collect()
}
