//! The plans of several apps, as one change.

use std::collections::{BTreeMap, BTreeSet};

use super::{PlannedChange, Submission};
use crate::config::EnvironmentName;
use crate::diagnostic::{Finding, Findings, Severity, Subject};
use crate::history::record::{self, RecordedChange};
use crate::history::{Record, RecordedOverride};
use crate::promote::base::Base;
use crate::promote::blocking::BlockingGates;
use crate::promote::planning::{AppOutcome, edited};
use crate::promote::{AppPlan, Permissions, Plan, identity};
use crate::sites::{SiteValue, StateReference};
use crate::source::{FileChanges, RepoPath, Tree};
use crate::yaml::Change;

/// A planned change of several apps, while it is put together.
pub(super) struct PlanBuilder {
    environment: EnvironmentName,
    outcomes: Vec<AppOutcome>,
    /// The plans of apps that are left out, which are shown nevertheless.
    left_out: Vec<AppPlan>,
    obstacles: Findings,
    /// What waits of apps that are left out because every app was requested.
    waiting: Findings,
    warnings: Findings,
}

impl PlanBuilder {
    pub(super) fn new(environment: &EnvironmentName) -> Self {
        Self {
            environment: environment.clone(),
            outcomes: Vec::new(),
            left_out: Vec::new(),
            obstacles: Findings::new(),
            waiting: Findings::new(),
            warnings: Findings::new(),
        }
    }

    /// Adds an app. If every app was requested, one that is blocked does not block the
    /// others, and a gate that waits is not a problem, whichever gate it is, as long as
    /// something else enters.
    pub(super) fn add(&mut self, outcome: AppOutcome, submission: &Submission<'_>, is_all: bool) {
        if outcome.obstacles.has_errors() {
            self.add_obstacles(outcome.obstacles);
            self.obstacles.extend(outcome.around);
            return;
        }
        let BlockingGates { failing, waiting } =
            BlockingGates::of(&outcome.plan, &self.environment, submission.binding());
        if failing.is_empty() && waiting.is_empty() {
            self.outcomes.push(outcome);
            return;
        }
        self.left_out.push(outcome.plan);
        self.warnings.extend(outcome.around);
        self.obstacles.extend(failing);
        if is_all {
            self.waiting.extend(waiting);
        } else {
            self.obstacles.extend(waiting);
        }
    }

    /// Adds the findings that block an app.
    pub(super) fn add_obstacles(&mut self, findings: Findings) {
        self.obstacles.extend(findings);
    }

    /// The whole change. `record` creates the record of one app, which is completed
    /// here.
    pub(super) fn build(
        mut self,
        base: &Base<'_>,
        submission: &Submission<'_>,
        permissions: &Permissions,
        train: Option<&str>,
        record: impl Fn(&AppPlan) -> Record,
    ) -> Result<PlannedChange, Findings> {
        let files = self.files(base.tree)?;
        let (mut obstacles, mut warnings) = (self.obstacles, self.warnings);
        if self.outcomes.iter().any(|outcome| !outcome.plan.changes.is_empty()) {
            warnings.extend(self.waiting.into_iter().map(as_note));
        } else {
            obstacles.extend(self.waiting);
        }
        let mut apps = Vec::new();
        for outcome in self.outcomes {
            warnings.extend(outcome.warnings);
            apps.push(outcome.plan);
        }
        let changing = Plan {
            environment: self.environment.clone(),
            base: base.commit.clone(),
            commit: None,
            apps: apps.iter().filter(|app| !app.changes.is_empty()).cloned().collect(),
        };
        let identity = identity(&changing);
        let records: Vec<Record> = changing
            .apps
            .iter()
            .map(|app| {
                let record = completed(record(app), app, submission, permissions, &identity);
                with_commits_of_tags(record, app, base)
            })
            .collect();
        let recorded: Vec<_> = records
            .iter()
            .zip(&changing.apps)
            .map(|(record, app)| RecordedChange { record, from: &app.from, to: &app.to })
            .collect();
        let message =
            if recorded.is_empty() { String::new() } else { record::message(&recorded, train) };
        apps.extend(self.left_out);
        apps.sort_by(|a, b| a.app.cmp(&b.app));
        let base = base.commit.clone();
        let plan = Plan { environment: self.environment, base, commit: None, apps };
        Ok(PlannedChange { plan, identity, files, message, obstacles, warnings })
    }

