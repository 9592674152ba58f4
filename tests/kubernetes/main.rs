//! Objects, and what a Kubernetes API server says about them.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by it, or says why not")]

mod accepted;
mod reading;
mod schemas;
#[path = "../support/mod.rs"]
mod support;
