//! Findings, as people and machines see them.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by it, or says why not")]

mod findings;
mod formats;
mod read;
#[path = "../support/mod.rs"]
mod support;
mod text;
