//! From the files to a repository that is whole.
//!
//! Each question that needs more than one file is asked here: which layers make
//! an app, whether a name is known, whether two namespaces are one. A problem
//! never stops the others from being found.

mod adopted;
mod app;
mod environment;
mod find;
mod gates;
mod ladder;
mod namespace;
mod network;
mod repository;
mod sites;
mod template;

use std::cell::{Cell, OnceCell};
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};

use indexmap::{IndexMap, IndexSet};

use super::decode::{MOST_PROBLEMS, Map, suggest};
use super::files::{Directory, Reader};
use super::syntax::{LabelKey, LabelValue};
use super::{EnvironmentName, Repository, Sourced, count, joined};
use crate::diagnostic::{Code, Finding, Findings, codes};
use crate::source::{Location, ReadErrorKind, RepoPath, Tree};

use find::{UNKNOWN_APP, unknown_environment};
use repository::Settings;
use template::Templates;

const LISTS: &[&[&Code]] = &[
    CODES,
    adopted::CODES,
    app::CODES,
    environment::CODES,
    find::CODES,
    gates::CODES,
    ladder::CODES,
    namespace::CODES,
    network::CODES,
    repository::CODES,
    sites::CODES,
    template::CODES,
];

/// The codes of problems that show where files come together.
pub(super) static ALL_CODES: &[&Code] = &joined::<{ count(LISTS) }>(LISTS);

codes! {
    /// There is no directory of environments.
    ///
    /// Every directory below `environments/` that has no directory in it is an
    /// environment; its files say what is deployed there. `rungs init` writes a
    /// small repository to begin with.
    NO_ENVIRONMENTS = "no-environments", Input, Error;

    /// An app's file that makes no app exist.
    ///
    /// A file above the environments holds what they share; only a file in an
    /// environment's own directory makes the app exist there. This one's app
    /// exists in none of the environments below it, so nothing comes of it.
    ///
    /// ```text
    /// environments/cart.yaml         shared by all
    /// environments/qa/cart.yaml      makes `cart` exist in `qa`; may be empty
    /// ```
    APP_WITHOUT_LEAF = "app-without-leaf", Input, Warning;

    /// A name stands twice in a list that takes it once.
    ///
    /// ```yaml
    /// ladder: [qa, stage, qa]       # wrong
    /// ladder: [qa, stage]           # right
    /// ```
    LISTED_TWICE = "listed-twice", Input, Error;

    /// A map takes exactly one of several keys.
    ///
    /// Some settings are one thing or another, and the key says which.
    ///
    /// ```yaml
    /// access: [{ group: sre, user: ana, role: edit }]                            # wrong
    /// access: [{ group: sre, role: edit }, { user: ana, role: edit }]            # right
    /// ```
    EXACTLY_ONE = "exactly-one", Input, Error;

    /// An empty list that could mean all or nothing.
    ///
    /// To a person `ports: []` is no port, and to a `NetworkPolicy` it is every
    /// port. Leave the key out for all, and the entry for nothing.
    EMPTY_LIST = "empty-list", Input, Error;
}

/// What was loaded.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The repository.
    pub repository: Repository,
    /// What is probably wrong and stops nobody.
    pub warnings: Findings,
}

/// Reads the configuration of the repository whose files `tree` has.
///
/// # Errors
///
/// Every problem of every file, once each.
pub fn load(tree: &Tree) -> Result<Loaded, Findings> {
    load_with(Reader::new(tree))
}

/// As [`load`], with no more than some apps: what it costs does not grow with
/// the other apps' files, which are not read. [`super::Environment::apps`] has only
/// these, and [`super::Environment::app_names`] has all. A name that no app has makes
/// no difference.
///
/// # Errors
///
/// Every problem of every file but other apps'.
pub fn load_apps(tree: &Tree, apps: &BTreeSet<String>) -> Result<Loaded, Findings> {
    load_with(Reader::new(tree).only(apps))
}

fn load_with(mut reader: Reader<'_>) -> Result<Loaded, Findings> {
    let settings = repository::read(&mut reader)?;
    let root = if settings.is_adopted { None } else { environments(&mut reader) };
    let (resolved, known) = if settings.is_adopted {
        adopted::environments(settings.raw(), &mut reader.findings)
    } else {
        adopted::report_misplaced(settings.raw(), &mut reader.findings);
        native(root.as_ref(), &mut reader)
    };
    let repository = assemble(&settings, resolved, &known, &mut reader.findings);
    let findings = reader.findings.settled();
    if findings.has_errors() {
        return Err(findings);
    }
    Ok(Loaded { repository, warnings: findings })
}

