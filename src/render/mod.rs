//! From a template and what an app says to manifests.

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
    /// Its key.
    pub key: &'a str,
    /// Registry and repository.
    pub repository: &'a str,
    /// Tag.
    pub tag: Option<&'a str>,
    /// Digest.
    pub digest: Option<&'a str>,
}
