//! What the files mean once they are checked. These types cannot be built wrong, so
//! their users need no further check.

use std::sync::Arc;

use indexmap::IndexMap;

use super::app_layers::AppLayers;
use super::forge::Forge;
use super::gates::Gates;
use super::known::Waves;
use super::ladder::Ladder;
use super::mirrors::Mirrors;
use super::network::{Calls, Network, RepositoryNetwork};
use super::policies::{Policies, Tier};
use super::raw::Selection;
use super::sites::SiteRule;
use super::sourced::Sourced;
use super::syntax::{EnvironmentName, KubernetesVersion, PathPattern, RetagPattern, ValueRoute};
use super::worker::WorkerSettings;
use crate::source::{Location, RepoPath};
use crate::yaml::Value;

/// A whole repository's configuration.
#[derive(Debug, Clone)]
pub struct Repository {
    /// `rungs.yaml`.
    pub location: Location,
    /// The directory that `render` writes, from the root.
    pub output: RepoPath,
    /// The Kubernetes version that manifests are checked against, if the repository
    /// names one; an environment's own is in [`Environment`].
    pub kubernetes: Option<Sourced<KubernetesVersion>>,
    /// The order of the environments.
    pub ladder: Ladder,
    /// Where pull requests are opened.
    pub forge: Option<Forge>,
    /// Apps that are promoted together, by the train's name.
    pub trains: IndexMap<String, Train>,
    /// Which repositories hold the same images.
    pub mirrors: Mirrors,
    /// Which environments may reach each other.
    pub network: RepositoryNetwork,
    /// Severities and settings of rules.
    pub policies: Policies,
    /// How much rendering may take.
    pub worker: WorkerSettings,
    /// Where image references are, in an adopted repository; empty in a native one.
    pub sites: Vec<SiteRule>,
    /// Every environment: those of the ladder from its lowest rung upwards,
    /// then the others by name.
    pub environments: Vec<Environment>,
    /// The clusters of each environment that has several, by wave.
    pub(super) waves: Waves,
}

impl Repository {
    /// Whether a file may say something of the configuration or of what is deployed.
    pub fn may_read(&self, path: &RepoPath) -> bool {
        let is_settings = path.as_str() == "rungs.yaml" || path.as_str().starts_with(".rungs/");
        let mut directories = ["environments", "templates"].into_iter();
        is_settings
            || if self.is_native() {
                directories.any(|name| path.is_within(&RepoPath::root().child(name)))
            } else {
                let mut pairs = self
                    .environments
                    .iter()
                    .flat_map(|environment| self.sites.iter().map(move |rule| (environment, rule)));
                pairs.any(|(environment, rule)| environment.has_file(rule, path))
            }
    }

    /// Whether it has the layout of rungs.
    pub fn is_native(&self) -> bool {
        self.sites.is_empty()
    }
}

/// Apps that are promoted together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Train {
    /// Their names, in the order of the file; each is the app of some environment.
    pub apps: Vec<String>,
    /// The train's name in the file.
    pub location: Location,
}

/// A place to deploy to.
#[derive(Debug, Clone)]
pub struct Environment {
    /// The name.
    pub name: EnvironmentName,
    /// The directory; in an adopted repository, the root.
    pub directory: RepoPath,
    /// Its name in paths of sites.
    pub spelling: String,
    /// Its own `environment.yaml`, or its directory if it has none.
    pub location: Location,
    /// How much is at stake.
    pub tier: Tier,
    /// The Kubernetes version that manifests are checked against: its own, else the
    /// repository's; none if neither names one.
    pub kubernetes: Option<Sourced<KubernetesVersion>>,
    /// Which state of the previous environment is promoted to it.
    pub select: Selection,
    /// Apps that may be promoted past it without being in it.
    pub skip: Vec<Sourced<String>>,
    /// The tag that a promotion writes; none for that of the environment below.
    pub retag: Option<Sourced<RetagPattern>>,
    /// Apps that begin in it although environments come before it: no environment below
    /// has to have them.
    pub enters: Vec<Sourced<String>>,
    /// The cluster that it runs on; none if the repository has only one.
    pub cluster: Option<String>,
    /// The environment of which it is one cluster of several; none if it is one by itself.
    pub group: Option<EnvironmentName>,
    /// Labels for every object of the environment.
    pub labels: IndexMap<String, Sourced<String>>,
    /// The `hard` of each namespace's quota, a map as Kubernetes takes it; none for no
    /// quota.
    pub quota: Option<Value>,
    /// The limit range item of type `Container` of each namespace (`default`,
    /// `defaultRequest`, `max`, `min`…); none for no limit range.
    pub limits: Option<Value>,
    /// Who may do what in each namespace.
    pub access: Vec<Sourced<Access>>,
    /// What rungs generates.
    pub generate: Generate,
    /// The traffic that is allowed in it.
    pub network: Network,
    /// Conditions for entering it. They are part of [`App::gates`], which has an app's
    /// own as well.
    pub gates: Gates,
    /// Its apps by name: all, or those that were to be loaded. Empty in an adopted
    /// repository, where sites say which apps there are.
    pub apps: Vec<App>,
    /// The names of all apps, in order, including those that were not loaded.
    pub app_names: Arc<[String]>,
}