/// The environments of a native repository, from its directories.
fn native<'d>(
    root: Option<&'d Directory>,
    reader: &mut Reader<'_>,
) -> (Vec<environment::Resolved>, Known<'d>) {
    let chains = root.map(chains).unwrap_or_default();
    let mut templates = Templates::new(reader.tree);
    let mut resolved = Vec::with_capacity(chains.len());
    for chain in &chains {
        resolved.push(environment::resolve(chain, &mut templates, reader));
    }
    if let Some(root) = root {
        report_apps_without_leaf(root, &mut reader.findings);
    }
    let leaves = chains.iter().filter_map(|chain| chain.last().copied()).collect();
    let known = Known { leaves: Some(leaves), ..Known::of(&resolved) };
    (resolved, known)
}

/// Puts the repository's own settings and the environments together, and asks
/// what concerns several of them.
fn assemble(
    settings: &Settings,
    resolved: Vec<environment::Resolved>,
    known: &Known<'_>,
    findings: &mut Findings,
) -> Repository {
    environment::check_skips(&resolved, known, findings);
    let after = resolved
        .iter()
        .filter_map(|one| one.after.clone().map(|after| (one.environment.name.clone(), after)));
    let ladder = ladder::resolve(settings.raw(), after.collect(), known, findings);
    let namespaces: Vec<_> = resolved.iter().flat_map(|one| &one.namespaces).collect();
    namespace::check_lengths(&namespaces, findings);
    // Of what could not be read nothing is known, and so neither is what it shares.
    if !findings.has_errors() {
        namespace::check_shared(&namespaces, findings);
    }
    let mut environments: Vec<_> = resolved.into_iter().map(|one| one.environment).collect();
    environments.sort_by(|a, b| a.name.cmp(&b.name));
    let rungs = ladder.rungs().iter().flatten().enumerate();
    let order: HashMap<_, _> = rungs.map(|(at, name)| (&name.value, at)).collect();
    environments
        .sort_by_key(|environment| order.get(&environment.name).copied().unwrap_or(usize::MAX));
    repository::resolve(settings, environments, ladder, known, findings)
}

