//! Plans and verdicts as text, JSON and Markdown.

pub mod plan;
pub mod verdicts;
