//! What whoever waits for the index is told.

use std::sync::Arc;

/// What happens while history is indexed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Indexing {
    /// That many further commits were indexed.
    Commits(usize),
    /// For now, nothing more is indexed.
    Pause,
    /// What is indexed cannot be kept for the next run, for this reason.
    NotKept(String),
}

/// A listener to what happens while history is indexed.
pub type Watch = Arc<dyn Fn(Indexing) + Send + Sync>;
