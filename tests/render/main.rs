//! Templates: their output, and where it came from.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by it, or says why not")]

mod bare;
mod files;
mod jsonnet;
#[path = "../support/mod.rs"]
mod support;
mod templates;
mod tera;
mod trace;
mod unused;
