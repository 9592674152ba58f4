//! A place where a reference or a promoted value stands.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::config::EnvironmentName;
use crate::kubernetes::{full_repository, image_reference};
use crate::source::{Location, REDACTED, RepoPath, SourceFile, has_password, is_secret_key};
use crate::yaml::Place;

/// A place in a file where an image reference, a git reference or a promoted
/// value stands, or may be written.
///
/// Whose it is stands with it where sites are gathered
/// ([`super::AppSites`]): one file may be read for no environment at all.
#[derive(Debug, Clone)]
pub struct Site {
    /// What pairs it with the sites of other environments.
    pub key: Key,
    /// A longer name, which is the key's where the short one means two images
    /// of the app.
    pub qualified: Option<String>,
    /// The app that a marker names; none where the rule or the path does.
    pub app: Option<String>,
    /// What it says; none where it may say something and does not yet.
    pub said: Option<SiteValue>,
    /// Where, for people.
    pub location: Location,
    /// The file that the parts are in. What a native app says may stand in an
    /// outer file, which `location` shows; it is changed in the app's own.
    pub file: Arc<SourceFile>,
    /// The scalars that say it.
    pub parts: Vec<SitePart>,
    /// Whether a promotion adds a digest where it has none.
    pub adds_digest: bool,
    /// How one of its parts is made to say nothing.
    pub unsaid: Unsaid,
    /// Why it must not be changed here.
    pub barrier: Option<Barrier>,
}

impl Site {
    /// Whether it is an image.
    pub fn is_image(&self) -> bool {
        matches!(self.key, Key::Image(_))
    }

    /// The image that it says.
    pub fn image(&self) -> Option<&ImageParts> {
        match &self.said {
            Some(SiteValue::Image(image)) => Some(image),
            _ => None,
        }
    }

    /// Registry and path of its image, as written; of one that may be inserted,
    /// the image that it would be.
    pub fn repository(&self) -> Option<&str> {
        let inserted = || self.part(SitePartKind::Item).map(|part| part.text.as_str());
        self.image().and_then(|image| image.repository.as_deref()).or_else(inserted)
    }

    /// Whether an image of that repository is the one that the site takes,
    /// however the registry is written.
    pub(super) fn takes_repository(&self, repository: &str) -> bool {
        self.repository().is_none_or(|own| full_repository(own) == full_repository(repository))
    }

    /// The part of that kind.
    pub(super) fn part(&self, kind: SitePartKind) -> Option<&SitePart> {
        self.parts.iter().find(|part| part.kind == kind)
    }
}

/// How a part of a reference is made to say nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsaid {
    /// Its key goes.
    Removed,
    /// It says nothing at all, as charts have it.
    Empty,
    /// It is null, because what outer files say would hold otherwise.
    Null,
}

/// Why a site can be read and not be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Barrier {
    /// A symbolic link of that path leads to its file.
    Link(RepoPath),
    /// Its file says it for several environments.
    Shared(Vec<EnvironmentName>),
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

    /// The same kind of key with another name.
    pub(super) fn renamed(&self, name: String) -> Self {
        match self {
            Self::Image(_) => Self::Image(name),
            Self::Git(_) => Self::Git(name),
            Self::Version(_) => Self::Version(name),
            Self::Value(_) => Self::Value(name),
        }
    }

    /// What a person calls what it names.
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Image(_) => "image",
            Self::Git(_) => "git reference",
            Self::Version(_) => "version",
            Self::Value(_) => "value",
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
pub enum SiteValue {
    /// An image.
    Image(ImageParts),
    /// A git tag or commit, or a version.
    Revision(String),
    /// A range of versions or a branch, which names something else tomorrow:
    /// no part of a state, and never copied.
    Moving(String),
    /// A value, as [`crate::yaml::emit`] writes it.
    Value(String),
}

impl SiteValue {
    /// Whether it is a promoted value that looks like a secret: by the last key
    /// of its route, by a key inside it, or as an address with a password.
    pub fn is_secret(&self, key: &Key) -> bool {
        let (Key::Value(route), Self::Value(yaml)) = (key, self) else { return false };
        let last = route.rsplit(['.', '[']).next().unwrap_or_default();
        is_secret_key(last.trim_end_matches([']', '"']))
            || has_password(yaml)
            || yaml.lines().any(holds_secret)
    }

    /// The same as it may be shown: what looks like a secret is masked.
    pub fn shown(&self, key: &Key) -> Cow<'_, Self> {
        if self.is_secret(key) {
            Cow::Owned(Self::Value(REDACTED.to_owned()))
        } else {
            Cow::Borrowed(self)
        }
    }
}

/// Whether a line of emitted YAML gives a secret's key something that is more
/// than on or off. A line of a longer text that looks like one counts as well:
/// masking too much is the lesser harm.
fn holds_secret(line: &str) -> bool {
    let Some((key, value)) = line.trim_start_matches([' ', '-']).split_once(':') else {
        return false;
    };
    let is_switch = ["true", "false", "null", "~"].contains(&value.trim());
    is_secret_key(key.trim_matches(['"', '\''])) && !is_switch
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

impl fmt::Display for SiteValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(image) => image.fmt(f),
            Self::Revision(text) | Self::Moving(text) => f.write_str(text),
            Self::Value(yaml) => f.write_str(yaml.trim_end()),
        }
    }
}

/// One scalar of a site, or where it would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitePart {
    /// What of the reference it holds.
    pub kind: SitePartKind,
    /// The scalar; where it is not there yet, the place that its key would have.
    pub at: Place,
    /// Whether it is there.
    pub is_there: bool,
    /// What the scalar says; where it is not there, what holds in its place and
    /// has to be said along with it, which may be nothing.
    pub text: String,
}

/// What of a reference a scalar holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SitePartKind {
    /// All of it: `repository:tag@digest`, perhaps with `name=` before it, as
    /// Argo CD takes it.
    Reference,
    /// Registry and path.
    Repository,
    /// The tag, perhaps with `@` and a digest behind it, as charts take it.
    Tag,
    /// The digest.
    Digest,
    /// An item of a list of images as kustomize takes it; the list is the place,
    /// and the image's name the text.
    Item,
    /// An address with `?ref=` or `?version=` in it.
    Address,
    /// A template's name with `@` and a tag or commit.
    Pin,
    /// The id of a git commit alone.
    Commit,
    /// A git reference or a version alone.
    Revision,
    /// A promoted value.
    Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promoted_value_is_a_secret_by_its_key_or_by_what_is_in_it() {
        let is_secret = |route: &str, yaml: &str| {
            SiteValue::Value(yaml.to_owned()).is_secret(&Key::Value(route.to_owned()))
        };
        assert!(is_secret("values.password", "x"));
        assert!(is_secret("values[\"api-token\"]", "x"));
        assert!(is_secret("values.database", "postgres://me:pw@host/db"));
        assert!(is_secret("values.db", "name: shop\ncredentials:\n  user: a\n"));
        assert!(is_secret("values.db", "- name: shop\n  \"password\": x\n"));
        assert!(!is_secret("values.db", "secretName: shop\npassword: false\n"));
        assert!(!is_secret("values.flags", "beta: true\n"));
    }
}
