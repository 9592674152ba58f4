//! The values that gates look up.

use std::cell::OnceCell;

use super::base::Base;
use super::gates::{FoundValue, Values, code};
use crate::config::{self, Environment, EnvironmentName, Repository, Side, ValueRoute};
use crate::diagnostic::{Finding, Findings};
use crate::history::Source;
use crate::sites::AppSites;
use crate::source::{Location, RevisionError};
use crate::yaml::{self, Dialect, Node, Value, emit_as_written, leads_to_secret};

/// Values of the source at the commit that the state comes from, and of the
/// target at the base.
pub(super) struct ReadValues<'a> {
    base: &'a Base<'a>,
    target: &'a Environment,
    source: Option<&'a Source>,
    app: &'a str,
    /// The configuration at the source's commit, or the reason why it cannot be read.
    source_repository: OnceCell<Result<Repository, String>>,
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

    fn of_source(&self, source: &Source, route: &ValueRoute) -> Result<FoundValue, String> {
        if !self.base.repository.is_native() {
            let app = self.base.app_at(source, self.app).map_err(|error| absent(&error))?;
            return app.map_or(Ok(FoundValue::NotSet), |app| in_files(&app, route));
        }
        let load = || {
            let tree = self.base.tree_of(source).map_err(|error| absent(&error))?;
            let loaded = config::load(&tree).map_err(|findings| first(&findings))?;
            Ok(loaded.repository)
        };
        let repository = self.source_repository.get_or_init(load).as_ref();
        Ok(self.in_layers(repository.map_err(String::clone)?, &source.environment, route))
    }

    fn of_target(&self, route: &ValueRoute) -> Result<FoundValue, String> {
        let environment = &self.target.name;
        if self.base.repository.is_native() {
            return Ok(self.in_layers(self.base.repository, environment, route));
        }
        let app = self.base.app(environment, self.app);
        app.map_or(Ok(FoundValue::NotSet), |app| in_files(&app, route))
    }

    /// A value in a native repository.
    fn in_layers(
        &self,
        repository: &Repository,
        environment: &EnvironmentName,
        route: &ValueRoute,
    ) -> FoundValue {
        // An app that is not there has no values.
        let Ok((_, app)) = repository.find_app(environment.as_str(), self.app) else {
            return FoundValue::NotSet;
        };
        found(app.values().root(), route).unwrap_or(FoundValue::NotSet)
    }
}

/// A value in an adopted repository, from the files that have the app's sites.
fn in_files(app: &AppSites, route: &ValueRoute) -> Result<FoundValue, String> {
    let mut files: Vec<_> = app.sites.iter().map(|site| &site.file).collect();
    files.sort_by(|one, other| one.path().cmp(other.path()));
    files.dedup_by(|one, other| one.path() == other.path());
    let mut known: Option<(String, Location, FoundValue)> = None;
    for file in files {
        let documents = yaml::parse(file, Dialect::Kubectl).map_err(|found| first(&found))?;
        for root in documents.iter().map(Value::root) {
            for (_, node) in route.in_values().all(root) {
                let (text, at) = (emit_as_written(node), node.location());
                match &known {
                    Some((other, before, _)) if *other != text => {
                        return Err(format!("it has several values, at {before} and at {at}"));
                    }
                    Some(_) => {}
                    None => known = Some((text, at, known_value(root, node, route))),
                }
            }
        }
    }
    if let Some((_, _, value)) = known {
        return Ok(value);
    }
    // A file that cannot be read has no sites here, and might have the value.
    app.state.as_ref().map_or_else(|findings| Err(first(findings)), |_| Ok(FoundValue::NotSet))
}

/// The value below a root; none if it is not there.
fn found(root: Node<'_>, route: &ValueRoute) -> Option<FoundValue> {
    Some(known_value(root, route.in_values().find(root)?, route))
}

fn known_value(root: Node<'_>, node: Node<'_>, route: &ValueRoute) -> FoundValue {
    let is_secret = leads_to_secret(Some(root), route.in_values());
    FoundValue::Known { value: node.to_value(), is_secret }
}

fn absent(error: &RevisionError) -> String {
    match error {
        RevisionError::Absent { fetch, .. } => format!("{error}; fetch it with {}", code(fetch)),
        _ => error.to_string(),
    }
}

/// The first of the errors that keep something from being read.
fn first(findings: &Findings) -> String {
    let error = findings.iter().find(|finding| finding.is_error());
    error.map_or_else(|| "it cannot be read".to_owned(), sentence)
}

fn sentence(finding: &Finding) -> String {
    format!("{} ({})", finding.message, finding.location())
}

impl Values for ReadValues<'_> {
    fn value(&self, side: Side, route: &ValueRoute) -> FoundValue {
        let found = match (side, self.source) {
            (Side::Target, _) => self.of_target(route),
            (Side::Source, None) => Ok(FoundValue::NotSet),
            (Side::Source, Some(source)) => self.of_source(source, route),
        };
        found.unwrap_or_else(FoundValue::Unknown)
    }
}
