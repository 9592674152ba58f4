//! A change as it is assessed: its two sides, and what is said of it.

use std::collections::BTreeSet;

use crate::config::Repository;
use crate::diagnostic::Findings;
use crate::git::ObjectName;
use crate::history::Record;
use crate::promote::deployed::DeployedApps;
use crate::promote::gates::Gate;
use crate::promote::{Override, Plan};
use crate::sites::{Model, Site};
use crate::source::{RepoPath, Tree};
use crate::worker::Renderer;

/// A change that is to be merged, or a commit of it.
pub struct ProposedChange<'a> {
    /// Before the change, read by the base's configuration.
    pub before: ChangeSide<'a>,
    /// After it, read by the base's configuration.
    pub after: ChangeSide<'a>,
    /// The sites after it as its own configuration has them, if that is another one.
    pub own: Option<&'a Model>,
    /// Its own configuration, with the settings of these apps; none if no file of it changes.
    pub configuration: Option<&'a Repository>,
    /// The files that differ.
    pub files: &'a BTreeSet<RepoPath>,
    /// The directories in which files differ too whose names no path can have.
    pub unnamed: &'a BTreeSet<RepoPath>,
    /// The apps that may be deployed otherwise; none if all may.
    pub apps: Option<&'a BTreeSet<String>>,
    /// The records in its commits' messages.
    pub records: &'a [Record],
    /// The commits that its own commits say they revert.
    pub reverts: &'a [ObjectName],
    /// The gates that the person who runs the assessment overrides. Overrides in a
    /// record are the word of the change's own author, and count only with approvals.
    pub overrides: &'a [Override],
    /// The ticket that the person who runs the assessment gives.
    pub ticket: Option<&'a str>,
    /// The gates that judge it.
    pub gates: &'a [Gate],
    /// What renders.
    pub renderer: &'a dyn Renderer,
    /// What commits deploy.
    pub deployed: &'a DeployedApps<'a>,
}

/// The files on one side of a change, and their sites.
#[derive(Clone, Copy)]
pub struct ChangeSide<'a> {
    /// The files.
    pub tree: &'a Tree,
    /// Their sites.
    pub model: &'a Model,
}

impl ChangeSide<'_> {
    /// The sites of all apps in a file.
    pub(super) fn sites_in(self, path: &RepoPath) -> Vec<Site> {
        sites_in(self.model, path)
    }
}

/// The sites of all apps in a file.
pub(super) fn sites_in(model: &Model, path: &RepoPath) -> Vec<Site> {
    let instances = model.affected(path).into_iter();
    let apps = instances.filter_map(|one| model.app(&one.environment, &one.app));
    apps.flat_map(|app| app.sites).filter(|site| site.file.path() == path).collect()
}

/// What gates and people should know about a change.
#[derive(Debug, Default)]
pub struct ChangeAssessment {
    /// A plan for each environment that it changes, in the repository's order.
    pub plans: Vec<Plan>,
    /// What no gate judges, and is not passed over in silence.
    pub findings: Findings,
}
