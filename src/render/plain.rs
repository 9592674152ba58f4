//! Files that are manifests as they stand.

use std::sync::Arc;

use crate::diagnostic::{Finding, Findings};
use crate::source::{RepoPath, SourceFile, Tree};
use crate::yaml::{self, Dialect, Value};

/// A YAML or JSON file, read once and the same for every app.
#[derive(Debug)]
pub(super) struct PlainFile {
    pub(super) path: RepoPath,
    pub(super) file: Arc<SourceFile>,
    pub(super) documents: Vec<Value>,
}

impl PlainFile {
    pub(super) fn load(tree: &Tree, path: RepoPath) -> Result<Self, Findings> {
        let file = tree.read(&path).map_err(|error| Finding::of_read_error(&error, None))?;
        let documents = yaml::parse(&file, Dialect::Kubectl)?;
        Ok(Self { path, file, documents })
    }
}
