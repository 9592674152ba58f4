//! What the files mean once every question about them is answered. These types
//! cannot be built wrong: whoever holds one needs no further check.

use std::fmt;

use indexmap::IndexMap;
use serde::{Serialize, Serializer};

use crate::source::{Location, RepoPath};
use crate::yaml::Value;

/// Something that was configured, with the place that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    /// What was said.
    pub value: T,
    /// Where.
    pub location: Location,
}

/// A whole repository's configuration.
#[derive(Debug, Clone)]
pub struct Repository {
    /// Where `render` writes, from the root.
    pub output: RepoPath,
    /// Every environment: those of the ladder from its lowest rung upwards,
    /// then the others by name.
    pub environments: Vec<Environment>,
}

/// The name of an environment: the path of its directory below `environments/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvironmentName(String);

impl EnvironmentName {
    /// From segments that are DNS labels; the caller has checked that they are.
    pub(super) fn new(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// `prod/eu`
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `prod.eu`, in branches, holds and rendered paths.
    pub fn dotted(&self) -> String {
        self.0.replace('/', ".")
    }

    /// `prod-eu`, in namespaces.
    pub fn dashed(&self) -> String {
        self.0.replace('/', "-")
    }
}

impl fmt::Display for EnvironmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for EnvironmentName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A place to deploy to.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Its name.
    pub name: EnvironmentName,
    /// Its directory.
    pub directory: RepoPath,
    /// Its own `environment.yaml`, or its directory where it has none.
    pub location: Location,
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
    /// What is deployed, by name.
    pub apps: Vec<App>,
}

/// Who may do what in an environment's namespaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Who.
    pub subject: Subject,
    /// A cluster role's name.
    pub role: String,
}

/// Who has access.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
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
    /// Its name: the stem of its file.
    pub name: String,
    /// Its file in the environment's own directory, the one that makes it exist.
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
    /// Its key where the innermost layer names it.
    pub location: Location,
    /// Its key where the outermost layer first names it.
    pub declared: Location,
}

impl Image {
    /// The whole reference: `repository:tag@digest`.
    pub fn reference(&self) -> String {
        let mut reference = self.repository.value.clone();
        if let Some(tag) = &self.tag {
            reference.push(':');
            reference.push_str(&tag.value);
        }
        if let Some(digest) = &self.digest {
            reference.push('@');
            reference.push_str(&digest.value);
        }
        reference
    }
}
