//! Objects, files and trees for the tests of the output tree.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use rungs::diagnostic::Findings;
use rungs::kubernetes::{Object, objects_of};
use rungs::rendered::{
    OutputChanges as Changes, OutputDirectory as Output, RenderScope as Scope,
    RenderedFile as File, RenderedFiles as Files, Summary,
};
use rungs::source::{Location, Origin, RepoPath, SourceFile, Span};
use rungs::yaml::{Dialect, parse};

pub(crate) fn objects(text: &str) -> Vec<Object> {
    let file = SourceFile::new(RepoPath::new("templates/web/a.yaml").unwrap(), text.to_owned());
    let file = Arc::new(file);
    let origin = Origin::exact(Location::new(&file, Span::new(0, text.len())));
    objects_of(parse(&file, Dialect::Kubectl).unwrap(), &origin)
        .unwrap_or_else(|findings| panic!("{findings:#?}"))
}

/// `kind` is the version and the kind: `apps/v1 Deployment`.
pub(crate) fn object(kind: &str, namespace: Option<&str>, name: &str, rest: &str) -> Object {
    let (version, kind) = kind.split_once(' ').unwrap();
    let namespace = namespace.map(|n| format!("  namespace: {n}\n")).unwrap_or_default();
    let text = format!(
        "apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: \"{name}\"\n{namespace}{rest}"
    );
    objects(&text).remove(0)
}

/// A config map of the namespace `n` in that directory.
pub(crate) fn file(directory: &str, name: &str, data: &str) -> File {
    let data = format!("data:\n  text: \"{data}\"\n");
    let object = object("v1 ConfigMap", Some("ns"), name, &data);
    File::of(&object, &RepoPath::new(directory).unwrap(), Some("ns"))
}

pub(crate) fn files(files: &[(&str, &str, &str)]) -> Files {
    Files::of(files.iter().map(|(directory, name, data)| file(directory, name, data))).unwrap()
}

pub(crate) fn compare(root: &Path, files: Files, scope: &Scope) -> Changes {
    Output::at(root).compare(files, scope).unwrap_or_else(|found| panic!("{found:#?}"))
}

pub(crate) fn apply(root: &Path, files: Files, scope: &Scope) -> Summary {
    try_apply(root, files, scope).unwrap_or_else(|found| panic!("{found:#?}"))
}

pub(crate) fn try_apply(root: &Path, files: Files, scope: &Scope) -> Result<Summary, Findings> {
    Output::at(root).lock()?.compare(files, scope)?.apply(&|_| {})
}

pub(crate) fn codes(findings: &Findings) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code.name).collect()
}

/// Every file below a directory with its contents; links are not followed.
pub(crate) fn snapshot(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = walkdir::WalkDir::new(root).into_iter().map(Result::unwrap);
    entries
        .filter(|entry| !entry.file_type().is_dir())
        .map(|entry| {
            let path = entry.path().strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            let link = entry.file_type().is_symlink();
            (path, if link { Vec::new() } else { fs::read(entry.path()).unwrap() })
        })
        .collect()
}

pub(crate) fn list(root: &Path) -> Vec<String> {
    snapshot(root).into_keys().collect()
}
