//! The sites of a repository at one moment of its history.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::sites::{AppInstance, Model, State};
use crate::source::{RepoPath, SourceFile};

/// The sites of a repository's files at one moment. Single files can be
/// replaced by another version, so that walking through a history reads each
/// version of each file once.
pub trait Reading {
    /// Every app in every environment that the files say something about.
    fn instances(&self) -> Vec<AppInstance>;

    /// What an app's sites in an environment say: an empty state if there are
    /// no sites, and none if they cannot be read or disagree.
    fn state(&self, instance: &AppInstance) -> Option<State>;

    /// Replaces the file at a path, or removes it. Returns the apps in
    /// environments whose sites may say something else now.
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

    /// A file that is not text is put as what can be read of it: then it says
    /// nothing, or disagrees, but it is there.
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
