//! The files that should be in the output tree.

use std::collections::{BTreeMap, HashSet};

use rayon::prelude::*;

use super::code::RENDERED_PATH_CLASH;
use super::name::{directory, stem};
use crate::diagnostic::{Finding, Findings};
use crate::kubernetes::{Object, ObjectId};
use crate::pipeline::Rendering;
use crate::source::{Location, RepoPath};
use crate::yaml;

/// The first line of each of our files, by which it is recognized as ours.
pub const HEADER: &str = "# Rendered by rungs. Do not edit.";

/// What is appended to the name of an encrypted file for the name of its mark:
/// the file that says it is ours. No tool takes that for a manifest.
pub(super) const MARK: &str = ".rungs";

/// The file of one object.
#[derive(Debug, Clone)]
pub struct RenderedFile {
    path: RepoPath,
    bytes: Vec<u8>,
    encrypted: bool,
    object: ObjectId,
    origin: Location,
}

impl RenderedFile {
    /// An object's file in `directory`, below the output directory. `home` is
    /// the app's namespace; none if the name of every file has the namespace.
    pub fn of(object: &Object, directory: &RepoPath, home: Option<&str>) -> Self {
        let stem = stem(object, home);
        let (name, bytes) = if let Some(text) = &object.verbatim {
            (format!("{stem}.sops.yaml"), text.as_bytes().to_vec())
        } else {
            let text = yaml::emit(object.value.root());
            (format!("{stem}.yaml"), format!("{HEADER}\n{text}").into_bytes())
        };
        Self {
            path: directory.child(&name),
            bytes,
            encrypted: object.verbatim.is_some(),
            object: object.id.clone(),
            origin: object.origin.location.clone(),
        }
    }

    /// The path below the output directory.
    pub fn path(&self) -> &RepoPath {
        &self.path
    }

    /// The contents.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Every file of an output tree, or of a part of it, with its bytes. No two
/// paths are the same, whatever their case.
#[derive(Debug, Clone, Default)]
pub struct RenderedFiles {
    by_path: BTreeMap<RepoPath, Vec<u8>>,
}

impl RenderedFiles {
    /// Collects files. Two that would have the same path are a finding that names
    /// both objects.
    pub fn of(files: impl IntoIterator<Item = RenderedFile>) -> Result<Self, Findings> {
        let mut taken: BTreeMap<String, RenderedFile> = BTreeMap::new();
        let mut findings = Findings::new();
        for file in files {
            match taken.get(&file.path.as_str().to_lowercase()) {
                Some(first) => findings.push(clash(first, &file)),
                None => drop(taken.insert(file.path.as_str().to_lowercase(), file)),
            }
        }
        if !findings.is_empty() {
            return Err(findings);
        }
        let mut by_path = BTreeMap::new();
        for file in taken.into_values() {
            if file.encrypted {
                let (path, text) = mark(&file.path);
                by_path.insert(path, text.into_bytes());
            }
            by_path.insert(file.path, file.bytes);
        }
        Ok(Self { by_path })
    }

    /// The files of what was rendered. Two that would have the same path are a
    /// finding that names both objects.
    pub fn of_rendering(rendering: &Rendering) -> Result<Self, Findings> {
        let mut groups = Vec::new();
        for environment in &rendering.environments {
            groups.push((&environment.own, directory(&environment.name, None), None));
            groups.extend(environment.apps.iter().map(|app| {
                let at = directory(&environment.name, Some(&app.name));
                (&app.objects, at, Some(&*app.namespace))
            }));
        }
        let files = groups.par_iter().flat_map_iter(|(objects, at, home)| {
            objects.iter().map(|object| RenderedFile::of(object, at, *home))
        });
        Self::of(files.collect::<Vec<_>>())
    }

    /// Files by their paths below the output directory; none if two have the same, apart
    /// from upper and lower case.
    pub fn of_bytes(files: Vec<(RepoPath, Vec<u8>)>) -> Option<Self> {
        let has_capitals =
            |(path, _): &(RepoPath, _)| path.as_str().chars().any(char::is_uppercase);
        if files.iter().any(has_capitals) {
            let paths = files.iter().map(|(path, _)| path.as_str().to_lowercase());
            if paths.collect::<HashSet<_>>().len() < files.len() {
                return None;
            }
        }
        let count = files.len();
        let by_path: BTreeMap<_, _> = files.into_iter().collect();
        (by_path.len() == count).then_some(Self { by_path })
    }

    /// Paths below the output directory, in order, with the files' bytes.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&RepoPath, &[u8])> {
        self.by_path.iter().map(|(path, bytes)| (path, bytes.as_slice()))
    }

    /// The same without the marks of encrypted files.
    pub fn manifests(&self) -> impl Iterator<Item = (&RepoPath, &[u8])> {
        self.iter().filter(|(path, _)| !path.name().ends_with(MARK))
    }

    /// The manifests as one stream of YAML documents, each after a comment
    /// with its path in the output directory `output`.
    pub fn stream(&self, output: &RepoPath) -> String {
        let mut stream = String::new();
        for (path, bytes) in self.manifests() {
            let text = String::from_utf8_lossy(bytes);
            let text =
                text.strip_prefix(HEADER).and_then(|text| text.strip_prefix('\n')).unwrap_or(&text);
            for part in ["---\n# ", output.as_str(), "/", path.as_str(), "\n", text] {
                stream.push_str(part);
            }
            if !text.ends_with('\n') {
                stream.push('\n');
            }
        }
        stream
    }

    /// The contents that `path` should have.
    pub(super) fn get(&self, path: &RepoPath) -> Option<&[u8]> {
        self.by_path.get(path).map(Vec::as_slice)
    }

    /// The number of files.
    pub fn len(&self) -> usize {
        self.by_path.len()
    }

    /// Whether there are no files.
    pub fn is_empty(&self) -> bool {
        self.by_path.is_empty()
    }
}

/// Whether a file that starts with these bytes is ours. A checkout may have
/// changed our line break into another.
pub(super) fn is_ours(head: &[u8]) -> bool {
    head.strip_prefix(HEADER.as_bytes())
        .is_some_and(|rest| matches!(rest, [] | [b'\n', ..] | [b'\r', b'\n', ..]))
}

/// The number of bytes that [`is_ours`] needs.
pub(super) const HEAD: usize = HEADER.len() + 2;

/// The file that says that an encrypted one is ours: no line can be added to
/// what SOPS signed. Each encrypted file has its own mark, because a list of
/// them would conflict in every pull request.
fn mark(path: &RepoPath) -> (RepoPath, String) {
    let name = path.name();
    let parent = path.parent().unwrap_or_else(RepoPath::root);
    let text = format!("{HEADER}\n# It says the same of {name}, which is encrypted and signed.\n");
    (parent.child(&format!("{name}{MARK}")), text)
}

fn clash(first: &RenderedFile, second: &RenderedFile) -> Finding {
    let case = if first.path == second.path { "" } else { ", apart from upper and lower case" };
    Finding::new(
        &RENDERED_PATH_CLASH,
        format!(
            "{} and {} would both be written to `{}`{case}",
            first.object, second.object, second.path
        ),
        second.origin.clone(),
    )
    .because("one is from here")
    .label(first.origin.clone(), "the other is from here")
    .help("rename one of them")
}
