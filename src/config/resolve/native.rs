//! The environments of a native repository: the directories below
//! `environments/` that do not have directories in them.

use super::environment::{self, ResolvedEnvironment};
use super::template::Templates;
use crate::config::directories::Directory;
use crate::config::known::Known;
use crate::config::reader::ConfigReader;
use crate::diagnostic::{Finding, codes};
use crate::source::{Location, ReadErrorKind, RepoPath, is_yaml};

codes! {
    /// There is no directory of environments.
    ///
    /// Every directory below `environments/` that has no directory in it is an
    /// environment; its files say what is deployed there. `rungs init` writes a
    /// small repository to start with.
    NO_ENVIRONMENTS = "no-environments", Input, Error;

    /// An app's file that makes no app exist.
    ///
    /// A file above the environments has what they share; only a file in an
    /// environment's own directory makes the app exist there. The app of this file
    /// does not exist in any environment below it, so the file has no effect.
    ///
    /// ```text
    /// environments/cart.yaml         shared by all
    /// environments/qa/cart.yaml      makes `cart` exist in `qa`; may be empty
    /// ```
    APP_WITHOUT_LEAF = "app-without-leaf", Input, Warning;

    /// A manifest beside the templates, and in none of them.
    ///
    /// Each directory of `templates/` is a template. What stands beside them belongs to none, so
    /// that nothing is rendered from it.
    ///
    /// ```text
    /// templates/service.yaml         no template's: nothing is rendered from it
    /// templates/web/service.yaml     a manifest of the template `web`
    /// ```
    ///
    /// Move the file into a template, or start its name with `_`.
    FILE_WITHOUT_TEMPLATE = "file-without-template", Input, Warning;
}

/// The environments of a native repository, from its directories.
pub(super) fn resolve<'d>(
    root: Option<&'d Directory>,
    reader: &mut ConfigReader<'_>,
) -> (Vec<ResolvedEnvironment>, Known<'d>) {
    let chains = root.map(chains).unwrap_or_default();
    let mut templates = Templates::new(reader.tree);
    let mut resolved = Vec::with_capacity(chains.len());
    for chain in &chains {
        resolved.push(environment::resolve(chain, &mut templates, reader));
    }
    if let Some(root) = root {
        report_apps_without_leaf(root, reader);
    }
    report_files_without_template(reader);
    let leaves = chains.iter().filter_map(|chain| chain.last());
    let apps_of = leaves.map(|leaf| &*leaf.app_names).collect();
    let names = resolved.iter().map(|one| one.environment.name.clone());
    let known = Known::new(names, Some(apps_of));
    (resolved, known)
}

/// The directories of `environments/`; none if it does not exist.
pub(super) fn environments(reader: &mut ConfigReader<'_>) -> Option<Directory> {
    let path = RepoPath::root().child("environments");
    let missing = |reader: &mut ConfigReader<'_>| {
        reader.findings.push(
            Finding::new(
                &NO_ENVIRONMENTS,
                "there are no environments",
                Location::of_path(&RepoPath::root().child("environments")),
            )
            .because("every directory here without directories in it is an environment")
            .help(
                "create `environments/qa/`, or let `rungs init` write a repository; in one with \
                 a layout of its own, say with `sites` in `rungs.yaml` where image references are",
            ),
        );
    };
    match reader.tree.list(&path) {
        Ok(_) => {
            let directory = reader.directory(&path);
            if directory.children.is_empty() && !reader.findings.has_errors() {
                missing(reader);
            }
            Some(directory)
        }
        Err(error) if matches!(error.kind, ReadErrorKind::Missing) => {
            missing(reader);
            None
        }
        Err(error) => {
            reader.findings.push(Finding::of_read_error(&error, None));
            None
        }
    }
}

/// For each environment the directories from `environments/` to its own.
fn chains(root: &Directory) -> Vec<Vec<&Directory>> {
    fn descend<'a>(
        directory: &'a Directory,
        above: &[&'a Directory],
        chains: &mut Vec<Vec<&'a Directory>>,
    ) {
        let chain: Vec<_> = above.iter().copied().chain([directory]).collect();
        if directory.children.is_empty() {
            chains.push(chain);
            return;
        }
        for child in &directory.children {
            descend(child, &chain, chains);
        }
    }
    let mut chains = Vec::new();
    for child in &root.children {
        descend(child, &[root], &mut chains);
    }
    chains
}

fn report_apps_without_leaf(directory: &Directory, reader: &mut ConfigReader<'_>) {
    if directory.children.is_empty() {
        return;
    }
    for name in &*directory.app_names {
        if reader.judges_name(name) && !exists_below(directory, name) {
            let own = || directory.path.child(&format!("{name}.yaml"));
            let file = directory.apps.get(name).map(|file| file.read.location());
            let file = file.unwrap_or_else(|| Location::of_path(&own()));
            let message = format!("no environment below `{}` has `{name}`", directory.path);
            reader.findings.push(
                Finding::new(&APP_WITHOUT_LEAF, message, file)
                    .because("this file has no effect")
                    .help(format!(
                        "an app exists where a leaf has its file: add `{}/…/{name}.yaml`, \
                         which may be empty",
                        directory.path
                    )),
            );
        }
    }
    for child in &directory.children {
        report_apps_without_leaf(child, reader);
    }
}

/// A directory that cannot be listed is reported with the templates in it.
fn report_files_without_template(reader: &mut ConfigReader<'_>) {
    let directory = RepoPath::root().child("templates");
    let listed = reader.tree.list(&directory).unwrap_or_default();
    let files = listed.into_iter().filter(|one| !one.is_directory && is_manifest(one.path.name()));
    reader.findings.extend(files.map(|file| {
        let path = file.path;
        Finding::new(
            &FILE_WITHOUT_TEMPLATE,
            format!("`{path}` is not in a template"),
            Location::of_path(&path),
        )
        .because("nothing is rendered from this file")
        .help(format!(
            "move it into a template, as `{directory}/NAME/{}`, or start its name with `_` if it \
             is no manifest",
            path.name()
        ))
    }));
}

/// Whether a template would render a file of that name.
fn is_manifest(name: &str) -> bool {
    let stem = name.strip_suffix(".tera").unwrap_or(name);
    !name.starts_with(['_', '.']) && (is_yaml(stem) || name == "main.jsonnet")
}

fn exists_below(directory: &Directory, app: &str) -> bool {
    directory
        .children
        .iter()
        .any(|child| (child.children.is_empty() && child.has_app(app)) || exists_below(child, app))
}
