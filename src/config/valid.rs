//! What the files mean once every question about them is answered. These types
//! cannot be built wrong: whoever holds one needs no further check.

use std::sync::Arc;

use indexmap::IndexMap;

use super::forge::Forge;
use super::gates::Gates;
use super::ladder::Ladder;
use super::network::{Calls, Network, RepositoryNetwork};
use super::policies::{Policies, Tier};
use super::raw::Selection;
use super::sites::SiteRule;
use super::sourced::Sourced;
use super::syntax::{EnvironmentName, KubernetesVersion, ValueRoute};
use crate::source::{Location, RepoPath};
use crate::yaml::Value;

/// A whole repository's configuration.
#[derive(Debug, Clone)]
pub struct Repository {
    /// `rungs.yaml`.
    pub location: Location,
    /// Where `render` writes, from the root.
    pub output: RepoPath,
    /// The Kubernetes version that manifests are checked against, where the
    /// repository names one; an environment's own is in [`Environment`].
    pub kubernetes: Option<Sourced<KubernetesVersion>>,
    /// Which environments come before which.
    pub ladder: Ladder,
    /// Where pull requests are opened.
    pub forge: Option<Forge>,
    /// Apps that are promoted together, by the train's name.
    pub trains: IndexMap<String, Train>,
    /// Which environments may reach each other.
    pub network: RepositoryNetwork,
    /// Severities and settings of rules.
    pub policies: Policies,
    /// Where references stand, in a repository that is laid out its own way;
    /// empty in a native one.
    pub sites: Vec<SiteRule>,
    /// Every environment: those of the ladder from its lowest rung upwards,
    /// then the others by name.
    pub environments: Vec<Environment>,
}

impl Repository {
    /// Whether it is laid out as rungs lays out repositories.
    pub fn is_native(&self) -> bool {
        self.sites.is_empty()
    }
}

/// Apps that are promoted together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Train {
    /// Their names, in the order of the file; each is some environment's app.
    pub apps: Vec<String>,
    /// The train's name in the file.
    pub location: Location,
}

/// A place to deploy to.
#[derive(Debug, Clone)]
pub struct Environment {
    /// The name.
    pub name: EnvironmentName,
    /// The directory; in an adopted repository the root.
    pub directory: RepoPath,
    /// How paths of sites spell its name.
    pub spelling: String,
    /// The `environment.yaml` of its own, or the directory where it has none.
    pub location: Location,
    /// What is at stake.
    pub tier: Tier,
    /// The Kubernetes version that manifests are checked against: its own, else
    /// the repository's; none where neither names one.
    pub kubernetes: Option<Sourced<KubernetesVersion>>,
    /// Which state of the environment before is promoted to it.
    pub select: Selection,
    /// Apps that need not be here to be promoted past it.
    pub skip: Vec<String>,
    /// The cluster it stands on; none where the repository has only one.
    pub cluster: Option<String>,
    /// Labels for every object of the environment.
    pub labels: IndexMap<String, Sourced<String>>,
    /// A quota's `hard` of each namespace, as Kubernetes takes it (a
    /// map); none where none is wanted.
    pub quota: Option<Value>,
    /// The limit range item of type `Container` of each namespace (`default`,
    /// `defaultRequest`, `max`, `min`…); none where none is wanted.
    pub limits: Option<Value>,
    /// Who may do what in each namespace.
    pub access: Vec<Sourced<Access>>,
    /// What rungs generates of its own.
    pub generate: Generate,
    /// Who may reach what in it.
    pub network: Network,
    /// Conditions for entering it. An app's own stand in [`App::gates`], which
    /// these are part of.
    pub gates: Gates,
    /// What is deployed, by name: all, or those that were to be loaded. Empty in
    /// an adopted repository, where sites say which apps there are.
    pub apps: Vec<App>,
    /// The names of all apps, in order, those that were not loaded included.
    pub app_names: Arc<[String]>,
}

impl Environment {
    /// An app that was loaded.
    pub fn app(&self, name: &str) -> Option<&App> {
        let at = self.apps.binary_search_by(|app| app.name.as_str().cmp(name)).ok()?;
        Some(&self.apps[at])
    }

    /// Whether an app exists in it, be it loaded or not. Nothing does in an
    /// adopted repository, as far as configuration knows.
    pub fn has_app(&self, name: &str) -> bool {
        self.app_names.binary_search_by(|one| one.as_str().cmp(name)).is_ok()
    }
}

/// Who may do what in an environment's namespaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Who.
    pub subject: AccessSubject,
    /// A cluster role's name.
    pub role: String,
}

/// Who has access.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccessSubject {
    /// A group of people, as the cluster's authentication names it.
    Group(String),
    /// A person.
    User(String),
}

/// What an environment brings by itself.
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
    /// The file in the environment's own directory, the one that makes it exist.
    pub location: Location,
    /// Where its objects live.
    pub namespace: Sourced<String>,
    /// What renders it.
    pub template: TemplateRef,
    /// By key.
    pub images: IndexMap<String, Image>,
    /// Labels for every object of the app: the environment's and its own.
    pub labels: IndexMap<String, Sourced<String>>,
    /// The merged values, a map; each node knows its file and what it overrode.
    pub values: Value,
    /// The Services that it calls.
    pub calls: Calls,
    /// Values that are promoted along with the images.
    pub promote: Vec<Sourced<ValueRoute>>,
    /// Conditions for entering the environment: the environment's and its own.
    pub gates: Gates,
    /// The merged settings besides values as the layers say them, a map; each
    /// node knows its file and what it overrode.
    pub settings: Value,
}

/// Which template an app is rendered from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateRef {
    /// The directory's name below `templates/`.
    pub name: String,
    /// The tag or commit to read it from; none for the tree at hand.
    pub pin: Option<String>,
    /// Where the app says so, or the app's file where it says nothing.
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
