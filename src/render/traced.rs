//! What is known about the origin of something that was rendered.

use crate::source::{Location, Origin};
use crate::yaml::Route;

/// Where something that was rendered came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traced {
    /// The template's place that printed it.
    pub template: Origin,
    /// The value that it was made of, where that is one and known for certain.
    pub fed_by: Option<Feed>,
}

/// A value that a template printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// From what a template sees to the value: `images.web.tag`.
    pub route: Route,
    /// The place that gave the value; known for `values` only, because the rest
    /// of the input comes without places.
    pub location: Option<Location>,
}