impl Environment {
    /// An app that was loaded.
    pub fn app(&self, name: &str) -> Option<&App> {
        let at = self.apps.binary_search_by(|app| app.name.as_str().cmp(name)).ok()?;
        Some(&self.apps[at])
    }

    /// Whether a setting that names an environment is about it: by its name, or by that of
    /// the environment of which it is a cluster.
    pub fn is_called(&self, name: &EnvironmentName) -> bool {
        self.name == *name || self.group.as_ref() == Some(name)
    }

    /// Whether a path leads to a file of it that an entry of `sites` means.
    pub fn has_file(&self, rule: &SiteRule, path: &RepoPath) -> bool {
        let is_of = rule.environment.as_ref().is_none_or(|name| self.is_called(name));
        let matches = |pattern: &Sourced<PathPattern>| {
            let files = pattern.value.of_environment(&self.spelling, self.cluster.as_deref());
            files.is_some_and(|files| files.captures(path).is_some())
        };
        is_of && matches(&rule.path) && !rule.exclude.iter().any(matches)
    }

    /// Whether a path names it: as its spelling in a directory's or a file's name, or in a
    /// part of one (`values-prod.yaml`).
    pub fn is_spelled_in(&self, path: &RepoPath) -> bool {
        let is_end = |char: Option<char>| char.is_none_or(|char| "/-_.".contains(char));
        path.as_str().match_indices(&self.spelling).any(|(at, _)| {
            let before = path.as_str()[..at].chars().next_back();
            let after = path.as_str()[at + self.spelling.len()..].chars().next();
            is_end(before) && is_end(after)
        })
    }

    /// Whether an app exists in it, loaded or not. In an adopted repository none does,
    /// as far as the configuration knows.
    pub fn has_app(&self, name: &str) -> bool {
        self.app_names.binary_search_by(|one| one.as_str().cmp(name)).is_ok()
    }
}

/// Who may do what in an environment's namespaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The person, group or service account.
    pub subject: AccessSubject,
    /// What they may do.
    pub role: AccessRole,
}

/// What somebody with access may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessRole {
    /// What the cluster role with that name says.
    Cluster(String),
    /// What these rules say. There is at least one.
    Rules(Vec<AccessRule>),
}

/// A rule of a `Role`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRule {
    /// The groups of the resources; empty for the core group.
    pub api_groups: Vec<String>,
    /// The resources.
    pub resources: Vec<String>,
    /// What may be done with them.
    pub verbs: Vec<String>,
    /// The names of the only objects; empty for all.
    pub resource_names: Vec<String>,
}

/// Who has access.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccessSubject {
    /// A group of people, as the cluster's authentication names it.
    Group(String),
    /// A person.
    User(String),
    /// A service account, in the namespace that the access is to unless it names one.
    ServiceAccount {
        /// Its namespace.
        namespace: Option<String>,
        /// Its name.
        name: String,
    },
}

/// What rungs generates for an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generate {
    /// Namespaces, quota, limits and access.
    pub namespaces: bool,
    /// Network policies.
    pub network: bool,
}

/// What is deployed as one unit in one environment.
#[derive(Debug, Clone)]
pub struct App {
    /// The name: the stem of the file.
    pub name: String,
    /// The file in the environment's own directory that makes it exist.
    pub location: Location,
    /// The namespace of its objects.
    pub namespace: Sourced<String>,
    /// The template that renders it.
    pub template: TemplateRef,
    /// Its images by key.
    pub images: IndexMap<String, Image>,
    /// Labels for every object of the app: the environment's and its own.
    pub labels: IndexMap<String, Sourced<String>>,
    /// The Services that it calls.
    pub calls: Calls,
    /// Values that are promoted along with the images.
    pub promote: Vec<Sourced<ValueRoute>>,
    /// Conditions for entering the environment: the environment's and its own.
    pub gates: Arc<Gates>,
    /// The files that all of this comes from.
    pub(super) layers: AppLayers,
}

impl App {
    /// The merged values, a map; each node knows its file and what it overrode.
    pub fn values(&self) -> &Value {
        self.layers.values()
    }

    /// The merged settings without values, a map; each node knows its file and what it
    /// overrode.
    pub fn settings(&self) -> &Value {
        self.layers.settings()
    }
}

/// Which template an app is rendered from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateRef {
    /// The directory's name below `templates/`.
    pub name: String,
    /// The tag or commit to read it from; none for the tree that is being read.
    pub pin: Option<String>,
    /// The place of the setting, or the app's file if it is not set.
    pub location: Location,
}

/// An image that an app deploys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Registry and repository.
    pub repository: Sourced<String>,
    /// Tag.
    pub tag: Option<Sourced<String>>,
    /// Digest, `sha256:` and 64 hexadecimal digits.
    pub digest: Option<Sourced<String>>,
    /// The key where the innermost layer names it.
    pub location: Location,
    /// The key where the outermost layer first names it.
    pub declared: Location,
}
