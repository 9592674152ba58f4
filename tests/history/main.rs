//! What the history of a branch says, however it came about.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by it, or says why not")]

mod audit;
mod indexed;
mod merge_styles;
#[path = "../support/mod.rs"]
mod support;