/// The directories of `environments/`, where there are any.
fn environments(reader: &mut Reader<'_>) -> Option<Directory> {
    let path = RepoPath::root().child("environments");
    let missing = |reader: &mut Reader<'_>| {
        reader.findings.push(
            Finding::new(
                &NO_ENVIRONMENTS,
                "there are no environments",
                Location::of_path(&RepoPath::root().child("environments")),
            )
            .because("every directory here that has none in it is one")
            .help(
                "create `environments/qa/`, or let `rungs init` write a repository; in one that is \
                 laid out its own way, say with `sites` in `rungs.yaml` where image references stand",
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

fn report_apps_without_leaf(directory: &Directory, findings: &mut Findings) {
    if directory.children.is_empty() {
        return;
    }
    for (name, document) in &directory.apps {
        if !exists_below(directory, name) {
            let message = format!("no environment below `{}` has `{name}`", directory.path);
            findings.push(
                Finding::new(&APP_WITHOUT_LEAF, message, document.location())
                    .because("nothing comes of this file")
                    .help(format!(
                        "an app exists where a leaf has its file: add `{}/…/{name}.yaml`, \
                         which may be empty",
                        directory.path
                    )),
            );
        }
    }
    for child in &directory.children {
        report_apps_without_leaf(child, findings);
    }
}

fn exists_below(directory: &Directory, app: &str) -> bool {
    directory
        .children
        .iter()
        .any(|child| (child.children.is_empty() && child.has_app(app)) || exists_below(child, app))
}

/// The names that other files may use.
struct Known<'d> {
    environments: IndexSet<EnvironmentName>,
    /// The environments' own directories, whose files are the apps; none in an
    /// adopted repository, where the sites say which apps there are.
    leaves: Option<Vec<&'d Directory>>,
    /// The names of all their apps, once one was asked for: most repositories
    /// name none, and there may be thousands.
    apps: OnceCell<HashSet<&'d str>>,
    /// How many names were unknown so far. Looking for what each was meant to
    /// be takes time, so that only the first of them are reported.
    unknown: Cell<usize>,
}

impl<'d> Known<'d> {
    /// Of a repository whose apps nobody knows yet.
    fn of(resolved: &[environment::Resolved]) -> Self {
        Self {
            environments: resolved.iter().map(|one| one.environment.name.clone()).collect(),
            leaves: None,
            apps: OnceCell::new(),
            unknown: Cell::new(0),
        }
    }

    /// The names of all apps, where they are known.
    fn apps(&self) -> Option<&HashSet<&'d str>> {
        let leaves = self.leaves.as_ref()?;
        let names = || leaves.iter().flat_map(|leaf| &*leaf.app_names).map(String::as_str);
        Some(self.apps.get_or_init(|| names().collect()))
    }

    /// Whether it is known to be an app.
    fn has_app(&self, name: &str) -> bool {
        self.apps().is_some_and(|apps| apps.contains(name))
    }

    /// Whether it is an environment; reports one that is not.
    fn has(&self, name: &Sourced<EnvironmentName>, findings: &mut Findings) -> bool {
        let is_known = self.environments.contains(&name.value);
        // Where there is none, that is reported, and each name would repeat it.
        let is_told = self.environments.is_empty();
        if !is_known && !is_told && self.is_one_more() {
            let known = self.environments.iter().map(EnvironmentName::as_str);
            let (is_native, at) = (self.leaves.is_some(), name.location.clone());
            findings.push(unknown_environment(name.value.as_str(), known, is_native, at));
        }
        is_known
    }

    /// Reports an app that no environment has.
    fn check_app(&self, name: &str, at: &Location, findings: &mut Findings) {
        let Some(apps) = self.apps() else { return };
        if !apps.contains(name) && self.is_one_more() {
            let mut known: Vec<_> = apps.iter().copied().collect();
            known.sort_unstable();
            findings.push(
                Finding::new(&UNKNOWN_APP, format!("there is no app `{name}`"), at.clone())
                    .because("no environment has a file of this name")
                    .maybe_help(suggest(name, known, "the apps are")),
            );
        }
    }

    /// Counts an unknown name; whether it is to be reported.
    fn is_one_more(&self) -> bool {
        self.unknown.set(self.unknown.get() + 1);
        self.unknown.get() <= MOST_PROBLEMS
    }
}

/// The finding that a map takes exactly one of several keys.
fn exactly_one(noun: &str, keys: &str, at: &Location) -> Finding {
    Finding::new(&EXACTLY_ONE, format!("{noun} takes exactly one of {keys}"), at.clone())
        .because("none of them is here, or more than one")
}

/// The finding that a list is empty where that could mean all or nothing.
fn empty_list(key: &str, all: &str, at: &Location) -> Finding {
    Finding::new(&EMPTY_LIST, format!("`{key}` is an empty list"), at.clone())
        .because("all or nothing?")
        .help(format!("leave `{key}` out for {all}"))
}

/// Labels by key, each with its place.
fn labels(raw: Option<&Sourced<Map<LabelKey, LabelValue>>>) -> IndexMap<String, Sourced<String>> {
    let entries = raw.iter().flat_map(|map| &map.value.0);
    entries
        .map(|(key, value)| {
            let sourced =
                Sourced { value: value.value.0.clone(), location: value.location.clone() };
            (key.value.0.clone(), sourced)
        })
        .collect()
}

/// Reports what stands more than once in a list.
fn report_twice<T>(
    list: &[Sourced<T>],
    name: impl Fn(&T) -> &str,
    noun: &str,
    findings: &mut Findings,
) {
    let mut first = HashMap::new();
    let again = list.iter().filter_map(|item| match first.entry(name(&item.value)) {
        Entry::Occupied(earlier) => Some((item, *earlier.get())),
        Entry::Vacant(place) => {
            place.insert(&item.location);
            None
        }
    });
    for (item, earlier) in again.take(MOST_PROBLEMS) {
        let message = format!("the {noun} `{}` stands here twice", name(&item.value));
        findings.push(
            Finding::new(&LISTED_TWICE, message, item.location.clone())
                .because("the second time")
                .label(earlier.clone(), "the first time")
                .help("remove one of them"),
        );
    }
}
