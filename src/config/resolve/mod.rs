//! From the files to a repository that is whole.
//!
//! Every question that needs more than one file is answered here: which layers an app
//! has, whether a name is known, whether two namespaces are the same. A problem never
//! keeps others from being found.

mod adopted;
mod app;
mod environment;
mod inert;
mod namespace;
mod native;
mod repository;
mod template;

use std::collections::{BTreeSet, HashMap};

use super::directories::Directory;
use super::joined_codes::{count, joined};
use super::known::Known;
use super::ladder;
use super::reader::{ConfigReader, ReadApps, ReadFile};
use super::valid::Repository;
use crate::diagnostic::{Code, Findings};
use crate::source::Tree;

use environment::ResolvedEnvironment;
use namespace::Namespaced;
use repository::RepositorySettings;

const LISTS: &[&[&Code]] = &[
    adopted::CODES,
    app::CODES,
    environment::CODES,
    inert::CODES,
    namespace::CODES,
    native::CODES,
    repository::CODES,
    template::CODES,
];

/// The codes of problems that need more than one file to be found.
pub(super) static CODES: &[&Code] = &joined::<{ count(LISTS) }>(LISTS);

/// What was loaded.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The repository.
    pub repository: Repository,
    /// Warnings.
    pub warnings: Findings,
    /// The files below `environments/` that were read, for whoever looks for something
    /// else in them; none in an adopted repository.
    pub files: Vec<ReadFile>,
}

/// Reads the configuration of the repository whose files `tree` has.
///
/// # Errors
///
/// Every problem of every file, once each.
pub fn load(tree: &Tree) -> Result<Loaded, Findings> {
    load_with(ConfigReader::new(tree))
}

/// Like [`load`], but with only some apps. The other apps' files are not read, so
/// they cost nothing. [`super::Environment::apps`] has only these apps,
/// [`super::Environment::app_names`] has all. A name that no app has makes no
/// difference.
///
/// # Errors
///
/// Every problem of every file, except the other apps' files.
pub fn load_apps(tree: &Tree, apps: &BTreeSet<String>) -> Result<Loaded, Findings> {
    load_with(ConfigReader::new(tree).of_apps(ReadApps::Only(apps)))
}

/// Like [`load`], but without reading any app's files: of all apps, the names.
///
/// # Errors
///
/// Every problem of every file, except what is in the apps' files.
pub fn load_names(tree: &Tree) -> Result<Loaded, Findings> {
    load_with(ConfigReader::new(tree).of_apps(ReadApps::Names))
}

fn load_with(mut reader: ConfigReader<'_>) -> Result<Loaded, Findings> {
    let settings = repository::read(&mut reader)?;
    let root = if settings.is_adopted { None } else { native::environments(&mut reader) };
    let (resolved, known) = if settings.is_adopted {
        adopted::environments(settings.raw(), &mut reader.findings)
    } else {
        adopted::report_misplaced(settings.raw(), &mut reader.findings);
        native::resolve(root.as_ref(), &mut reader)
    };
    let repository = assemble(&settings, resolved, &known, &mut reader.findings);
    let document = settings.document.as_ref().map(|document| document.read.root());
    inert::report(document, root.as_ref(), &mut reader.findings);
    let findings = reader.findings.settled();
    if findings.has_errors() {
        return Err(findings);
    }
    let files = root.map(Directory::into_files).unwrap_or_default();
    Ok(Loaded { repository, warnings: findings, files })
}

/// Puts the repository's own settings and the environments together, and checks what
/// concerns several of them.
fn assemble(
    settings: &RepositorySettings,
    resolved: Vec<ResolvedEnvironment>,
    known: &Known<'_>,
    findings: &mut Findings,
) -> Repository {
    environment::check_skips(&resolved, known, findings);
    environment::check_enters(&resolved, findings);
    let after = resolved
        .iter()
        .filter_map(|one| one.after.clone().map(|after| (one.environment.name.clone(), after)));
    let rungs = settings.raw().and_then(|raw| raw.ladder.as_ref());
    let ladder = ladder::resolve(rungs, after.collect(), known, findings);
    let namespaces: Vec<_> = resolved.iter().flat_map(Namespaced::of).collect();
    namespace::check_lengths(&namespaces, findings);
    // Nothing is known about what could not be read, nor what it shares.
    if !findings.has_errors() {
        namespace::check_shared(namespaces, findings);
    }
    let mut environments: Vec<_> = resolved.into_iter().map(|one| one.environment).collect();
    environments.sort_by(|a, b| a.name.cmp(&b.name));
    let rungs = ladder.rungs().iter().flatten().enumerate();
    let order: HashMap<_, _> = rungs.map(|(at, name)| (&name.value, at)).collect();
    environments
        .sort_by_key(|environment| order.get(&environment.name).copied().unwrap_or(usize::MAX));
    repository::resolve(settings, environments, ladder, known, findings)
}
