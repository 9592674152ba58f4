//! A place that has a reference or a promoted value.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::config::{EnvironmentName, Mirrors};
use crate::diagnostic::Finding;
use crate::kubernetes::{full_repository, image_reference};
use crate::source::{
    Location, REDACTED, RepoPath, SourceFile, Span, is_secret_key, without_credentials,
};
use crate::yaml::{
    Node, Place, Route, Step, emit_as_written, is_secret_text, leads_to_secret, misread, shown,
};

/// A place in a file that has an image reference, a git reference or a promoted
/// value, or may get one.
///
/// Its app and environment are in [`super::AppSites`]: a file may be read for no
/// environment at all.
#[derive(Debug, Clone)]
pub struct Site {
    /// The key that pairs it with the sites of other environments.
    pub key: Key,
    /// A longer name, which becomes the key if the short one stands for two
    /// images of the app.
    pub qualified: Option<String>,
    /// The app that a marker names; none if the rule or the path names it.
    pub app: Option<String>,
    /// Its value; none if it may get one and does not have one yet.
    pub value: Option<SiteValue>,
    /// The place that people are shown.
    pub location: Location,
    /// The file that the parts are in. The value of a native app may come from an
    /// outer file, which `location` shows; it is changed in the app's own file.
    pub file: Arc<SourceFile>,
    /// The scalars that hold the value.
    pub parts: Vec<SitePart>,
    /// Whether a promotion adds a digest if it has none.
    pub adds_digest: bool,
    /// How one of its parts is removed.
    pub removal: Removal,
    /// The reason why it must not be changed here.
    pub barrier: Option<Barrier>,
    /// Whether the configuration says that it is meant to be a range, or in a file that
    /// several environments share.
    pub is_as_meant: bool,
}

impl Site {
    /// Whether it is an image that has a tag or a digest here, or has a place for one.
    pub fn is_image(&self) -> bool {
        matches!(self.key, Key::Image(_)) && self.takes_version()
    }

    /// Whether it has a version, or a place for one, and does not only say where something
    /// comes from.
    pub(super) fn takes_version(&self) -> bool {
        let is_place = |part: &SitePart| part.kind != SitePartKind::Repository;
        !self.value.as_ref().is_some_and(SiteValue::is_repository)
            || self.parts.iter().any(is_place)
    }

    /// Its value, if that says more than where something comes from.
    pub fn version(&self) -> Option<&SiteValue> {
        self.value.as_ref().filter(|value| !value.is_repository())
    }

    /// Its image.
    pub fn image(&self) -> Option<&ImageParts> {
        match &self.value {
            Some(SiteValue::Image(image)) => Some(image),
            _ => None,
        }
    }

    /// Registry and path of its image, as written; those of the image that may be
    /// inserted if there is none yet.
    pub fn repository(&self) -> Option<&str> {
        let inserted = || {
            let named = self.part(SitePartKind::Item);
            let named = named.or_else(|| self.part(SitePartKind::Repository));
            named.map(|part| part.text.as_str()).filter(|_| self.value.is_none())
        };
        match (&self.key, &self.value) {
            (Key::Image(_), Some(SiteValue::Repository(repository))) => Some(repository),
            _ => self.image().and_then(|image| image.repository.as_deref()).or_else(inserted),
        }
    }

    /// Whether its image is of that repository, however the registry is written,
    /// or may be.
    pub(super) fn takes_repository(&self, repository: &str) -> bool {
        self.repository().is_none_or(|own| full_repository(own) == full_repository(repository))
    }

    /// Whether its tag or revision is a text to whoever reads the file: in quotes, or not to
    /// be mistaken for a number.
    pub fn is_text(&self) -> bool {
        let is_name = |kind| {
            use SitePartKind::{BareDigest, Commit, Digest, Pin, Revision, Tag};
            matches!(kind, BareDigest | Commit | Digest | Pin | Revision | Tag)
        };
        let mut parts = self.parts.iter().filter(|part| part.is_there && is_name(part.kind));
        parts.any(|part| part.reading == Reading::Text)
    }

