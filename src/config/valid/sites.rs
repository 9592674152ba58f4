//! Where image references, git references and promoted values stand in a
//! repository that is laid out its own way.

use crate::config::syntax::{AppPattern, Glob, PathPattern};
use crate::config::{EnvironmentName, Sourced};
use crate::yaml::Route;

/// An entry of `sites`: files, and how to read them.
#[derive(Debug, Clone)]
pub struct SiteRule {
    /// Which files.
    pub path: Sourced<PathPattern>,
    /// What they are.
    pub kind: SiteKind,
    /// The environment of all these files; none where the path says it.
    pub environment: Option<EnvironmentName>,
    /// The app of each image in these files; none where the path says it.
    pub app: Option<Sourced<AppPattern>>,
    /// Which images are looked at.
    pub images: ImageFilter,
    /// Values that are promoted along, from the document's root, or from `root`
    /// where the kind has one.
    pub promote: Vec<Sourced<Route>>,
    /// Whether promotion adds a digest to an image that has none.
    pub adds_digest: bool,
}

/// What files of sites are.
#[derive(Debug, Clone)]
pub enum SiteKind {
    /// A `kustomization.yaml`.
    Kustomize {
        /// Images that may be written where the file does not name them yet.
        insert: Vec<Sourced<String>>,
    },
    /// YAML whose fields are named by routes.
    Yaml(Fields),
    /// Values of a Helm chart.
    HelmValues {
        /// Where they begin; none for the document's root.
        root: Option<Sourced<Route>>,
    },
    /// Manifests.
    Manifest,
    /// Scalars that a comment marks.
    Marker,
}

/// The routes of an image's parts, or of a version.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    /// The tag.
    pub tag: Option<Sourced<Route>>,
    /// Registry and path.
    pub repository: Option<Sourced<Route>>,
    /// The digest.
    pub digest: Option<Sourced<Route>>,
    /// A whole reference in one scalar.
    pub image: Option<Sourced<Route>>,
    /// A git reference or a chart's version.
    pub version: Option<Sourced<Route>>,
}

/// Which images are looked at.
#[derive(Debug, Clone, Default)]
pub struct ImageFilter {
    /// Those that one of these matches; every one where there are none.
    pub include: Vec<Sourced<Glob>>,
    /// But for these.
    pub exclude: Vec<Sourced<Glob>>,
}

impl ImageFilter {
    /// Whether an image of that repository, as it is written, is looked at.
    pub fn takes(&self, repository: &str) -> bool {
        let matches = |globs: &[Sourced<Glob>]| globs.iter().any(|g| g.value.is_match(repository));
        (self.include.is_empty() || matches(&self.include)) && !matches(&self.exclude)
    }
}
