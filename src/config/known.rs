//! The names of environments and apps that other settings may use.

use std::cell::{Cell, OnceCell};
use std::collections::HashSet;

use indexmap::{IndexMap, IndexSet};

use super::decode::{MOST_PROBLEMS, suggest};
use super::sourced::Sourced;
use super::syntax::EnvironmentName;
use crate::diagnostic::{Finding, Findings, codes, nearest};
use crate::source::Location;

codes! {
    /// There is no such environment.
    ///
    /// Environments are the directories below `environments/` that have no
    /// directory in them, and are named by their path from there. A directory
    /// that only groups others, such as `prod` above `prod/eu` and `prod/us`,
    /// is not one. In a repository whose `rungs.yaml` declares `sites`, the
    /// environments are those that `ladder` or `environments` names.
    ///
    /// ```yaml
    /// ladder: [qa, stgae]     # wrong
    /// ladder: [qa, stage]     # right
    /// ```
    UNKNOWN_ENVIRONMENT = "unknown-environment", Input, Error;

    /// There is no such app.
    ///
    /// An app exists in an environment where the environment's own directory
    /// has its file, `environments/qa/guestbook.yaml`.
    UNKNOWN_APP = "unknown-app", Input, Error;
}

/// The clusters of environments that have several, by wave.
pub(super) type Waves = IndexMap<EnvironmentName, Vec<Vec<EnvironmentName>>>;

/// The names that other files may use.
pub(super) struct Known<'d> {
    pub(super) environments: IndexSet<EnvironmentName>,
    /// The names of each environment's apps; none in an adopted repository,
    /// where the sites say which apps there are.
    apps_of: Option<Vec<&'d [String]>>,
    /// The names of all their apps, collected when a setting first names an app: most
    /// settings never do, and there may be thousands of apps.
    apps: OnceCell<HashSet<&'d str>>,
    /// The clusters of each environment that has several.
    pub(super) waves: Waves,
    /// How many names were unknown so far. It takes time to find what each was meant
    /// to be, so only the first are reported.
    unknown: Cell<usize>,
}

impl<'d> Known<'d> {
    /// The names of a repository with these environments; `apps_of` are the names
    /// of each one's apps, if they are known.
    pub(super) fn new(
        environments: impl IntoIterator<Item = EnvironmentName>,
        apps_of: Option<Vec<&'d [String]>>,
    ) -> Self {
        Self {
            environments: environments.into_iter().collect(),
            apps_of,
            apps: OnceCell::new(),
            waves: Waves::new(),
            unknown: Cell::new(0),
        }
    }

    /// The same, with environments that have several clusters.
    pub(super) fn with_waves(self, waves: Waves) -> Self {
        Self { waves, ..self }
    }

    /// The clusters of an environment by wave, if it has several.
    pub(super) fn waves(&self, name: &EnvironmentName) -> Option<&[Vec<EnvironmentName>]> {
        self.waves.get(name).map(Vec::as_slice)
    }

    /// The names of all apps, if they are known.
    fn apps(&self) -> Option<&HashSet<&'d str>> {
        let apps_of = self.apps_of.as_ref()?;
        let names = || apps_of.iter().copied().flatten().map(String::as_str);
        Some(self.apps.get_or_init(|| names().collect()))
    }

    /// Whether it is known to be an app.
    pub(super) fn has_app(&self, name: &str) -> bool {
        self.apps().is_some_and(|apps| apps.contains(name))
    }

    /// Whether it is an environment; reports one that is not.
    pub(super) fn has(&self, name: &Sourced<EnvironmentName>, findings: &mut Findings) -> bool {
        let is_known =
            self.environments.contains(&name.value) || self.waves.contains_key(&name.value);
        // That there are no environments is reported, and each name would repeat it.
        let is_told = self.environments.is_empty();
        if !is_known && !is_told && self.is_one_more() {
            let known = self.environments.iter().map(EnvironmentName::as_str);
            let (is_native, at) = (self.apps_of.is_some(), name.location.clone());
            findings.push(unknown_environment(name.value.as_str(), known, is_native, at));
        }
        is_known
    }

    /// Reports an app that no environment has.
    pub(super) fn check_app(&self, name: &str, at: &Location, findings: &mut Findings) {
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

    /// Counts an unknown name. Returns whether to report it.
    fn is_one_more(&self) -> bool {
        self.unknown.set(self.unknown.get() + 1);
        self.unknown.get() <= MOST_PROBLEMS
    }
}

/// The finding that there is no such environment.
pub(super) fn unknown_environment<'a>(
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
    is_native: bool,
    at: Location,
) -> Finding {
    let is_inside =
        |known: &&str| known.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'));
    let inside = known.clone().filter(is_inside);
    let inside: Vec<_> = inside.map(|known| format!("`{known}`")).collect();
    // One that has several clusters is meant by its own name.
    let groups = known.clone().filter_map(|known| Some(known.split_once('/')?.0));
    let group = nearest(name, groups)
        .filter(|_| !is_native && inside.is_empty() && nearest(name, known.clone()).is_none());
    let help = if let Some(group) = group {
        Some(format!("did you mean `{group}`?"))
    } else if inside.is_empty() {
        suggest(name, known, "the environments are")
    } else {
        let names = inside.join(" or ");
        Some(if is_native {
            format!("it is a directory of environments: name {names}")
        } else {
            format!("it has several clusters: name {names}")
        })
    };
    let is_group = !is_native && !inside.is_empty();
    let because = if is_group {
        "each of its clusters is an environment of its own"
    } else if is_native {
        "no directory of this name below `environments/` is an environment"
    } else {
        "neither `ladder` nor `environments` of `rungs.yaml` names it"
    };
    Finding::new(&UNKNOWN_ENVIRONMENT, format!("there is no environment `{name}`"), at)
        .because(because)
        .maybe_help(help)
}