    /// The finding that it is deployed as something else than its file spells; none if it
    /// is not. A promoted value means what it is read as.
    pub fn misread(&self) -> Option<Finding> {
        let is_misread =
            |part: &&SitePart| part.reading == Reading::Misread && part.kind != SitePartKind::Value;
        let part = self.parts.iter().find(is_misread)?;
        Some(misread(&Location::new(&self.file, part.written?), &part.text))
    }

    /// The part that holds the digest, in whichever form.
    pub(super) fn digest_part(&self) -> Option<&SitePart> {
        self.part(SitePartKind::Digest).or_else(|| self.part(SitePartKind::BareDigest))
    }

    /// The part of that kind.
    pub(super) fn part(&self, kind: SitePartKind) -> Option<&SitePart> {
        self.parts.iter().find(|part| part.kind == kind)
    }
}

/// How a part of a reference is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// Its key is removed.
    Key,
    /// Its text becomes empty, as charts have it.
    Empty,
    /// It becomes null, because an outer file would set it otherwise.
    Null,
}

/// Why a site can be read but not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Barrier {
    /// The file is read through the symbolic link at that path.
    Link(RepoPath),
    /// Its file belongs to several environments.
    Shared(Vec<EnvironmentName>),
    /// Its tag or digest may be at one of these keys beside it.
    Unclear(Vec<String>),
}

/// What pairs the sites of two environments. It contains no file, line or index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// An image: its key in a native file, kustomize's `name`, the container's
    /// name, the route, or the policy's name.
    Image(String),
    /// A git reference: the repository's address without the reference, or the
    /// source's name.
    Git(String),
    /// The version of a chart or of something else: the chart's name, the
    /// object's, or the route.
    Version(String),
    /// A promoted value: its route.
    Value(String),
    /// The commit that an app's template is pinned to.
    TemplatePin,
}

impl Key {
    /// The key of a repository's address, which is written down where the address is
    /// not, and therefore has no password.
    pub(super) fn git(address: &str) -> Self {
        Self::Git(without_credentials(address).into_owned())
    }

    /// Whether it is the pin of a template. A template that is pinned in one of two
    /// environments alone neither moves nor counts.
    pub fn is_template_pin(&self) -> bool {
        *self == Self::TemplatePin
    }

    /// The name without the kind.
    pub fn name(&self) -> &str {
        match self {
            Self::Image(name) | Self::Git(name) | Self::Version(name) | Self::Value(name) => name,
            Self::TemplatePin => "template",
        }
    }

    /// The same kind of key with another name.
    pub(super) fn renamed(&self, name: String) -> Self {
        match self {
            Self::Image(_) => Self::Image(name),
            Self::Git(_) => Self::Git(name),
            Self::Version(_) => Self::Version(name),
            Self::Value(_) => Self::Value(name),
            Self::TemplatePin => Self::TemplatePin,
        }
    }

    /// The word for the kind of thing that it names.
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Image(_) => "image",
            Self::Git(_) | Self::TemplatePin => "git reference",
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

/// The value of a site.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SiteValue {
    /// An image.
    Image(ImageParts),
    /// The repository of an image, whose tag and digest another file has. It stays when a
    /// version is promoted, and a change of it is a change of what runs.
    Repository(String),
    /// A git tag or commit, or a version.
    Revision(RevisionParts),
    /// A range of versions or a branch, which names something else tomorrow. It
    /// is not part of a state, and is never copied.
    Moving(RevisionParts),
    /// A value, as [`crate::yaml::emit_as_written`] writes it.
    Value(String),
    /// The same, where what is around it in its file says that it is a secret: the object
    /// is a Secret, or the value is that of a variable with the name of one.
    Secret(String),
}

impl SiteValue {
    /// Whether it is a range or a branch, which is another version tomorrow.
    pub fn moves(&self) -> bool {
        matches!(self, Self::Moving(_))
    }

    /// Whether it only says where something comes from.
    pub fn is_repository(&self) -> bool {
        matches!(self, Self::Repository(_))
    }

    /// Whether it is a promoted value that looks like a secret: by what is around it in
    /// its file, by a name in its route, by a key inside it, or because it gives access.
    pub fn is_secret(&self, key: &Key) -> bool {
        match (key, self) {
            (_, Self::Secret(_)) => true,
            (Key::Value(route), Self::Value(yaml)) => is_secret_value(route, yaml),
            _ => false,
        }
    }

