//! Reading, writing and editing YAML, compared with other programs.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by it, or says why not")]

mod dialect;
mod emit;
mod splice;
mod suite;
#[path = "../support/mod.rs"]
mod support;
