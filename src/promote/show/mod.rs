//! Plans and verdicts as people and programs read them.

pub mod plan;
pub mod verdicts;