    /// The promoted value at a place of a document, in YAML.
    pub(super) fn promoted(root: Node<'_>, route: &Route, node: Node<'_>) -> Self {
        let yaml = emit_as_written(node);
        if leads_to_secret(Some(root), route) && shown(node, true).1 {
            Self::Secret(yaml)
        } else {
            Self::Value(yaml)
        }
    }

    /// The YAML of a promoted value.
    pub fn yaml(&self) -> Option<&str> {
        match self {
            Self::Value(yaml) | Self::Secret(yaml) => Some(yaml),
            Self::Image(_) | Self::Repository(_) | Self::Revision(_) | Self::Moving(_) => None,
        }
    }

    /// The value as it may be shown: one that looks like a secret is masked.
    pub fn shown(&self, key: &Key) -> Cow<'_, Self> {
        if self.is_secret(key) {
            Cow::Owned(Self::Value(REDACTED.to_owned()))
        } else {
            Cow::Borrowed(self)
        }
    }
}

/// Whether the value at a route looks like a secret. `yaml` is the value in YAML, or
/// its text if it is a scalar.
pub fn is_secret_value(route: &str, yaml: &str) -> bool {
    let masked = match Route::parse(route) {
        Ok(route) => leads_to_secret(None, &route),
        Err(_) => is_secret_key(route),
    };
    is_secret_text(yaml, masked)
}

/// A reference that is written down somewhere, such as in a hold, as it may be shown:
/// without a secret, and without the user before an image's host. What it is of need not be
/// known, and an image may be called `token`: a text without a blank is no file of secrets.
pub fn shown_reference(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_whitespace) {
        return if is_secret_text(text, false) { REDACTED.into() } else { text.into() };
    }
    let user = text.rfind('/').and_then(|path| text[..path].rfind('@'));
    match user {
        // An address with a scheme has a slash before it.
        Some(at) if text[..at].contains(':') && !text[..at].contains('/') => text[at + 1..].into(),
        _ => text.into(),
    }
}

/// The image of a site, in parts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub struct ImageParts {
    /// Registry and path, as written; none if another file has them.
    pub repository: Option<String>,
    /// The tag.
    pub tag: Option<String>,
    /// The digest with its algorithm.
    pub digest: Option<String>,
}

impl ImageParts {
    /// What is deployed: the digest if there is one, else the tag.
    pub fn identity(&self) -> Option<&str> {
        self.digest.as_deref().or(self.tag.as_deref())
    }

    /// Whether both come from one repository, however the registry is written.
    pub fn has_repository_of(&self, other: &Self) -> bool {
        let full = |image: &Self| image.repository.as_deref().map(full_repository);
        full(self) == full(other)
    }
}

/// The revision or version of a source, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RevisionParts {
    /// The address of a git repository, or of a chart with its name, in one form for all ways
    /// to write it; a chart's name alone if an object has the address. None if the key is
    /// it.
    pub repository: Option<String>,
    /// The kind and the name of the object that has the address.
    pub object: Option<String>,
    /// The git tag or commit, the version, or the range.
    pub revision: String,
}

impl RevisionParts {
    /// A revision of which nothing else is known.
    pub fn new(revision: impl Into<String>) -> Self {
        Self { repository: None, object: None, revision: revision.into() }
    }

    /// Another revision from the same place.
    #[must_use]
    pub fn with(&self, revision: &str) -> Self {
        Self { revision: revision.to_owned(), ..self.clone() }
    }

    /// Whether both come from the same place.
    pub(super) fn is_of_same(&self, other: &Self, mirrors: &Mirrors) -> bool {
        self.object == other.object && self.has_repository_of(other, mirrors)
    }

    /// Whether both come from the same address or chart.
    pub(super) fn has_repository_of(&self, other: &Self, mirrors: &Mirrors) -> bool {
        match (&self.repository, &other.repository) {
            (Some(one), Some(two)) => mirrors.are_same(one, two),
            (one, two) => one == two,
        }
    }

