//! The documentation is true: guides, reference pages and examples do what they
//! say, and generated files are current.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by it, or says why not")]

mod adopted;
mod documented;
mod generated;
mod guide;
mod guide_promotion;
mod options;
mod pipelines;
mod readme;
#[path = "../support/mod.rs"]
mod support;
