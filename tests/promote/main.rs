//! `set`, `promote`, `rollback`, `hold`, `gates` and `status`: the program on
//! clones that the real git made.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by it, or says why not")]

mod aliases;
mod ambiguous;
mod busy_rung;
mod byproducts;
mod entries;
mod charts;
mod clusters;
mod companions;
mod gates;
mod git_references;
mod kept_records;
mod kept_rows;
mod mistakes;
mod numbers;
mod overridden;
mod parts;
mod one_file;
mod promotions;
mod properties;
mod replay;
mod rollbacks;
mod routed;
mod secrets;
mod set;
mod status;
mod texts;
mod status_noise;
mod ways_round;
#[path = "../support/mod.rs"]
mod support;