    /// Where it comes from; none if the key says that.
    pub fn place(&self) -> Option<String> {
        let repository = self.repository.as_ref()?;
        let of = |object: &String| format!("{repository} of {object}");
        Some(self.object.as_ref().map_or_else(|| repository.clone(), of))
    }
}

impl Serialize for RevisionParts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.revision)
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
            Self::Repository(text) => f.write_str(text),
            Self::Revision(parts) | Self::Moving(parts) => f.write_str(&parts.revision),
            Self::Value(yaml) | Self::Secret(yaml) => f.write_str(yaml.trim_end()),
        }
    }
}

/// One scalar of a site, or the place where it would be.
#[derive(Debug, Clone)]
pub struct SitePart {
    /// The part of the reference that it holds.
    pub kind: SitePartKind,
    /// The place of the scalar; the place that its key would have if there is
    /// none yet.
    pub at: Place,
    /// Whether it is there.
    pub is_there: bool,
    /// The scalar's text, as it is deployed. If there is no scalar yet, the text from an outer file
    /// that has to be written along with the other parts, which may be empty.
    pub text: String,
    /// Where the scalar is written: if the place is an alias or comes by `<<`, the span
    /// of what that repeats. If there is no scalar yet, the span of the map that its key
    /// goes into. None if it is not known, or if there is no such map.
    pub written: Option<Span>,
    /// Whether the place only repeats what is written elsewhere.
    pub is_repeated: bool,
    /// What the scalar is to whoever reads the file.
    pub reading: Reading,
}

impl SitePart {
    /// The repository, which this whole reference is, and the tag that is to be beside it,
    /// where another site has them so.
    pub(super) fn split_as(&self, other: &Site) -> Option<[Self; 2]> {
        let repository = other.part(SitePartKind::Repository)?;
        let tag = other.part(SitePartKind::Tag)?;
        let (map, key) = tag.at.route.split_last()?;
        let is_beside = repository.at.route.split_last()?.0 == map;
        let Step::Key(_) = key else { return None };
        let mut route = self.at.route.split_last()?.0;
        route.push(key.clone());
        let at = Place { document: self.at.document, route };
        let beside = Self {
            kind: SitePartKind::Tag,
            at,
            is_there: false,
            text: String::new(),
            written: None,
            is_repeated: self.is_repeated,
            reading: Reading::Text,
        };
        is_beside.then(|| [Self { kind: SitePartKind::Repository, ..self.clone() }, beside])
    }
}

/// What a scalar is to whoever reads the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// The text that it spells.
    Text,
    /// A number that everyone prints as it is spelled.
    Number,
    /// Something else than the text that it spells, to some tool at least: `1.10`, `yes`.
    Misread,
}

impl SitePart {
    /// Whether both hold the same at the same place. Where it is written in the file
    /// does not count, which changes with every line above it.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.at == other.at
            && self.is_there == other.is_there
            && self.text == other.text
    }
}

/// The part of a reference that a scalar holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SitePartKind {
    /// The whole reference: `repository:tag@digest`, perhaps after a `name=`, as
    /// Argo CD has it.
    Reference,
    /// Registry and path.
    Repository,
    /// The tag, perhaps followed by `@` and a digest, as charts have it.
    Tag,
    /// The digest.
    Digest,
    /// The digest without its algorithm, which is sha256.
    BareDigest,
    /// A new item of kustomize's list of images: the place is the list, and the
    /// text is the image's name.
    Item,
    /// An address with `?ref=` or `?version=` in it.
    Address,
    /// A template's name with `@` and a tag or commit.
    Pin,
    /// The full id of a git commit alone.
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
        assert!(is_secret("values.database", "postgres://me:p/w@host/db"));
        assert!(is_secret("values.secrets.db", "x"));
        assert!(is_secret("env[name=DB_PASSWORD].value", "x"));
        assert!(is_secret("values.env", "- name: DB_PASSWORD\n  value: x\n"));
        assert!(is_secret("values.dsn", "user=u password=x"));
        assert!(!is_secret("values.env", "- name: db-password\n  key: x\n"));
        assert!(!is_secret("values.secrets.enabled", "true\n"));
        assert!(!is_secret("values.flags", "beta: true\n"));
    }
}
