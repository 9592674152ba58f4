//! What the gates say about a change, whoever made it.

use std::collections::BTreeSet;

use super::code::NO_COMMON_COMMIT;
use super::delivery::{Delivery, git_failed};
use crate::config::{self, Loaded, Repository};
use crate::diagnostic::{Finding, Findings};
use crate::git::{Branch, HistoryError, ObjectError, ObjectName, Revision};
use crate::history::{AskedApps, Record, record};
use crate::promote::{AppSelection, LoadedBase, Override, Plan, ProposedChange, assess_change};
use crate::sites::{Model, ModelScope};
use crate::source::{Location, RepoPath, Tree};

/// The most commits of a change whose records are read.
const MOST_COMMITS: usize = 1000;

/// What the gates say about a change.
#[derive(Debug)]
pub struct JudgedChange {
    /// What it was judged against.
    pub base: Revision,
    /// The change's own commit.
    pub head: Revision,
    /// A plan for each environment that it changes.
    pub plans: Vec<Plan>,
    /// Findings about the base's configuration that do not stop it.
    pub warnings: Findings,
}

impl Delivery<'_> {
    /// Judges a change: everything from where `head` left the base up to `head`.
    ///
    /// # Errors
    ///
    /// The base or `head` is not in this clone, or the change cannot be read.
    pub fn judge(&self, head: &str, overrides: &[Override]) -> Result<JudgedChange, Findings> {
        let workspace = self.workspace;
        let base = workspace.require_base()?.clone();
        let head = workspace.head(head)?;
        let fork = self.fork(&base.commit, &head.commit)?;
        let (head_tree, fork_tree) = (workspace.tree_of(&head.commit)?, workspace.tree_of(&fork)?);
        let base_tree = workspace.tree_of(&base.commit)?;
        let Loaded { repository, warnings, .. } = config::load_apps(&base_tree, &BTreeSet::new())?;
        let apps = self.possible_apps(&repository, [&fork, &head.commit])?;
        let branch = base.branch.clone().or_else(|| workspace.likely_branch());
        let branch = branch.as_ref().map(Branch::name);
        let loaded = LoadedBase::at(workspace, &base.commit, branch, &apps)?;
        let model = |tree: &Tree| Model::of_tree(loaded.repository(), tree, loaded.scope());
        let (head_model, fork_model) = (model(&head_tree), model(&fork_tree));
        let unread = head_model.findings_of_files(|_| true);
        // Apps whose files the change made unreadable would pass for removed ones.
        if unread.has_errors() && !fork_model.findings_of_files(|_| true).has_errors() {
            return Err(unread);
        }
        let records = self.records(&fork, &head.commit)?;
        let change = ProposedChange {
            tree: &head_tree,
            model: &head_model,
            fork: &fork_model,
            records: &records,
            overrides,
            renderer: self.renderer,
        };
        let plans = loaded.ask(self.now, AskedApps::Few, |base| assess_change(base, &change))?;
        Ok(JudgedChange { base, head, plans, warnings })
    }

    /// The apps that a change may change: those of the files that it changes; all if the
    /// paths of these do not tell.
    fn possible_apps(
        &self,
        repository: &Repository,
        [fork, head]: [&ObjectName; 2],
    ) -> Result<AppSelection, Findings> {
        let clone = self.workspace.require_clone()?;
        let model = Model::empty(repository, &ModelScope::all());
        let failed = |error: ObjectError| error.finding();
        for commit in [fork, head] {
            let tree = self.workspace.tree_of(commit)?;
            let mut directories = repository.environments.iter().map(|one| &one.directory);
            let is_there = |directory: &RepoPath| tree.has_directory(directory).unwrap_or(false);
            // A file that is read through a link changes with another one.
            if !directories.all(is_there)
                || !clone.has_plain_files(commit, &model.paths()).map_err(failed)?
            {
                return Ok(AppSelection::All);
            }
        }
        let files = clone.changed_files(fork, head).map_err(failed)?;
        let apps = files.and_then(|files| model.possible_apps(&files));
        Ok(apps.map_or(AppSelection::All, |apps| AppSelection::Named(apps.into_iter().collect())))
    }

    /// The commit where a change left its base.
    fn fork(&self, base: &ObjectName, head: &ObjectName) -> Result<ObjectName, Findings> {
        let clone = self.workspace.require_clone()?;
        if let Some(fork) = clone.merge_base(base, head).map_err(|error| git_failed(&error))? {
            return Ok(fork);
        }
        let at = Location::of_repository();
        let (base, head) = (base.short(), head.short());
        let because = format!("{base} and {head} have no commit in common here");
        if clone.is_shallow() {
            let error = HistoryError::Shallow { fetch: clone.unshallow() };
            return Err(crate::history::finding(&error, &at).because(because).into());
        }
        let message = "the change does not come from the base";
        Err(Finding::new(&NO_COMMON_COMMIT, message, at)
            .because(because)
            .help("name another base with `--base`")
            .into())
    }

    /// The records of the commits between two, newest first.
    fn records(&self, from: &ObjectName, to: &ObjectName) -> Result<Vec<Record>, Findings> {
        let clone = self.workspace.require_clone()?;
        let objects = clone.objects();
        let mut records = Vec::new();
        let names = clone.commits_between(from, to, MOST_COMMITS);
        for name in names.map_err(|error| git_failed(&error))? {
            let (commit, _) = objects.commit(&name).map_err(|error| error.finding())?;
            records.extend(record::read(&commit.message));
        }
        Ok(records)
    }
}
