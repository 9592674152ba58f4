//! What is asked of the sites of a repository at one moment.

use std::collections::BTreeSet;

use crate::config::EnvironmentName;
use crate::sites::State;
use crate::source::RepoPath;

/// An app in an environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pair {
    /// The environment.
    pub environment: EnvironmentName,
    /// The app.
    pub app: String,
}

/// The sites of a repository's files at one moment, of which single files can
/// be replaced by what they were at another: so that going through a history
/// reads each version of each file once.
pub trait Reading {
    /// Every app in every environment that the files say something of.
    fn pairs(&self) -> Vec<Pair>;

    /// What an app's sites in an environment say: a state without entries where
    /// there are none, and none where they cannot be read or disagree.
    fn state(&self, pair: &Pair) -> Option<State>;

    /// Puts a file in the place of what was at a path, or takes it away. Returns
    /// whose sites may say something else now.
    fn put(&mut self, path: &RepoPath, bytes: Option<Vec<u8>>) -> BTreeSet<Pair>;
}
