//! Rendered files change together with the files that they are rendered from.

use std::collections::BTreeSet;

use super::code::STALE_RENDERING;
use super::deployed::ExpectedFiles;
use crate::config::{self, EnvironmentName, Repository};
use crate::diagnostic::{Finding, Findings, ProblemKind, Subject};
use crate::namespaces::Namespaces;
use crate::rendered::{
    self, FileAction, InStore, OutputChanges, RenderScope, RenderedFile, RenderedFiles,
};
use crate::source::{FileChanges, Location, ReadErrorKind, RepoPath, Tree};
use crate::worker::{RenderRequest, RenderResult, Renderer, Wanted};

/// What follows from changes of an app's own files.
#[derive(Debug, Default)]
pub(super) struct Rerendered {
    /// The kept files that change.
    pub(super) files: FileChanges,
    /// What the app is rendered to without the changes; nothing if it does not render.
    pub(super) before: ExpectedFiles,
    /// What it is rendered to with them.
    pub(super) after: ExpectedFiles,
    /// Findings that do not stop the promotion.
    pub(super) warnings: Findings,
}

/// Renders an app in one environment from `tree` with `edited` files in place of its
/// own. Returns the rendered files that change, if `tree` has the output directory.
///
/// # Errors
///
/// The app does not render with these files; or its rendered files in `tree` are stale, so
/// that more would change than was requested.
pub(super) fn rerender(
    renderer: &dyn Renderer,
    tree: &Tree,
    repository: &Repository,
    edited: &FileChanges,
    environment: &EnvironmentName,
    app: &str,
) -> Result<Rerendered, Findings> {
    let new = render(renderer, tree, edited, repository, environment, app)?;
    if new.environments.is_empty() {
        return Ok(Rerendered::default());
    }
    let old = match render(renderer, tree, &FileChanges::new(), repository, environment, app) {
        Ok(old) => Some(old),
        Err(findings) if findings.kind() >= Some(ProblemKind::Outside) => return Err(findings),
        // What does not render has no files that could be stale, and has to be left somehow.
        Err(_) => None,
    };
    let RenderResult { files, findings: warnings, .. } = new;
    let before = old.as_ref().map(|old| expected(&old.files)).unwrap_or_default();
    let after = expected(&files);
    let mut rerendered = Rerendered { files: FileChanges::new(), before, after, warnings };
    if !has_output(tree, repository)? {
        return Ok(rerendered);
    }
    let scope = RenderScope::directories([rendered::directory(environment, Some(app))]);
    let existing = InStore { store: tree.store(), output: repository.output.clone() };
    if let Some(old) = old {
        check_fresh(old, repository, environment, app, &existing, &scope)?;
    }
    let changes = OutputChanges::of(&existing, files, &scope)?;
    for change in changes.list() {
        let bytes = match change.action {
            FileAction::Remove => None,
            FileAction::Create | FileAction::Update => rerendered.after.get(&change.path).cloned(),
        };
        let path = repository.output.join(change.path.as_str());
        rerendered.files.insert(path.expect("it was rendered below the output"), bytes);
    }
    Ok(rerendered)
}

/// The changes of files that environments generate themselves, which follow if
/// `edited` files create an app: its namespace with its quota, limits and access.
/// All environments are compared, because another one may have generated the
/// namespace so far.
///
/// # Errors
///
/// The namespaces conflict; or one of the files in `tree` is stale.
pub(super) fn generated_files(
    tree: &Tree,
    repository: &Repository,
    edited: &FileChanges,
) -> Result<FileChanges, Findings> {
    if !has_output(tree, repository)? {
        return Ok(FileChanges::new());
    }
    let old = all_generated(tree)?;
    let new = all_generated(&tree.with_files(edited.clone()))?;
    let mut files = FileChanges::new();
    for path in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let (old, new) = (old.get(path), new.get(path));
        if old == new {
            continue;
        }
        let path = repository.output.join(path.as_str());
        let path = path.expect("it was rendered below the output");
        let existing = bytes_of(tree, &path)?;
        if existing.as_ref() == new {
            continue;
        }
        if existing.as_ref() != old {
            let message = format!("`{path}` is stale");
            return Err(Finding::new(&STALE_RENDERING, message, Location::of_path(&path))
                .because("this file is not what would be rendered")
                .help("run `rungs render`, commit the result, and try again")
                .into());
        }
        files.insert(path, new.cloned());
    }
    Ok(files)
}

/// The files that all environments generate themselves, by path below the output.
pub(super) fn all_generated(tree: &Tree) -> Result<ExpectedFiles, Findings> {
    let loaded = config::load(tree)?;
    let environments = &loaded.repository.environments;
    let namespaces = Namespaces::of(environments);
    let conflicts = namespaces.conflicts(&environments.iter().collect::<Vec<_>>());
    if conflicts.has_errors() {
        return Err(conflicts);
    }
    let files = environments.iter().flat_map(|environment| {
        let directory = rendered::directory(&environment.name, None);
        let objects = namespaces.generate(environment).into_iter();
        objects.map(move |object| RenderedFile::of(&object, &directory, None))
    });
    Ok(expected(&RenderedFiles::of(files)?))
}

fn expected(files: &RenderedFiles) -> ExpectedFiles {
    files.iter().map(|(path, bytes)| (path.clone(), bytes.to_vec())).collect()
}

/// The bytes of a file; none if it does not exist.
fn bytes_of(tree: &Tree, path: &RepoPath) -> Result<Option<Vec<u8>>, Findings> {
    match tree.read(path) {
        Ok(file) => Ok(Some(file.text().as_bytes().to_vec())),
        Err(error) if matches!(error.kind, ReadErrorKind::Missing) => Ok(None),
        Err(error) => Err(Finding::of_read_error(&error, None).into()),
    }
}

fn has_output(tree: &Tree, repository: &Repository) -> Result<bool, Findings> {
    tree.has_directory(&repository.output)
        .map_err(|error| Finding::of_read_error(&error, None).into())
}

/// Fails if the app's rendered files are not what was rendered.
fn check_fresh(
    rendered: RenderResult,
    repository: &Repository,
    environment: &EnvironmentName,
    app: &str,
    existing: &InStore<'_>,
    scope: &RenderScope,
) -> Result<(), Findings> {
    let changes = OutputChanges::of(existing, rendered.files, scope)?.list();
    let Some(first) = changes.first() else { return Ok(()) };
    let path = repository.output.join(first.path.as_str());
    let at = Location::of_path(&path.expect("it was rendered below the output"));
    let message = format!("the rendered files of `{app}` in `{environment}` are stale");
    let because = match changes.len() {
        1 => "this file is not what would be rendered".to_owned(),
        more => format!("this and {} others are not what would be rendered", more - 1),
    };
    Err(Finding::new(&STALE_RENDERING, message, at)
        .because(because)
        .help("run `rungs render`, commit the result, and try again")
        .about(Subject::app(environment.as_str(), app))
        .into())
}

/// Renders an app from `tree` with changes; nothing if the environment does not have it.
fn render(
    renderer: &dyn Renderer,
    tree: &Tree,
    changes: &FileChanges,
    repository: &Repository,
    environment: &EnvironmentName,
    app: &str,
) -> Result<RenderResult, Findings> {
    let wanted = Wanted::App { environment: environment.to_string(), app: app.to_owned() };
    // The limits are those of the base, whatever a change says.
    let settings = repository.worker;
    let request =
        RenderRequest { tree, changes, wanted, unused_values: false, validates: false, settings };
    renderer.render(&request, &|_| ())
}
