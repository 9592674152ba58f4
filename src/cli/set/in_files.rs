//! `rungs set --in PATH… [NAME=]REF…`

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::super::{Context, Outcome, console, usage_error};
use crate::diagnostic::{Finding, Findings, Format, harmless};
use crate::disk::{self, FILES_UNWRITTEN, Rewrite};
use crate::edits::{
    self, ChangedFile, EditRequest, GitRevision, LINK_LEADS_OUT, Replaced, RouteValue,
};
use crate::sites::ImageRequest;
use crate::source::{
    Disk, EntryKind, Location, ReadError, ReadErrorKind, RepoPath, SourceFile, Store as _, Tree,
};

/// The options for named files.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "In named files")]
pub(super) struct FileArgs {
    /// Edit this file, or the YAML files below this directory, of any repository
    #[arg(long = "in", value_name = "PATH", num_args = 1, value_hint = clap::ValueHint::AnyPath)]
    pub(super) paths: Vec<PathBuf>,
    /// Set the value at a route such as `image.tag` or `images[name=web].newTag`
    #[arg(long = "route", value_name = "ROUTE=VALUE", requires = "paths")]
    routes: Vec<String>,
    /// Set the reference in every address of a git repository, or the version of a source
    #[arg(long = "git", value_name = "URL=REV", requires = "paths")]
    gits: Vec<String>,
}

/// What the options allow.
#[derive(Debug, Clone, Copy)]
pub(super) struct EditPermissions {
    /// Whether an image may come from another repository than before.
    pub(super) repository: bool,
    /// Whether a digest may be removed.
    pub(super) drop_digest: bool,
    /// Whether nothing is written.
    pub(super) dry_run: bool,
}

impl FileArgs {
    /// Whether files were named.
    pub(super) fn has_paths(&self) -> bool {
        !self.paths.is_empty()
    }

    /// Sets the references in `items`, and the values in the options.
    pub(super) fn run(
        self,
        context: &Context,
        items: &[String],
        allowed: EditPermissions,
    ) -> Result<Outcome, Findings> {
        let request = self.request(items, allowed);
        let base = context.repo.clone().unwrap_or_else(|| PathBuf::from("."));
        let mut files = NamedFiles::at(&base);
        let mut findings = Findings::new();
        for path in &self.paths {
            findings.extend(files.add_path(path).err());
        }
        if findings.has_errors() {
            return Err(findings);
        }
        let edited = edits::edit(&files.named(), &files.found(), &request)?;
        if !allowed.dry_run {
            files.write(&edited)?;
        }
        Ok(report(context, &files, &edited, allowed.dry_run))
    }

    fn request(&self, items: &[String], allowed: EditPermissions) -> EditRequest {
        let refuse = |text: &str, why: String| -> ! {
            usage_error(&format!("`{}` cannot be set: {why}", harmless(text)))
        };
        let image = |text: &String| {
            ImageRequest::parse(text).unwrap_or_else(|fault| refuse(text, fault.to_string()))
        };
        let route = |text: &String| {
            RouteValue::parse(text).unwrap_or_else(|fault| refuse(text, fault.to_string()))
        };
        let git = |text: &String| {
            GitRevision::parse(text).unwrap_or_else(|fault| refuse(text, fault.to_string()))
        };
        let request = EditRequest {
            images: items.iter().map(image).collect(),
            routes: self.routes.iter().map(route).collect(),
            gits: self.gits.iter().map(git).collect(),
            repository: allowed.repository,
            drop_digest: allowed.drop_digest,
        };
        if request.images.is_empty() && request.routes.is_empty() && request.gits.is_empty() {
            usage_error("say what to set: `[NAME=]REF`, `--route ROUTE=VALUE` or `--git URL=REV`");
        }
        request
    }
}

/// The files that were named, and those below named directories.
struct NamedFiles {
    /// The directory that paths start from, with links resolved.
    base: PathBuf,
    /// By their real paths, so that each is edited once.
    files: BTreeMap<PathBuf, NamedFile>,
}

