//! Clones, their histories and their remotes, made by the real git.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by it, or says why not")]

mod agreement;
mod cache;
mod checkouts;
mod clones;
mod fetching;
mod history;
mod history_index;
mod kill;
mod kinds;
mod naming;
mod push;
mod scratch;
#[path = "../support/mod.rs"]
mod support;
mod tree;
