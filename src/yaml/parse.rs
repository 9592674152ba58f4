//! From text to trees.

use std::sync::Arc;

use super::Value;
use crate::diagnostic::Findings;
use crate::source::SourceFile;

/// Whose reading of a plain scalar counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// kubectl, and with it the API server, Flux and Argo CD.
    #[default]
    Kubectl,
    /// kustomize.
    Kustomize,
}

/// Reads every document of a file. All problems of the file are returned
/// together, as far as the reader gets.
pub fn parse(file: &Arc<SourceFile>, dialect: Dialect) -> Result<Vec<Value>, Findings> {
    let _ = (file, dialect);
    unimplemented!("lands with the parser")
}
