//! `rungs set --in`: references set in the files of any repository.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by it, or says why not")]

mod commands;
mod companions;
mod markers;
mod replay;
#[path = "../support/mod.rs"]
mod support;
