//! Rendering in a process of its own: its limits, its sandbox, and its end.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by it, or says why not")]

mod hostile;
mod kills;
mod protocol;
mod sandbox;
mod same;
#[path = "../support/mod.rs"]
mod support;
