//! The input of a template: its variables, for every engine.

use std::borrow::Cow;

use crate::kubernetes::image_reference;
use crate::source::Location;
use crate::yaml::{Node, Route, Step};

/// What a template sees, whatever its engine.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The app's name.
    pub app: &'a str,
    /// The environment's name, `prod/eu`.
    pub environment: &'a str,
    /// The app's namespace.
    pub namespace: &'a str,
    /// The labels that all objects get.
    pub labels: &'a [(&'a str, &'a str)],
    /// The merged values, a map.
    pub values: Node<'a>,
    /// The app's images.
    pub images: &'a [InputImage<'a>],
}

/// The value of one of a template's variables.
#[derive(Debug, Clone, Copy)]
pub(super) enum InputValue<'a> {
    Text(&'a str),
    Labels(&'a [(&'a str, &'a str)]),
    Images(&'a [InputImage<'a>]),
    Tree(Node<'a>),
}

/// How a variable's value is taken from the input.
type Accessor = for<'a> fn(&Input<'a>) -> InputValue<'a>;

/// The variables of every template, by name.
const VARIABLES: [(&str, Accessor); 6] = [
    ("app", |input| InputValue::Text(input.app)),
    ("environment", |input| InputValue::Text(input.environment)),
    ("namespace", |input| InputValue::Text(input.namespace)),
    ("labels", |input| InputValue::Labels(input.labels)),
    (IMAGES, |input| InputValue::Images(input.images)),
    (VALUES, |input| InputValue::Tree(input.values)),
];

/// The variable that holds the app's images.
const IMAGES: &str = "images";

/// The variable that holds the app's values.
pub(super) const VALUES: &str = "values";

/// Whether a template sees a variable of that name, whatever the input.
pub(super) fn is_variable(name: &str) -> bool {
    VARIABLES.iter().any(|(variable, _)| *variable == name)
}

impl<'a> Input<'a> {
    /// The template's variables with their values. Every engine shows these and no
    /// others.
    pub(super) fn variables(&self) -> impl Iterator<Item = (&'static str, InputValue<'a>)> {
        VARIABLES.iter().map(|(name, value)| (*name, value(self)))
    }

    /// Where a part of an image is set, by its route: `images.web.tag`.
    pub(super) fn location(&self, route: &Route) -> Option<Location> {
        let [Step::Key(variable), Step::Key(key), Step::Key(field)] = route.steps() else {
            return None;
        };
        let image = self.images.iter().find(|image| variable == IMAGES && image.key == key)?;
        let ImageLocations { repository, tag, digest } = image.locations?;
        let location = match field.as_str() {
            "repository" => Some(repository),
            "tag" => tag,
            "digest" => digest,
            _ => digest.or(tag).or(Some(repository)),
        };
        location.cloned()
    }
}

/// An image as a template sees it, with `ref` (the whole reference), `repository`,
/// `tag` and `digest`. What is not set is undefined.
#[derive(Debug, Clone, Copy)]
pub struct InputImage<'a> {
    /// The image's key.
    pub key: &'a str,
    /// The repository with its registry.
    pub repository: &'a str,
    /// The tag.
    pub tag: Option<&'a str>,
    /// The digest.
    pub digest: Option<&'a str>,
    /// Where its parts are set, if they are in a file.
    pub locations: Option<ImageLocations<'a>>,
}

/// The places of an image's parts.
#[derive(Debug, Clone, Copy)]
pub struct ImageLocations<'a> {
    /// That of the repository.
    pub repository: &'a Location,
    /// That of the tag.
    pub tag: Option<&'a Location>,
    /// That of the digest.
    pub digest: Option<&'a Location>,
}

impl InputImage<'_> {
    /// The whole reference: `repository:tag@digest`.
    pub fn reference(&self) -> String {
        image_reference(self.repository, self.tag, self.digest)
    }

    /// The fields of the image's map, in a template.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'static str, Cow<'_, str>)> {
        let fields = [
            ("ref", Some(Cow::Owned(self.reference()))),
            ("repository", Some(Cow::Borrowed(self.repository))),
            ("tag", self.tag.map(Cow::Borrowed)),
            ("digest", self.digest.map(Cow::Borrowed)),
        ];
        fields.into_iter().filter_map(|(key, value)| Some((key, value?)))
    }
}
