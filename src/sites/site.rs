//! A place where a reference or a promoted value stands.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::config::EnvironmentName;
use crate::kubernetes::image_reference;
use crate::source::{Location, RepoPath};
use crate::yaml::Place;

/// A place in a file where an image reference, a git reference or a promoted
/// value stands.
#[derive(Debug, Clone)]
pub struct Site {
    /// The environment that it is of.
    pub environment: EnvironmentName,
    /// The app that it is of.
    pub app: String,
    /// What pairs it with the sites of other environments.
    pub key: Key,
    /// What it says.
    pub said: Said,
    /// Where, for people; in a native repository perhaps an outer layer.
    pub location: Location,
    /// The file that the parts are in.
    pub path: RepoPath,
    /// The scalars that say it, or would.
    pub parts: Vec<Part>,
    /// Whether a promotion adds a digest where it has none.
    pub adds_digest: bool,
}

/// What pairs the sites of two environments: no file, line or index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// An image: its key in a native file, kustomize's `name`, the container's
    /// name, the route, or the policy's name.
    Image(String),
    /// A git reference: the repository's address without the reference, or the
    /// source's name.
    Git(String),
    /// A chart's or another version.
    Version(String),
    /// A promoted value: its route.
    Value(String),
}

impl Key {
    /// The name without the kind.
    pub fn name(&self) -> &str {
        match self {
            Self::Image(name) | Self::Git(name) | Self::Version(name) | Self::Value(name) => name,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What a site says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Said {
    /// An image.
    Image(ImageParts),
    /// A git tag, commit or branch, or a version.
    Revision(String),
    /// A value, as [`crate::yaml::emit`] writes it.
    Value(String),
}

/// An image as a site says it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub struct ImageParts {
    /// Registry and path, as written; none where the site leaves it to others.
    pub repository: Option<String>,
    /// The tag.
    pub tag: Option<String>,
    /// The digest with its algorithm.
    pub digest: Option<String>,
}

impl ImageParts {
    /// What is deployed: the digest where there is one, else the tag.
    pub fn identity(&self) -> Option<&str> {
        self.digest.as_deref().or(self.tag.as_deref())
    }
}

impl fmt::Display for ImageParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let repository = self.repository.as_deref().unwrap_or_default();
        f.write_str(&image_reference(repository, self.tag.as_deref(), self.digest.as_deref()))
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(image) => image.fmt(f),
            Self::Revision(text) => f.write_str(text),
            Self::Value(yaml) => f.write_str(yaml.trim_end()),
        }
    }
}

/// One scalar of a site, or where it would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What of the reference it holds.
    pub form: Form,
    /// The scalar; where it is not there yet, the place that its key would have.
    pub at: Place,
    /// Whether it is there.
    pub is_there: bool,
}

/// What of a reference a scalar holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// All of it: `repository:tag@digest`.
    Reference,
    /// Registry and path.
    Repository,
    /// The tag, perhaps with `@` and a digest behind it, as charts take it.
    Tag,
    /// The digest.
    Digest,
    /// An address with `?ref=` or `?version=` in it.
    Address,
    /// A git reference or a version alone.
    Revision,
    /// A promoted value.
    Value,
}
