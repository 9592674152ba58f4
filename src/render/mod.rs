//! From a template and an app's settings to manifests.
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

pub use code::CODES;
pub use files::Engine;
pub use input::{Input, InputImage};
pub use template::{Document, Template};
pub use trace::Trace;
pub use traced::{Feed, Traced};
