//! What tests of several files share: real components, started and ended.

// Each test binary uses a part of this.
#![allow(dead_code, unreachable_pub)]
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

pub mod component;
pub mod git;
pub mod kubernetes;
pub mod mount;
pub mod repository;
pub mod smart_http;
