//! What tests of several files share: real components, started and ended.

// Each test binary uses a part of this.
#![allow(dead_code, unreachable_pub)]

pub mod component;
pub mod kubernetes;
