//! Renders manifests from a template and an app's settings.
//!
//! A [`Template`] is loaded once and rendered for every app that uses it. Its files
//! may be in different languages, and all of them see the same [`Input`]. Tera and
//! Jsonnet have modules of their own; plain YAML needs none.

mod code;
mod files;
mod input;
mod jsonnet;
mod read_files;
mod template;
mod tera;
mod trace;
mod traced;
mod unused_file;

pub use code::CODES;
pub use files::Engine;
pub use input::{ImageLocations, Input, InputImage};
pub use jsonnet::ENGINE_STACK_BYTES;
pub use template::{Document, Template};
pub use trace::Trace;
pub use traced::{Traced, TracedValue};
