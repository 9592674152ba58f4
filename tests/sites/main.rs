//! Sites: the references in a repository's files, whose they are, and their values.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by it, or says why not")]

mod kinds;
mod layers;
mod model;
mod native;
mod properties;
mod repositories;
mod sample;
#[path = "../support/mod.rs"]
mod support;
mod write;
