//! From the files to a repository that is whole.
//!
//! Each question that needs more than one file is asked here: which layers make
//! an app, whether a name is known, whether two namespaces are one. A problem
//! never stops the others from being found.

mod adopted;
mod app;
mod environment;
mod gates;
mod ladder;
mod namespace;
mod network;
mod repository;
mod sites;
mod template;

use std::cell::Cell;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use indexmap::{IndexMap, IndexSet};

use super::decode::{MOST_PROBLEMS, Map, suggest};
use super::files::{Directory, Reader};
use super::syntax::{LabelKey, LabelValue};
use super::{Environment, EnvironmentName, Repository, Sourced, count, joined};
use crate::diagnostic::{Code, Finding, Findings, codes};
use crate::source::{Location, ReadErrorKind, RepoPath, Tree};

use repository::Settings;
use template::Templates;

const LISTS: &[&[&Code]] = &[
    CODES,
    adopted::CODES,
    app::CODES,
    environment::CODES,
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

    /// An environment that is not there.
    ///
    /// Environments are the directories below `environments/` that have no
    /// directory in them, and are named by their path from there. A directory
    /// that only groups others, such as `prod` above `prod/eu` and `prod/us`,
    /// is none. In a repository whose `rungs.yaml` declares `sites`, the
    /// environments are those that `ladder` or `environments` names.
    ///
    /// ```yaml
    /// ladder: [qa, stgae]     # wrong
    /// ladder: [qa, stage]     # right
    /// ```
    UNKNOWN_ENVIRONMENT = "unknown-environment", Input, Error;

    /// An app that is not there.
    ///
    /// An app exists in an environment where the environment's own directory
    /// has its file, `environments/qa/guestbook.yaml`.
    UNKNOWN_APP = "unknown-app", Input, Error;

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
    let mut reader = Reader::new(tree);
    let settings = repository::read(&mut reader)?;
    let (resolved, known) = if settings.is_adopted {
        adopted::environments(settings.raw(), &mut reader.findings)
    } else {
        adopted::report_misplaced(settings.raw(), &mut reader.findings);
        native(&mut reader)
    };
    let repository = assemble(&settings, resolved, &known, &mut reader.findings);
    let findings = reader.findings.settled();
    if findings.has_errors() {
        return Err(findings);
    }
    Ok(Loaded { repository, warnings: findings })
}

/// The environments of a native repository.
fn native(reader: &mut Reader<'_>) -> (Vec<environment::Resolved>, Known) {
    let root = environments(reader);
    let chains = root.as_ref().map(chains).unwrap_or_default();
    let mut templates = Templates::new(reader.tree);
    let mut resolved = Vec::with_capacity(chains.len());
    for chain in &chains {
        resolved.push(environment::resolve(chain, &mut templates, reader));
    }
    if let Some(root) = &root {
        report_apps_without_leaf(root, &mut reader.findings);
    }
    let known = Known::of_directories(&chains, &resolved);
    (resolved, known)
}

/// Puts the repository's own settings and the environments together, and asks
/// what concerns several of them.
fn assemble(
    settings: &Settings,
    resolved: Vec<environment::Resolved>,
    known: &Known,
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
    directory.children.iter().any(|child| {
        (child.children.is_empty() && child.app_names.contains(app)) || exists_below(child, app)
    })
}

/// The names that other files may use.
struct Known {
    environments: IndexSet<EnvironmentName>,
    /// None in an adopted repository, where the sites say which there are.
    apps: Option<BTreeSet<String>>,
    /// How many names were unknown so far. Looking for what each was meant to
    /// be takes time, so that only the first of them are reported.
    unknown: Cell<usize>,
}

impl Known {
    /// Of a native repository.
    fn of_directories(chains: &[Vec<&Directory>], resolved: &[environment::Resolved]) -> Self {
        let apps = chains.iter().filter_map(|chain| chain.last()).flat_map(|leaf| &leaf.app_names);
        Self { apps: Some(apps.cloned().collect()), ..Self::of(resolved) }
    }

