//! The repository's own files: `rungs.yaml`, `environment.yaml` and an app's
//! file in each environment.

mod valid;

pub use valid::{
    Access, App, Environment, EnvironmentName, Generate, Image, Repository, Sourced, Subject,
    TemplateRef,
};
