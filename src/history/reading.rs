//! What is asked of the sites of a repository at one moment.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::sites::{AppInstance, Model, State};
use crate::source::{RepoPath, SourceFile};

/// The sites of a repository's files at one moment, of which single files can
/// be replaced by what they were at another: so that going through a history
/// reads each version of each file once.
pub trait Reading {
    /// Every app in every environment that the files say something of.
    fn instances(&self) -> Vec<AppInstance>;

    /// What an app's sites in an environment say: a state without entries where
    /// there are none, and none where they cannot be read or disagree.
    fn state(&self, instance: &AppInstance) -> Option<State>;

    /// Puts a file in the place of what was at a path, or takes it away. Returns
    /// whose sites may say something else now.
    fn put(&mut self, path: &RepoPath, bytes: Option<Vec<u8>>) -> BTreeSet<AppInstance>;
}

impl Reading for Model {
    fn instances(&self) -> Vec<AppInstance> {
        let environments = self.environments().into_iter();
        let instances = environments.flat_map(|environment| {
            let apps = self.apps(&environment).into_iter();
            apps.map(move |app| AppInstance { environment: environment.clone(), app })
                .collect::<Vec<_>>()
        });
        instances.collect()
    }

    fn state(&self, instance: &AppInstance) -> Option<State> {
        match self.app(&instance.environment, &instance.app) {
            None => Some(State::default()),
            Some(sites) => sites.state.ok(),
        }
    }

    /// A file that is no text is put as what can be read of it: it says nothing
    /// then, or disagrees, but it is there.
    fn put(&mut self, path: &RepoPath, bytes: Option<Vec<u8>>) -> BTreeSet<AppInstance> {
        let file = bytes.map(|bytes| {
            let text = String::from_utf8(bytes);
            let text =
                text.unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
            Arc::new(SourceFile::new(path.clone(), text))
        });
        Model::put(self, path, file)
    }
}