    /// Of a repository whose apps nobody knows yet.
    fn of(resolved: &[environment::Resolved]) -> Self {
        let environments = resolved.iter().map(|one| one.environment.name.clone()).collect();
        Self { environments, apps: None, unknown: Cell::new(0) }
    }

    /// Whether it is an environment; reports one that is not.
    fn has(&self, name: &Sourced<EnvironmentName>, findings: &mut Findings) -> bool {
        let is_known = self.environments.contains(&name.value);
        if !is_known && self.is_one_more() {
            let known = self.environments.iter().map(EnvironmentName::as_str);
            let finding = unknown_environment(
                name.value.as_str(),
                known,
                self.apps.is_some(),
                name.location.clone(),
            );
            findings.push(finding);
        }
        is_known
    }

    /// Reports an app that no environment has.
    fn check_app(&self, name: &str, at: &Location, findings: &mut Findings) {
        let Some(apps) = &self.apps else { return };
        if !apps.contains(name) && self.is_one_more() {
            let known = apps.iter().map(String::as_str);
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

/// The finding that there is no such environment.
fn unknown_environment<'a>(
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
    is_native: bool,
    at: Location,
) -> Finding {
    let is_inside =
        |known: &&str| known.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'));
    let inside = known.clone().filter(is_inside);
    let inside: Vec<_> = inside.map(|known| format!("`{known}`")).collect();
    let help = if inside.is_empty() {
        suggest(name, known, "the environments are")
    } else {
        Some(format!("it is a directory of environments: name {}", inside.join(" or ")))
    };
    let because = if is_native {
        "no directory of this name below `environments/` is an environment"
    } else {
        "neither `ladder` nor `environments` of `rungs.yaml` names it"
    };
    Finding::new(&UNKNOWN_ENVIRONMENT, format!("there is no environment `{name}`"), at)
        .because(because)
        .maybe_help(help)
}

impl Repository {
    /// The environment of that name, as a person typed it.
    ///
    /// # Errors
    ///
    /// There is none; the finding names the one that was probably meant.
    pub fn find_environment(&self, name: &str) -> Result<&Environment, Finding> {
        let name = name.trim_end_matches('/');
        let found = self.environments.iter().find(|environment| environment.name.as_str() == name);
        found.ok_or_else(|| {
            let known = self.environments.iter().map(|one| one.name.as_str());
            let at = if self.is_native() {
                Location::of_path(&RepoPath::root().child("environments"))
            } else {
                self.location.clone()
            };
            unknown_environment(name, known, self.is_native(), at)
        })
    }

    /// An environment's app, by the names that a person typed.
    ///
    /// # Errors
    ///
    /// There is no such environment, or it has no such app; the finding says
    /// where the app is, or which was probably meant.
    pub fn find_app(
        &self,
        environment: &str,
        app: &str,
    ) -> Result<(&Environment, &super::App), Finding> {
        let environment = self.find_environment(environment)?;
        if let Some(found) = environment.apps.iter().find(|one| one.name == app) {
            return Ok((environment, found));
        }
        let message = format!("there is no app `{app}` in `{}`", environment.name);
        let finding =
            Finding::new(&UNKNOWN_APP, message, Location::of_path(&environment.directory));
        Err(finding
            .because(format!("no `{app}.yaml` here"))
            .maybe_help(self.where_it_is(app, environment)))
    }

    fn where_it_is(&self, app: &str, environment: &Environment) -> Option<String> {
        let has = |one: &&Environment| one.apps.iter().any(|known| known.name == app);
        let others: Vec<_> =
            self.environments.iter().filter(has).map(|one| format!("`{}`", one.name)).collect();
        if !others.is_empty() {
            return Some(format!("it is in {}", others.join(", ")));
        }
        suggest(app, environment.apps.iter().map(|one| one.name.as_str()), "its apps are")
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
