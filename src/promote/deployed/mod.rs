//! What apps are deployed with, whatever their sites say: images, charts and sources that
//! templates and values bring.
//!
//! Rendered files name it, those that are kept or those that a render gives ([`references`],
//! [`apps`]). Where nothing is rendered, values that are promoted do ([`values`]), and whatever
//! else looks like an image in an app's files ([`files`]). What a change brings of it
//! ([`new_references`]) meets the gates, which ask since when environments deploy it ([`brought`]).

mod apps;
mod brought;
mod files;
mod new_references;
mod possible_apps;
mod references;
mod values;

pub use apps::DeployedApps;
pub(in crate::promote) use apps::{
    ExpectedFiles, KeptFile, has_output, kept_at, kept_files, obstacle_to, references_in, render,
    render_app,
};
pub(in crate::promote) use brought::BroughtByApp;
pub(in crate::promote) use files::unread_images;
pub(in crate::promote) use new_references::{NewReferences, line_naming};
pub(in crate::promote) use possible_apps::is_aside;
pub use possible_apps::possible_apps;
pub(in crate::promote) use references::{
    DeployedReference, is_manifest, likely_reference, references_of,
};
pub(in crate::promote) use values::BroughtWithValues;
