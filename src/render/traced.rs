//! The origin of a part of the output, as far as it is known.

use crate::source::{Location, Origin};
use crate::yaml::Route;

/// Where a part of the output came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traced {
    /// The template's place that printed it.
    pub template: Origin,
    /// The value that was printed, if it is only one and known for certain.
    pub value: Option<TracedValue>,
}

/// A value that a template printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracedValue {
    /// The route to the value from the template's variables: `images.web.tag`.
    pub route: Route,
    /// The place where the value is set; known for `values` and for the parts of
    /// `images`, because the rest of the input comes without places.
    pub location: Option<Location>,
}
