//! The output tree: what is written to it, and what is never touched.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by it, or says why not")]

mod failures;
mod runs;
mod sample;
#[path = "../support/mod.rs"]
mod support;
mod tree;
