//! `set`, `promote`, `rollback`, `hold` and `gates`: the program on clones that
//! the real git made.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by it, or says why not")]

mod gates;
mod kinds;
mod modes;
mod promotions;
mod rendered;
mod rollbacks;
mod set;
mod shop;
#[path = "../support/mod.rs"]
mod support;
mod trouble;
