//! A file that is to be edited.

use std::sync::Arc;

use crate::diagnostic::Findings;
use crate::sites::{Site, sites_of_file};
use crate::source::SourceFile;
use crate::yaml::{Dialect, Value, mark_secrets, parse, splice};

/// A file that was read.
pub(super) struct OpenedFile {
    pub(super) file: Arc<SourceFile>,
    pub(super) documents: Vec<Value>,
    pub(super) sites: Vec<Site>,
    /// Whether it was named itself, and not found below a directory.
    pub(super) is_named: bool,
}

impl OpenedFile {
    /// Reads a file's documents and finds their sites.
    pub(super) fn open(file: &Arc<SourceFile>, is_named: bool) -> Result<Self, Findings> {
        let documents = match parse(file, Dialect::Kubectl) {
            Ok(documents) => documents,
            // Splicing has the better message if the file is a template.
            Err(findings) => return Err(splice(file, &[]).err().unwrap_or(findings)),
        };
        for document in &documents {
            mark_secrets(document.root());
        }
        let (sites, _) = sites_of_file(file, &documents);
        Ok(Self { file: Arc::clone(file), documents, sites, is_named })
    }
}
