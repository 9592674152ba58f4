//! The values that gates look up.

use std::cell::OnceCell;

use super::base::Base;
use super::gates::Values;
use crate::config::{self, Environment, EnvironmentName, Repository, Side, ValueRoute};
use crate::history::Source;
use crate::source::Tree;
use crate::yaml::{self, Dialect, Node, Value};

/// Values of the source at the commit that the state comes from, and of the
/// target at the base.
pub(super) struct ReadValues<'a> {
    base: &'a Base<'a>,
    target: &'a Environment,
    source: Option<&'a Source>,
    app: &'a str,
    /// The configuration at the source's commit; none if it cannot be read.
    source_repository: OnceCell<Option<Repository>>,
}

impl<'a> ReadValues<'a> {
    pub(super) fn new(
        base: &'a Base<'a>,
        target: &'a Environment,
        source: Option<&'a Source>,
        app: &'a str,
    ) -> Self {
        Self { base, target, source, app, source_repository: OnceCell::new() }
    }

    /// The files of the source's commit, which may be the base.
    fn source_tree(&self, source: &Source) -> Option<Tree> {
        match &source.commit {
            Some(commit) if self.base.commit.as_ref() != Some(commit) => {
                self.base.tree.at(commit.as_str()).ok()
            }
            _ => Some(self.base.tree.clone()),
        }
    }

    fn native(&self, side: Side, route: &ValueRoute) -> Option<Value> {
        let (repository, environment) = match (side, self.source) {
            (Side::Target, _) => (self.base.repository, &self.target.name),
            (Side::Source, None) => return None,
            (Side::Source, Some(source)) => {
                let load = || {
                    let tree = self.source_tree(source)?;
                    config::load(&tree).ok().map(|loaded| loaded.repository)
                };
                (self.source_repository.get_or_init(load).as_ref()?, &source.environment)
            }
        };
        let (_, app) = repository.find_app(environment.as_str(), self.app).ok()?;
        route.in_values().find(app.values.root()).map(Node::to_value)
    }

    /// A value in an adopted repository, read from the files that have the app's sites.
    fn adopted(&self, side: Side, route: &ValueRoute) -> Option<Value> {
        let (tree, environment): (Tree, &EnvironmentName) = match (side, self.source) {
            (Side::Target, _) => (self.base.tree.clone(), &self.target.name),
            (Side::Source, None) => return None,
            (Side::Source, Some(source)) => (self.source_tree(source)?, &source.environment),
        };
        let found = self.base.app(environment, self.app)?;
        let mut paths: Vec<_> = found.sites.iter().map(|site| site.file.path().clone()).collect();
        paths.sort();
        paths.dedup();
        paths.into_iter().find_map(|path| {
            let file = tree.read(&path).ok()?;
            let documents = yaml::parse(&file, Dialect::Kubectl).ok()?;
            documents
                .iter()
                .find_map(|document| route.in_values().find(document.root()))
                .map(Node::to_value)
        })
    }
}

impl Values for ReadValues<'_> {
    fn value(&self, side: Side, route: &ValueRoute) -> Option<Value> {
        if self.base.repository.is_native() {
            self.native(side, route)
        } else {
            self.adopted(side, route)
        }
    }
}
