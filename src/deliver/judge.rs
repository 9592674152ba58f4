//! What the gates say about a change, whoever made it.

use std::collections::BTreeSet;

use super::code::NO_COMMON_COMMIT;
use super::delivery::{Delivery, git_failed};
use crate::config::{self, Loaded, Repository};
use crate::diagnostic::{Finding, Findings};
use crate::git::{Branch, ChangedFiles, HistoryError, ObjectError, ObjectName, Revision};
use crate::history::{AskedApps, Record, record};
use crate::promote::{
    AppSelection, ChangeAssessment, ChangeSide, Gate, LoadedBase, Override, Plan, ProposedChange,
    assess_change,
};
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
    /// What no gate judges, and findings about the base's configuration that do not stop
    /// the change.
    pub findings: Findings,
}

/// The two sides of a change.
struct ComparedFiles {
    before: Tree,
    after: Tree,
    /// The files that differ.
    files: ChangedFiles,
}

impl Delivery<'_> {
    /// Judges a change: what merging `head` into the base would change there.
    ///
    /// # Errors
    ///
    /// The base or `head` is not in this clone, or the change cannot be read.
    pub fn judge(&self, head: &str, overrides: &[Override]) -> Result<JudgedChange, Findings> {
        let workspace = self.workspace;
        let base = workspace.require_base()?.clone();
        let head = workspace.head(head)?;
        let fork = self.fork(&base.commit, &head.commit)?;
        let base_tree = workspace.tree_of(&base.commit)?;
        let Loaded { repository, warnings, .. } = config::load_apps(&base_tree, &BTreeSet::new())?;
        let compared = self.compared(&base.commit, &fork, &head.commit)?;
        let apps =
            self.possible_apps(&repository, &compared, [&base.commit, &fork, &head.commit])?;
        let branch = base.branch.clone().or_else(|| workspace.likely_branch());
        let branch = branch.as_ref().map(Branch::name);
        let loaded = LoadedBase::at(workspace, &base.commit, branch, &apps)?;
        let model = |tree: &Tree| Model::of_tree(loaded.repository(), tree, loaded.scope());
        let (before, after) = (model(&compared.before), model(&compared.after));
        let unread = after.findings_of_files(|_| true);
        // Apps whose files the change made unreadable would pass for removed ones.
        if unread.has_errors() && !before.findings_of_files(|_| true).has_errors() {
            return Err(unread);
        }
        let records = self.records(&fork, &head.commit)?;
        let own = own_configuration(&compared, loaded.repository(), &apps)?;
        let settings = RepoPath::root().child("rungs.yaml");
        let reads_otherwise = compared.files.paths.contains(&settings);
        let own_model = own.as_ref().filter(|_| reads_otherwise);
        let own_model = own_model.map(|own| Model::of_tree(own, &compared.after, loaded.scope()));
        let change = ProposedChange {
            before: ChangeSide { tree: &compared.before, model: &before },
            after: ChangeSide { tree: &compared.after, model: &after },
            own: own_model.as_ref(),
            configuration: own.as_ref(),
            files: &compared.files.paths,
            apps: loaded.scope().apps.as_ref(),
            records: &records,
            overrides,
            gates: &Gate::ALL,
            renderer: self.renderer,
        };
        let assessed = loaded.ask(self.now, AskedApps::Few, |base| assess_change(base, &change))?;
        let ChangeAssessment { plans, mut findings } = assessed;
        findings.extend(warnings);
        Ok(JudgedChange { base, head, plans, findings })
    }

    /// The files of the base, and those that it would have with the change; where these
    /// conflict, the files from which the change started and its own.
    fn compared(
        &self,
        base: &ObjectName,
        fork: &ObjectName,
        head: &ObjectName,
    ) -> Result<ComparedFiles, Findings> {
        let clone = self.workspace.require_clone()?;
        let failed = |error: ObjectError| error.finding();
        let files = clone.changed_files(fork, head).map_err(failed)?;
        let tree = |commit| self.workspace.tree_of(commit);
        if base == fork {
            return Ok(ComparedFiles { before: tree(base)?, after: tree(head)?, files });
        }
        Ok(match clone.merged_files(fork, base, head).map_err(failed)? {
            Some(merged) => {
                let before = tree(base)?;
                let after = before.with_files(merged);
                ComparedFiles { before, after, files }
            }
            None => ComparedFiles { before: tree(fork)?, after: tree(head)?, files },
        })
    }

    /// The apps that a change may change: those of the files that it changes; all if the
    /// paths of these do not tell.
    fn possible_apps(
        &self,
        repository: &Repository,
        compared: &ComparedFiles,
        commits: [&ObjectName; 3],
    ) -> Result<AppSelection, Findings> {
        let clone = self.workspace.require_clone()?;
        let model = Model::empty(repository, &ModelScope::all());
        let failed = |error: ObjectError| error.finding();
        for commit in commits {
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
        let ChangedFiles { paths, is_complete } = &compared.files;
        let files: Vec<_> = paths.iter().cloned().collect();
        let apps = is_complete.then(|| model.possible_apps(&files)).flatten();
        let apps = apps.and_then(|apps| with_rendered(repository, &files, apps));
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

/// These apps, and those with rendered files among the changed ones; none if any app may be
/// rendered otherwise.
fn with_rendered(
    repository: &Repository,
    files: &[RepoPath],
    mut apps: BTreeSet<String>,
) -> Option<BTreeSet<String>> {
    if !repository.is_native() {
        return Some(apps);
    }
    let settings = RepoPath::root().child("environments");
    for path in files {
        // Files of forges and editors, and a README.
        let is_aside = path.as_str().starts_with('.') || path.as_str() == "README.md";
        match path.below(&repository.output) {
            Some(rendered) => apps.extend(rendered.split('/').nth(1).map(str::to_owned)),
            None if path.is_within(&settings) || is_aside => {}
            None => return None,
        }
    }
    Some(apps)
}

/// The configuration after a change; none if no file of it changes.
///
/// # Errors
///
/// It cannot be read: nothing could be judged once the change is merged.
fn own_configuration(
    compared: &ComparedFiles,
    base: &Repository,
    apps: &AppSelection,
) -> Result<Option<Repository>, Findings> {
    let directory = RepoPath::root().child("environments");
    let is_of_it = |path: &RepoPath| {
        path.as_str() == "rungs.yaml" || base.is_native() && path.is_within(&directory)
    };
    if !compared.files.paths.iter().any(is_of_it) {
        return Ok(None);
    }
    let loaded = match apps {
        AppSelection::Named(names) => {
            config::load_apps(&compared.after, &names.iter().cloned().collect())?
        }
        AppSelection::All | AppSelection::Train(_) => config::load(&compared.after)?,
    };
    Ok(Some(loaded.repository))
}
