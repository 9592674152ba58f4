//! Where a change goes, and what may get in its way: the program on clones that
//! the real git made.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by it, or says why not")]

mod concurrency;
mod judged;
mod kinds;
mod meanwhile;
mod modes;
mod rendered;
mod silence;
#[path = "../support/mod.rs"]
mod support;
mod trouble;
mod ways;
