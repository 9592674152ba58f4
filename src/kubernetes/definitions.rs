//! The definitions of custom kinds that a repository keeps.

use std::sync::Arc;

use super::code::{DEFINITION_READ_FAILED, UNREADABLE_DEFINITION};
use super::{Object, Scopes, objects_of};
use crate::diagnostic::{Finding, Findings};
use crate::source::{Location, Origin, ReadError, ReadErrorKind, RepoPath, SourceFile, Tree};
use crate::yaml::{Dialect, parse};

/// Kubernetes' own kinds, and those that the `CustomResourceDefinition`s in
/// the YAML and JSON files below `directory` add. Objects of other kinds are
/// passed over: definitions are often kept as they were published, in one file
/// with what else a release has. A directory that is not there adds nothing.
pub fn read_definitions(tree: &Tree, directory: &RepoPath) -> Result<Scopes, Findings> {
    let mut scopes = Scopes::built_in();
    let mut findings = Findings::new();
    let mut waiting = vec![directory.clone()];
    while let Some(directory) = waiting.pop() {
        match tree.list(&directory) {
            Ok(listed) => {
                // Sorted by name, and the last is taken first.
                for entry in listed.into_iter().rev() {
                    if entry.is_directory {
                        waiting.push(entry.path);
                    } else if is_manifest(&entry.path) {
                        match definitions_in(tree, &entry.path) {
                            Ok(objects) => scopes.learn(&objects),
                            Err(found) => findings.extend(found),
                        }
                    }
                }
            }
            Err(ReadError { kind: ReadErrorKind::Missing, .. }) => {}
            Err(error) => findings.push(unreadable(&error)),
        }
    }
    if findings.has_errors() { Err(findings) } else { Ok(scopes) }
}

fn is_manifest(path: &RepoPath) -> bool {
    let extension = path.name().rsplit_once('.').map(|(_, extension)| extension);
    matches!(extension, Some("yaml" | "yml" | "json"))
}

fn definitions_in(tree: &Tree, path: &RepoPath) -> Result<Vec<Object>, Findings> {
    let file: Arc<SourceFile> = tree.read(path).map_err(|error| unreadable(&error))?;
    let documents = parse(&file, Dialect::Kubectl)?;
    let whole = crate::source::Span::new(0, file.text().len());
    objects_of(documents, &Origin::exact(Location::new(&file, whole)))
}

fn unreadable(error: &ReadError) -> Finding {
    let outside = error.kind.is_outside_world();
    let code = if outside { &DEFINITION_READ_FAILED } else { &UNREADABLE_DEFINITION };
    Finding::new(code, error.to_string(), Location::of_path(&error.path))
}
