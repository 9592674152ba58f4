//! From a template and what an app says to manifests.
//!
//! A [`Template`] is loaded once and rendered for every app that names it. Its
//! files may be of different languages; what they see is the same [`Input`].
//! `tera` and `jsonnet` are modules of their own; plain YAML needs none.

mod code;
mod files;
mod input;
mod jsonnet;
mod template;
mod tera;
mod trace;
mod traced;

pub use code::{
    CODES, INCLUDE_CIRCLE, INCLUDE_MISSING, INCLUDE_OUTSIDE, JSONNET_STOPPED, LOOSE_VALUE,
    NO_THREAD, NOT_REPRODUCIBLE, OUTPUT_TOO_LARGE, TEMPLATE_ENDLESS, TEMPLATE_FAILED,
    TEMPLATE_NESTING, TEMPLATE_SYNTAX, TEMPLATE_UNDEFINED, WRONG_PARAMETERS,
};
pub use files::Engine;
pub use input::{Input, InputImage};
pub use template::{Document, Template};
pub use trace::Trace;
pub use traced::{Feed, Traced};
