//! `rungs validate --in PATH…|-`

use std::collections::HashSet;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::slice;
use std::sync::Arc;

use super::super::{Context, Outcome, usage_error};
use super::outcome::outcome;
use crate::diagnostic::{Findings, harmless};
use crate::edits::NamedFiles;
use crate::kubernetes::{Object, Schemas, objects_of};
use crate::sites::is_kustomization;
use crate::source::{Location, MAX_FILE_BYTES, Origin, RepoPath, SourceFile};
use crate::validate::{JudgedRendering, JudgedVersion, definitions, grouped, validate};
use crate::yaml::{Dialect, Node, parse};

/// The options for manifests of any repository.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Manifests of any repository")]
pub(super) struct ManifestArgs {
    /// Judge the manifests in these files and below these directories, or of the standard input
    /// (`-`), in any directory: `helm template . | rungs validate --in -`
    #[arg(
        long = "in",
        value_name = "PATH",
        num_args = 1..,
        conflicts_with_all = ["environments", "app"],
        value_hint = clap::ValueHint::AnyPath
    )]
    paths: Vec<PathBuf>,
    /// The cluster's version of Kubernetes, such as `1.35`; if not given, the newest that is known
    #[arg(long, value_name = "VERSION", requires = "paths", value_parser = minor_version)]
    kubernetes: Option<u32>,
    /// The definitions of custom kinds in this file, or below this directory
    #[arg(long, value_name = "DIR", requires = "paths", value_hint = clap::ValueHint::AnyPath)]
    crds: Vec<PathBuf>,
}

/// The most bytes that are read from the standard input: a chart with its definitions is
/// larger than a file of a repository.
const MOST_STANDARD_INPUT: u64 = 8 * MAX_FILE_BYTES;

/// The name of the standard input in findings.
const STANDARD_INPUT: &str = "<stdin>";

impl ManifestArgs {
    pub(super) fn has_paths(&self) -> bool {
        !self.paths.is_empty()
    }

    pub(super) fn run(self, context: &Context) -> Outcome {
        let mut reader = ManifestFiles::default();
        reader.files(&self.paths);
        let mut of_definitions = ManifestFiles::default();
        of_definitions.files(&self.crds);
        let (kept, found) = definitions(&of_definitions.objects);
        // What is wrong with a definition that is judged itself is found as with any object.
        let (own, _) = definitions(&reader.objects);
        let mut findings = reader.findings;
        findings.extend(of_definitions.findings);
        findings.extend(found);
        let objects = &reader.objects;
        let rendering = JudgedRendering {
            version: JudgedVersion::of(self.kubernetes),
            definitions: &[&own, &kept],
            objects: objects.iter().collect(),
        };
        findings.extend(grouped(validate(&rendering).into_iter().flatten().collect()));
        if reader.left_out > 0 {
            let count = reader.left_out;
            context.console.say(&format!("left out: {count} that are no manifests for a server"));
        }
        outcome(context, findings, objects.len())
    }
}

/// Reads the objects in files.
#[derive(Default)]
struct ManifestFiles {
    objects: Vec<Object>,
    findings: Findings,
    /// How many documents are not for the server: what kustomize reads, the templates of charts,
    /// and whatever else there is below a directory.
    left_out: usize,
}

impl ManifestFiles {
    fn files(&mut self, paths: &[PathBuf]) {
        let mut files = NamedFiles::from_directory(Path::new("."));
        for path in paths {
            if path.as_os_str() == "-" {
                self.standard_input();
            } else {
                self.findings.extend(files.add_path(path).err());
            }
        }
        for file in files.named() {
            self.file(&file, true);
        }
        let found = files.found();
        let charts: HashSet<_> = found.iter().filter_map(|file| chart_of(file.path())).collect();
        for file in found {
            if is_chart_template(file.path(), &charts) {
                self.left_out += 1;
            } else {
                self.file(&file, false);
            }
        }
    }

    fn standard_input(&mut self) {
        let mut bytes = Vec::new();
        let mut input = io::stdin().lock().take(MOST_STANDARD_INPUT + 1);
        if let Err(error) = input.read_to_end(&mut bytes) {
            usage_error(&format!("the standard input cannot be read: {error}"));
        }
        if bytes.len() as u64 > MOST_STANDARD_INPUT {
            let most = MOST_STANDARD_INPUT >> 20;
            usage_error(&format!("the standard input has more than {most} MiB"));
        }
        let text = String::from_utf8(bytes)
            .unwrap_or_else(|_| usage_error("the standard input is not text in UTF-8"));
        let path = RepoPath::new(STANDARD_INPUT).expect("the name is one of a file");
        self.file(&Arc::new(SourceFile::new(path, text)), true);
    }

    /// Reads a file. One that nobody named need not be a manifest.
    fn file(&mut self, file: &Arc<SourceFile>, is_named: bool) {
        let documents = match parse(file, Dialect::Kubectl) {
            Ok(documents) => documents,
            Err(found) => return self.findings.extend(found),
        };
        let origin = Origin::exact(Location::of_file(file));
        for document in documents {
            let root = document.root();
            let is_of_kustomize = is_kustomization(file.path().name(), slice::from_ref(&document));
            if is_of_kustomize || !is_named && !root.is_null() && !is_manifest(root) {
                self.left_out += 1;
                continue;
            }
            // Each on its own: what is wrong with one says nothing of the others.
            match objects_of(vec![document], &origin) {
                Ok(objects) => self.objects.extend(objects),
                Err(found) => self.findings.extend(found),
            }
        }
    }
}

/// Whether a document looks like an object for a server.
fn is_manifest(root: Node<'_>) -> bool {
    root.get("apiVersion").is_some() && root.get("kind").is_some()
}

/// The directory of the chart that a file describes.
fn chart_of(path: &RepoPath) -> Option<RepoPath> {
    (path.name() == "Chart.yaml").then(|| path.parent())?
}

/// Whether a file is a template of one of these charts, which only Helm reads.
fn is_chart_template(path: &RepoPath, charts: &HashSet<RepoPath>) -> bool {
    charts.iter().any(|chart| path.is_within(&chart.child("templates")))
}

/// The minor version that a person typed.
fn minor_version(text: &str) -> Result<u32, String> {
    let mut numbers = text.strip_prefix('v').unwrap_or(text).split('.');
    let (oldest, newest) = (*Schemas::MINORS.start(), *Schemas::MINORS.end());
    let minor = match (numbers.next(), numbers.next()) {
        (Some("1"), Some(minor)) => minor.parse().ok(),
        _ => None,
    };
    match minor {
        Some(minor) if Schemas::MINORS.contains(&minor) => Ok(minor),
        Some(_) => Err(format!("there are schemas of 1.{oldest} to 1.{newest}")),
        None => Err(format!("`{}` is not a version such as `1.{newest}`", harmless(text))),
    }
}
