//! What a template sees.

use std::borrow::Cow;

use crate::kubernetes::image_reference;
use crate::yaml::Node;

/// What a template sees. The same for every engine.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The app's name.
    pub app: &'a str,
    /// The environment's name, `prod/eu`.
    pub environment: &'a str,
    /// The app's namespace.
    pub namespace: &'a str,
    /// The labels that every object will get.
    pub labels: &'a [(&'a str, &'a str)],
    /// The merged values, a map.
    pub values: Node<'a>,
    /// The app's images by key.
    pub images: &'a [InputImage<'a>],
}

/// An image as a template sees it: `ref` (the whole reference), `repository`,
/// `tag` and `digest`; what is not set is undefined.
#[derive(Debug, Clone, Copy)]
pub struct InputImage<'a> {
    /// The image's key.
    pub key: &'a str,
    /// Registry and repository.
    pub repository: &'a str,
    /// Tag.
    pub tag: Option<&'a str>,
    /// Digest.
    pub digest: Option<&'a str>,
}

impl InputImage<'_> {
    /// The whole reference: `repository:tag@digest`.
    pub fn reference(&self) -> String {
        image_reference(self.repository, self.tag, self.digest)
    }

    /// What a template finds under the image's key.
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
