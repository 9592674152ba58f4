//! The definitions of custom kinds that a repository keeps.

use std::sync::Arc;

use super::code::{DEFINITION_READ_FAILED, UNREADABLE_DEFINITION};
use super::{Object, objects_of};
use crate::diagnostic::{Finding, Findings};
use crate::source::{
    Location, Origin, ReadError, ReadErrorKind, RepoPath, SourceFile, Tree, is_yaml,
};
use crate::yaml::{Dialect, parse};

/// Returns the objects in the YAML and JSON files below `directory`, of which only the
/// `CustomResourceDefinition`s matter: they are often kept as they were published, in one
/// file with everything else of a release. The directory need not exist.
pub fn read_definitions(tree: &Tree, directory: &RepoPath) -> Result<Vec<Object>, Findings> {
    let mut objects = Vec::new();
    let mut findings = Findings::new();
    let files = match tree.walk(directory, |_| true) {
        Ok(files) => files,
        Err(errors) if is_missing(directory, &errors) => Vec::new(),
        Err(errors) => {
            findings.extend(errors.iter().map(unreadable));
            Vec::new()
        }
    };
    for path in files.iter().filter(|path| is_yaml(path.name())) {
        match definitions_in(tree, path) {
            Ok(found) => objects.extend(found),
            Err(found) => findings.extend(found),
        }
    }
    if findings.has_errors() { Err(findings) } else { Ok(objects) }
}

fn is_missing(directory: &RepoPath, errors: &[ReadError]) -> bool {
    errors.iter().any(|e| e.path == *directory && matches!(e.kind, ReadErrorKind::Missing))
}

fn definitions_in(tree: &Tree, path: &RepoPath) -> Result<Vec<Object>, Findings> {
    let file: Arc<SourceFile> = tree.read(path).map_err(|error| unreadable(&error))?;
    let documents = parse(&file, Dialect::Kubectl)?;
    objects_of(documents, &Origin::exact(Location::of_file(&file)))
}

fn unreadable(error: &ReadError) -> Finding {
    let outside = error.kind.is_outside_world();
    let code = if outside { &DEFINITION_READ_FAILED } else { &UNREADABLE_DEFINITION };
    Finding::new(code, error.to_string(), Location::of_path(&error.path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Memory;

    fn crds() -> RepoPath {
        RepoPath::new("schemas/crds").unwrap()
    }

    #[test]
    fn links_that_lead_back_do_not_hang_the_search() {
        let mut memory = Memory::new();
        for link in ["a", "b"] {
            memory.link(crds().child(link), ".");
        }
        let findings = read_definitions(&Tree::new(memory), &crds()).err().unwrap();
        let codes: Vec<_> = findings.iter().map(|finding| finding.code.name).collect();
        assert_eq!(codes, ["unreadable-definition"]);
    }

    #[test]
    fn a_missing_directory_adds_nothing() {
        assert!(read_definitions(&Tree::new(Memory::new()), &crds()).is_ok());
    }
}
