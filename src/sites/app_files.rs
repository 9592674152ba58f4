//! The files that apps are read from, as far as their names tell.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::RepoPath;

/// The files of all apps at one commit. What each says follows from its content, of which
/// the name is known.
#[derive(Debug, Clone, Default)]
pub struct AppFiles {
    /// Each app's own files, with the names of their contents.
    pub(super) own: BTreeMap<String, Vec<(RepoPath, String)>>,
    /// The files that apps share, in the same way.
    pub(super) shared: Vec<(RepoPath, String)>,
    /// For the directory of each environment, those from the outermost to itself, each
    /// with the file in it that apps share.
    pub(super) chains: BTreeMap<RepoPath, Vec<(RepoPath, RepoPath)>>,
}

impl AppFiles {
    /// The apps, each with its own files and the names of their contents.
    pub fn own(&self) -> impl Iterator<Item = (&str, &[(RepoPath, String)])> {
        self.own.iter().map(|(app, files)| (app.as_str(), files.as_slice()))
    }

    /// The files that apps share, with the names of their contents.
    pub fn shared(&self) -> &[(RepoPath, String)] {
        &self.shared
    }

    /// The paths at which files of an app, or files that apps share, are or may have been,
    /// in the environments that have the app.
    pub fn possible_paths(&self, app: &str) -> BTreeSet<RepoPath> {
        let name = format!("{app}.yaml");
        let own = self.own.get(app).into_iter().flatten();
        let chains = own.filter_map(|(path, _)| self.chains.get(&path.parent()?)).flatten();
        chains.flat_map(|(directory, shared)| [directory.child(&name), shared.clone()]).collect()
    }
}