/// A file to edit, and how it was named.
struct NamedFile {
    file: Arc<SourceFile>,
    /// The path as the person wrote it.
    shown: PathBuf,
    is_named: bool,
}

impl NamedFiles {
    fn at(base: &Path) -> Self {
        let base = fs::canonicalize(base).unwrap_or_else(|_| base.to_owned());
        Self { base, files: BTreeMap::new() }
    }

    fn named(&self) -> Vec<Arc<SourceFile>> {
        self.files_where(true)
    }

    fn found(&self) -> Vec<Arc<SourceFile>> {
        self.files_where(false)
    }

    fn files_where(&self, is_named: bool) -> Vec<Arc<SourceFile>> {
        let files = self.files.values().filter(|known| known.is_named == is_named);
        files.map(|known| Arc::clone(&known.file)).collect()
    }

    /// Adds a file, or the files below a directory.
    fn add_path(&mut self, path: &Path) -> Result<(), Finding> {
        let missing = |error: &std::io::Error| unreadable(path, error);
        let absolute = self.base.join(path);
        let real = fs::canonicalize(&absolute).map_err(|error| missing(&error))?;
        if real.is_dir() {
            return self.add_below(path, &real);
        }
        let parent = absolute.parent().unwrap_or(&self.base);
        let directory = fs::canonicalize(parent).map_err(|error| missing(&error))?;
        if !real.starts_with(&directory) {
            return Err(leads_out(path, &real));
        }
        self.add(&real, path, true)
    }

