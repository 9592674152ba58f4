//! `rungs set`.

use super::plan_builder::PlanBuilder;
use super::{AppSelection, Intent, PlannedChange, Submission};
use crate::config::EnvironmentName;
use crate::diagnostic::{Finding, Findings, Subject};
use crate::edits::{GitRevision, RouteValue};
use crate::history::{Action, Record};
use crate::promote::Permissions;
use crate::promote::base::Base;
use crate::promote::code::OLD_SEQUENCE;
use crate::promote::planning::{AppOutcome, Planner};
use crate::promote::propose::AskedValues;
use crate::sites::{ImageRequest, Key};
use crate::source::Location;

/// New references for apps in one environment, as after a build.
pub struct SetReferences {
    /// The environment.
    pub environment: String,
    /// The apps, with their new references.
    pub apps: Vec<SetApp>,
    /// The build's number, if a number lower than the last one is to be refused.
    pub sequence: Option<u64>,
    /// The commit that the images were built from.
    pub source_commit: Option<String>,
    /// What is permitted.
    pub permissions: Permissions,
}

/// New references for one app.
#[derive(Debug, Clone)]
pub struct SetApp {
    /// The app.
    pub name: String,
    /// The references of its images.
    pub requests: Vec<ImageRequest>,
    /// The promoted values, by their routes.
    pub routes: Vec<RouteValue>,
    /// The git references and versions.
    pub gits: Vec<GitRevision>,
}

impl Intent for SetReferences {
    fn at(&self, base: &Base<'_>, submission: &Submission<'_>) -> Result<PlannedChange, Findings> {
        let target = base.repository.find_environment(&self.environment)?;
        let Submission { direct, renderer, .. } = *submission;
        let planner = Planner::of_change(base, target, &self.permissions, direct, renderer);
        let mut builder = PlanBuilder::new(&target.name);
        for app in &self.apps {
            let SetApp { requests, routes, gits, .. } = app;
            let asked = AskedValues { images: requests, routes, gits };
            let outcome = planner.set(&app.name, &asked, &target.location);
            match outcome.and_then(|outcome| self.in_sequence(base, &target.name, outcome)) {
                Ok(outcome) => builder.add(outcome, submission, false),
                Err(findings) => builder.add_obstacles(findings),
            }
        }
        builder.build(base, submission, &self.permissions, None, |plan| {
            let mut record = Record::new(Action::Set, &plan.app, target.name.clone());
            let images = plan.changes.iter().filter_map(|change| match &change.key {
                Key::Image(name) => Some(name.clone()),
                _ => None,
            });
            let sequence = |name| self.sequence.map(|number| (name, number));
            record.sequences = images.filter_map(sequence).collect();
            record.sequences.dedup();
            let commit = self.source_commit.iter().map(|commit| (String::new(), commit.clone()));
            record.source_commits = commit.collect();
            record
        })
    }

    fn apps(&self) -> AppSelection {
        AppSelection::Named(self.apps.iter().map(|app| app.name.clone()).collect())
    }

    fn branch(&self) -> String {
        let names: Vec<_> = self.apps.iter().map(|app| app.name.clone()).collect();
        super::promotion::joined(&names)
    }
}

impl SetReferences {
    /// Fails if the number is lower than that of the newest record.
    fn in_sequence(
        &self,
        base: &Base<'_>,
        environment: &EnvironmentName,
        outcome: AppOutcome,
    ) -> Result<AppOutcome, Findings> {
        let Some(number) = self.sequence.filter(|_| !self.permissions.force) else {
            return Ok(outcome);
        };
        let mut findings = Findings::new();
        for change in &outcome.plan.changes {
            let app = &outcome.plan.app;
            let newest = base
                .history
                .newest_sequence(environment, app, change.key.name())
                .map_err(|error| crate::history::finding(&error, &at(change)))?;
            if let Some(newest) = newest.filter(|newest| *newest > number) {
                let message = format!(
                    "build {number} of `{}` is older than build {newest}, which was set before",
                    change.key
                );
                findings.push(
                    Finding::new(&OLD_SEQUENCE, message, at(change))
                        .because("a newer build was set before")
                        .help("`--force` sets it anyway")
                        .about(Subject::app(environment.as_str(), &**app)),
                );
            }
        }
        if findings.has_errors() { Err(findings) } else { Ok(outcome) }
    }
}

fn at(change: &crate::promote::SiteChange) -> Location {
    Location::of_path(&change.path)
}
