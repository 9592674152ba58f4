//! A file that is to be edited.

use std::collections::HashMap;
use std::sync::Arc;

use crate::diagnostic::Findings;
use crate::sites::{Site, sites_of_file};
use crate::source::SourceFile;
use crate::yaml::{Dialect, Place, Value, mark_secrets, parse, splice};

/// A file that was read.
pub(super) struct OpenedFile {
    pub(super) file: Arc<SourceFile>,
    pub(super) documents: Vec<Value>,
    pub(super) sites: Vec<Site>,
    /// The number of the first site with a repository that has a part at a place.
    repositories: HashMap<Place, usize>,
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
        let mut repositories = HashMap::new();
        for (number, site) in sites.iter().enumerate() {
            for part in site.parts.iter().filter(|_| site.repository().is_some()) {
                repositories.entry(part.at.clone()).or_insert(number);
            }
        }
        Ok(Self { file: Arc::clone(file), documents, sites, repositories, is_named })
    }

    /// The repository of the first site that shares a place with one that has none.
    pub(super) fn repository_beside(&self, site: &Site) -> Option<&str> {
        let places = site.parts.iter().filter_map(|part| self.repositories.get(&part.at));
        self.sites[*places.min()?].repository()
    }
}
