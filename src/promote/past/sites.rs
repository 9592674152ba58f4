//! A model of a tree as what a walk reads.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::reading::{Pair, Reading};
use crate::sites::{Model, State};
use crate::source::{RepoPath, SourceFile};

impl Reading for Model {
    fn pairs(&self) -> Vec<Pair> {
        let environments = self.environments().into_iter();
        let pairs = environments.flat_map(|environment| {
            let apps = self.apps(&environment).into_iter();
            apps.map(move |app| Pair { environment: environment.clone(), app }).collect::<Vec<_>>()
        });
        pairs.collect()
    }

    fn state(&self, pair: &Pair) -> Option<State> {
        match self.app(&pair.environment, &pair.app) {
            None => Some(State::default()),
            Some(sites) => sites.state.ok(),
        }
    }

    /// A file that is no text is put as what can be read of it: it says nothing
    /// then, or disagrees, but it is there.
    fn put(&mut self, path: &RepoPath, bytes: Option<Vec<u8>>) -> BTreeSet<Pair> {
        let file = bytes.map(|bytes| {
            let text = String::from_utf8(bytes);
            let text =
                text.unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
            Arc::new(SourceFile::new(path.clone(), text))
        });
        let affected = Model::put(self, path, file).into_iter();
        affected.map(|(environment, app)| Pair { environment, app }).collect()
    }
}
