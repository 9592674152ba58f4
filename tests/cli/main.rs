//! The commands as a person or a script meets them.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by it, or says why not")]

mod bad_input;
mod commands;
mod narrow;
mod planted;
#[path = "../support/mod.rs"]
mod support;