    /// Adds the YAML files below a directory. Links in it are not followed: their
    /// targets are in it as well, or must not be edited.
    fn add_below(&mut self, shown: &Path, directory: &Path) -> Result<(), Finding> {
        let disk = Disk::new(directory);
        let mut waiting = vec![RepoPath::root()];
        while let Some(below) = waiting.pop() {
            let failed =
                |kind| Finding::of_read_error(&ReadError { path: below.clone(), kind }, None);
            for (name, kind) in disk.names(&below).map_err(failed)? {
                let Some(path) = below.child_named(&name) else { continue };
                match kind {
                    EntryKind::Directory if name != ".git" => waiting.push(path),
                    EntryKind::File if is_yaml(&name) => {
                        let real = directory.join(path.as_str());
                        self.add(&real, &shown.join(path.as_str()), false)?;
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, real: &Path, shown: &Path, is_named: bool) -> Result<(), Finding> {
        if let Some(known) = self.files.get_mut(real) {
            known.is_named |= is_named;
            return Ok(());
        }
        // A file elsewhere is identified by its whole path.
        let (root, below) = match real.strip_prefix(&self.base) {
            Ok(below) => (self.base.as_path(), below),
            Err(_) => (Path::new("/"), real.strip_prefix("/").unwrap_or(real)),
        };
        let path = below.to_str().and_then(|below| RepoPath::new(below).ok());
        let path = path.ok_or_else(|| not_utf8(shown))?;
        let file = Tree::new(Disk::new(root)).read(&path);
        let file = file.map_err(|error| Finding::of_read_error(&error, None))?;
        self.files.insert(real.to_owned(), NamedFile { file, shown: shown.to_owned(), is_named });
        Ok(())
    }

    /// The real path of a file, and the path as the person wrote it.
    fn find(&self, file: &Arc<SourceFile>) -> (&Path, &Path) {
        let found = self.files.iter().find(|(_, known)| Arc::ptr_eq(&known.file, file));
        let (real, found) = found.expect("only files that were added are edited");
        (real, &found.shown)
    }

    fn write(&self, edited: &[ChangedFile]) -> Result<(), Finding> {
        let names: Vec<_> = edited.iter().map(|one| self.place(&one.file)).collect();
        let files = edited.iter().zip(&names).map(|(one, (root, path))| Rewrite {
            root,
            path,
            old: Some(one.file.text().as_bytes()),
            new: Some(one.text.as_bytes()),
        });
        let shown = |at: usize| {
            let file = &edited[at].file;
            (self.find(file).0.display().to_string(), file.path().clone())
        };
        let written = disk::write(&files.collect::<Vec<_>>());
        written.map_err(|error| error.finding(&FILES_UNWRITTEN, &shown))
    }

    /// The directory that a file is in, and its name there.
    fn place(&self, file: &Arc<SourceFile>) -> (PathBuf, RepoPath) {
        let (real, _) = self.find(file);
        let name = real.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let name = RepoPath::root().child_named(name).unwrap_or_else(RepoPath::root);
        (real.parent().unwrap_or(real).to_owned(), name)
    }
}

fn is_yaml(name: &str) -> bool {
    let path = Path::new(name);
    name == "Kustomization"
        || path.extension().is_some_and(|end| end == "yaml" || end == "yml" || end == "json")
}

/// The location of a path that a person wrote.
fn named(path: &Path) -> Location {
    let text = path.to_string_lossy();
    let path = RepoPath::new(text.trim_start_matches('/')).unwrap_or_else(|_| RepoPath::root());
    Location::of_path(&path)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Finding {
    let at = named(path);
    let kind = match error.kind() {
        std::io::ErrorKind::NotFound => ReadErrorKind::Missing,
        _ => ReadErrorKind::Failed(error.to_string()),
    };
    Finding::of_read_error(&ReadError { path: at.path().clone(), kind }, None)
}

fn not_utf8(path: &Path) -> Finding {
    unreadable(path, &std::io::Error::other("its path is not UTF-8"))
}

fn leads_out(path: &Path, real: &Path) -> Finding {
    let message = format!("`{}` leads to `{}`", path.display(), real.display());
    Finding::new(&LINK_LEADS_OUT, message, named(path))
        .because("is a link out of its directory")
        .help("name the file where it is")
}

/// Reports the changes.
fn report(context: &Context, files: &NamedFiles, edited: &[ChangedFile], dry_run: bool) -> Outcome {
    let mut outcome = Outcome::default();
    let all = || {
        edited.iter().flat_map(|one| {
            let (_, shown) = files.find(&one.file);
            one.replaced.iter().map(move |replaced| (shown, replaced))
        })
    };
    match context.console.format() {
        Format::Text => {
            let lines: String = all().map(|(path, replaced)| line(path, replaced)).collect();
            console::print(lines.as_bytes());
        }
        Format::Json => outcome.data = data(all(), dry_run),
        _ => {}
    }
    let count = all().count();
    context.console.say(&match (count, dry_run) {
        (0, _) => "nothing to do: the files have these values already".to_owned(),
        (_, true) => format!("{} would change", places(count)),
        (_, false) => format!("{} changed", places(count)),
    });
    outcome
}

fn places(count: usize) -> String {
    if count == 1 { "1 value".to_owned() } else { format!("{count} values") }
}

fn line(path: &Path, replaced: &Replaced) -> String {
    let at = replaced.location.start().line;
    let change = match (&replaced.old, &replaced.new) {
        (Some(old), Some(new)) => format!("{} → {}", harmless(old), harmless(new)),
        (None, Some(new)) => format!("+ {}", harmless(new)),
        (Some(old), None) => format!("- {}", harmless(old)),
        (None, None) => String::new(),
    };
    let path = path.to_string_lossy();
    format!("{}:{at}: {}: {change}\n", harmless(&path), harmless(&replaced.route))
}

fn data<'r>(
    all: impl Iterator<Item = (&'r Path, &'r Replaced)>,
    dry_run: bool,
) -> Map<String, Value> {
    let edit = |(path, replaced): (&Path, &Replaced)| {
        let start = replaced.location.start();
        json!({
            "path": path.to_string_lossy(),
            "line": start.line,
            "column": start.column,
            "route": replaced.route,
            "old": replaced.old,
            "new": replaced.new,
        })
    };
    let mut data = Map::new();
    data.insert("edits".to_owned(), all.map(edit).collect());
    data.insert("written".to_owned(), Value::Bool(!dry_run));
    data
}