    /// The files that change, once all edits are made. An app whose edits cannot be made
    /// becomes an obstacle.
    fn files(&mut self, tree: &Tree) -> Result<FileChanges, Findings> {
        let together = match changed_files(tree, &self.outcomes) {
            Ok(files) => return Ok(files),
            Err(findings) => findings,
        };
        let mut failing = Findings::new();
        for outcome in std::mem::take(&mut self.outcomes) {
            match edited(tree, &outcome.edits, true) {
                Ok(_) => self.outcomes.push(outcome),
                Err(findings) => {
                    let subject = Subject::app(self.environment.as_str(), &*outcome.plan.app);
                    failing.extend(findings.about(&subject));
                }
            }
        }
        if failing.is_empty() {
            return Err(together);
        }
        self.obstacles.extend(failing);
        changed_files(tree, &self.outcomes)
    }
}

/// The files that these apps change, once the edits that are left are made.
fn changed_files(tree: &Tree, outcomes: &[AppOutcome]) -> Result<FileChanges, Findings> {
    let mut files = FileChanges::new();
    let mut edits: BTreeMap<RepoPath, Vec<Change>> = BTreeMap::new();
    let mut shared = BTreeSet::new();
    for outcome in outcomes {
        files.extend(outcome.files.clone());
        for (path, changes) in &outcome.edits {
            let all = edits.entry(path.clone()).or_default();
            if !all.is_empty() {
                shared.insert(path);
            }
            all.extend(changes.iter().cloned());
        }
    }
    edits.retain(|path, _| shared.contains(path) || files.get(path).is_none());
    files.extend(edited(tree, &edits, true)?);
    Ok(files)
}

fn as_note(finding: Finding) -> Finding {
    Finding { severity: Severity::Note, ..finding }
}

/// Adds the commits that images were built from, if the target's gate `tag` says which part
/// of a tag that is and no option named one; and the commit that a template's tag leads to.
fn with_commits_of_tags(mut record: Record, app: &AppPlan, base: &Base<'_>) -> Record {
    let environment = base.repository.find_environment(record.environment.as_str()).ok();
    let tag = environment.and_then(|one| one.gates_of(&app.app).tag.as_ref());
    let tag = tag.filter(|_| record.source_commits.is_empty());
    for (key, value) in app.to.iter().filter(|(key, value)| app.from.get(key) != Some(value)) {
        let commit = match value {
            SiteValue::Image(image) => tag
                .zip(image.tag.as_deref())
                .and_then(|(pattern, tag)| pattern.value.commit(tag))
                .map(str::to_owned),
            SiteValue::Revision(pin) if key.is_template_pin() => base.commit_of_pin(&pin.revision),
            _ => None,
        };
        record.source_commits.extend(commit.map(|commit| (key.name().to_owned(), commit)));
    }
    record
}

/// Adds to a record what the records of all commands have.
fn completed(
    mut record: Record,
    app: &AppPlan,
    submission: &Submission<'_>,
    permissions: &Permissions,
    identity: &str,
) -> Record {
    record.references = Record::references_of(&app.from, &app.to);
    record.requested_by.clone_from(&submission.requested_by);
    record.ticket.clone_from(&permissions.ticket);
    let goes = |reference: &&StateReference| {
        app.from.iter().any(|(key, value)| reference.is_exactly(key, value))
    };
    record.replaces = permissions.replaces.iter().filter(goes).map(ToString::to_string).collect();
    let overridden = app.gates.iter().filter(|verdict| verdict.overridden.is_some());
    let overridden: Vec<_> = overridden.map(|verdict| verdict.gate).collect();
    let used = permissions.overrides.iter().filter(|one| overridden.contains(&one.gate));
    record.overrides = used
        .map(|one| RecordedOverride {
            gate: one.gate.name().to_owned(),
            reason: one.reason.clone(),
        })
        .collect();
    record.plan = Some(identity.to_owned());
    record
}
