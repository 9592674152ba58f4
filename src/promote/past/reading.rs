//! What is asked of the sites of a repository at one moment.

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
    /// The apps and environments that a file may say something of, as it is.
    fn pairs_of(&self, path: &RepoPath) -> Vec<Pair>;

    /// Every app in every environment that the files say something of.
    fn pairs(&self) -> Vec<Pair>;

    /// What an app's sites in an environment say: nothing where there are
    /// none, and none where they cannot be read or disagree.
    fn state(&self, pair: &Pair) -> Option<State>;

    /// Replaces a file, or removes it.
    fn replace(&mut self, path: &RepoPath, bytes: Option<Vec<u8>>);
}
