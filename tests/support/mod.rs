//! Shared by the tests of several modules: starting and ending git, rungs and other
//! real programs, and the material that they run on.

// Each test binary uses a part of this.
#![allow(dead_code, unreachable_pub)]
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

pub mod component;
pub mod connection;
pub mod corpora;
pub mod directory;
pub mod effort;
pub mod fast_import;
pub mod git;
pub mod kubernetes;
pub mod mount;
pub mod program;
pub mod random;
pub mod recording;
pub mod repository;
pub mod shop;
pub mod smart_http;
