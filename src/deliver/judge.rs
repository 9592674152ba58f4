//! What the gates say about a change, whoever made it.

use std::collections::BTreeSet;

use super::code::{CONFLICTS, FIRST_PARENTS_REPLACED, NO_COMMON_COMMIT, TOO_MANY_COMMITS};
use super::delivery::{Delivery, base_without_settings, git_failed, is_unconfigured};
use crate::config::{self, Loaded, MergeStyle, Repository};
use crate::diagnostic::{Finding, Findings};
use crate::git::{
    Branch, ChangedFiles, Commit, HistoryError, ObjectError, ObjectName, ProgramError, Revision,
};
use crate::history::{AskedApps, Record, record};
use crate::holds;
use crate::promote::{
    AppSelection, Base, ChangeAssessment, ChangeSide, DeployedApps, Gate, LoadedBase, Override,
    Plan, ProposedChange, assess_change, possible_apps, worst,
};
use crate::sites::{Model, ModelScope};
use crate::source::{FileChanges, Location, RepoPath, Tree};

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
    /// Whether they are the change's own sides, because it cannot be merged.
    is_conflict: bool,
}

impl ComparedFiles {
    fn is_reconfigured(&self) -> bool {
        is_reconfigured(&self.before, &self.after)
    }
}

/// What the messages of a change's commits say of it.
#[derive(Default)]
struct ChangeClaims {
    records: Vec<Record>,
    /// The commits that they say they revert.
    reverts: Vec<ObjectName>,
}

impl ChangeClaims {
    fn add(&mut self, message: &str) {
        self.records.extend(record::read(message));
        self.reverts.extend(record::reverted(message));
    }
}

/// A commit of a change, with the files that it changes against its first parent.
struct ChangeCommit {
    commit: Commit,
    files: ChangedFiles,
}

impl Delivery<'_> {
    /// Judges a change: what merging `head` into the base would change there.
    ///
    /// # Errors
    ///
    /// The base or `head` is not in this clone, or the change cannot be read.
    pub fn judge(
        &self,
        head: &str,
        overrides: &[Override],
        ticket: Option<&str>,
    ) -> Result<JudgedChange, Findings> {
        let workspace = self.workspace;
        let base = workspace.require_base()?.clone();
        let head = workspace.head(head)?;
        if is_unconfigured(workspace, &base) {
            return Err(base_without_settings(&base).into());
        }
        let fork = self.fork(&base.commit, &head.commit)?;
        let base_tree = workspace.tree_of(&base.commit)?;
        let Loaded { repository, warnings, .. } = config::load_apps(&base_tree, &BTreeSet::new())?;
        let compared = self.compared(&base.commit, &fork, &head.commit)?;
        let commits = self.commits(&repository, &base.commit, &head.commit)?;
        let mut files = compared.files.clone();
        files.add(commits.iter().map(|commit| &commit.files));
        let apps = self.possible_apps(
            &repository,
            &compared,
            &files,
            [&base.commit, &fork, &head.commit],
        )?;
        let branch = base.branch.clone().or_else(|| workspace.likely_branch());
        let branch = branch.as_ref().map(Branch::name);
        let loaded = LoadedBase::at(workspace, &base.commit, branch, &apps)?;
        let claims = self.claims(&base.commit, &head.commit)?;
        let own = own_configuration(&compared, &apps)?;
        let fork = workspace.tree_of(&fork)?;
        let deployed = DeployedApps::new(loaded.repository(), self.renderer);
        let judgement =
            Judging { delivery: self, loaded: &loaded, fork, deployed, overrides, ticket };
        let (holds, unread) = holds::readable(&base_tree, loaded.repository());
        // A change that mends holds which cannot be read has to be let in by something.
        if unread.has_errors() && holds::all(&compared.after, loaded.repository()).is_err() {
            return Err(unread);
        }
        let ask = |base: &Base<'_>| {
            let mut assessed = judgement.whole(base, &compared, &own, &claims)?;
            for commit in &commits {
                assessed.plans.extend(judgement.commit(base, commit)?);
            }
            Ok::<_, Findings>(assessed)
        };
        let assessed = loaded.ask_with(holds, self.now, AskedApps::Few, ask)?;
        let ChangeAssessment { plans, mut findings } = assessed;
        findings.extend(warnings);
        findings.extend(compared.is_conflict.then(|| conflicting(&base)));
        findings.extend(self.replaced_first_parents(&base, &head)?);
        Ok(JudgedChange { base, head, plans, findings })
    }

    /// The commits of a change that can enter the base branch's history one by one; none if
    /// pull requests land as a whole, or if there is only one.
    fn commits(
        &self,
        repository: &Repository,
        base: &ObjectName,
        head: &ObjectName,
    ) -> Result<Vec<ChangeCommit>, Findings> {
        let merge = repository.forge.as_ref().and_then(|forge| forge.merge);
        if matches!(merge, Some(MergeStyle::Squash | MergeStyle::Merge)) {
            return Ok(Vec::new());
        }
        let clone = self.workspace.require_clone()?;
        let names = clone.commits_between(base, head, MOST_COMMITS + 1);
        let names = names.map_err(|error| git_failed(&error))?;
        if names.len() > MOST_COMMITS {
            return Err(too_many_commits().into());
        }
        if names.len() < 2 {
            return Ok(Vec::new());
        }
        let objects = clone.objects();
        let mut commits = Vec::new();
        // The oldest first.
        for name in names.iter().rev() {
            let (commit, _) = objects.commit(name).map_err(|error| error.finding())?;
            let Some(parent) = commit.parents.first() else { continue };
            let files = clone.changed_files(parent, name).map_err(|error| error.finding())?;
            commits.push(ChangeCommit { commit, files });
        }
        Ok(commits)
    }

    /// The warning that pushing the change as it is would put the base's own commits aside.
    fn replaced_first_parents(
        &self,
        base: &Revision,
        head: &Revision,
    ) -> Result<Option<Finding>, Findings> {
        let clone = self.workspace.require_clone()?;
        let failed = |error: ProgramError| git_failed(&error);
        if base.commit == head.commit
            || !clone.is_ancestor(&base.commit, &head.commit).map_err(failed)?
            || clone.is_first_parent(&base.commit, &head.commit).map_err(failed)?
        {
            return Ok(None);
        }
        let name = &base.name;
        let message = format!("`{name}` was merged into the change, and not the other way round");
        let finding = Finding::new(&FIRST_PARENTS_REPLACED, message, Location::of_repository())
            .because(format!("pushed as `{name}` itself, it would put what stood there aside"))
            .help("land it with a request, or rebase it before it is pushed");
        Ok(Some(finding))
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
        let mut files = clone.changed_files(fork, head).map_err(failed)?;
        let tree = |commit| self.workspace.tree_of(commit);
        if base == fork {
            let (before, after) = (tree(base)?, tree(head)?);
            return Ok(ComparedFiles { before, after, files, is_conflict: false });
        }
        let merged = clone.merged_files(fork, base, head).map_err(failed)?;
        let is_conflict = merged.is_none();
        // What the base renamed changes at its new place.
        files.paths.extend(merged.iter().flat_map(FileChanges::paths).cloned());
        let (before, after) = match merged {
            Some(merged) => (tree(base)?, tree(base)?.with_files(merged)),
            None => (tree(fork)?, tree(head)?),
        };
        Ok(ComparedFiles { before, after, files, is_conflict })
    }

    /// The apps that a change may change: those of the files that it changes; all if the
    /// paths of these do not tell.
    fn possible_apps(
        &self,
        repository: &Repository,
        compared: &ComparedFiles,
        files: &ChangedFiles,
        commits: [&ObjectName; 3],
    ) -> Result<AppSelection, Findings> {
        // The change's own configuration may read other files.
        if compared.is_reconfigured() {
            return Ok(AppSelection::All);
        }
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
        let paths: Vec<_> = files.paths.iter().cloned().collect();
        let apps = files.is_complete().then(|| possible_apps(repository, &model, &paths)).flatten();
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

    /// What the messages of the commits between two say, newest first.
    fn claims(&self, from: &ObjectName, to: &ObjectName) -> Result<ChangeClaims, Findings> {
        let clone = self.workspace.require_clone()?;
        let objects = clone.objects();
        let mut claims = ChangeClaims::default();
        let names = clone.commits_between(from, to, MOST_COMMITS);
        for name in names.map_err(|error| git_failed(&error))? {
            let (commit, _) = objects.commit(&name).map_err(|error| error.finding())?;
            claims.add(&commit.message);
        }
        Ok(claims)
    }
}

/// Judges a change at a base.
struct Judging<'a> {
    delivery: &'a Delivery<'a>,
    loaded: &'a LoadedBase,
    /// The files where the change left the base.
    fork: Tree,
    /// What commits deploy.
    deployed: DeployedApps<'a>,
    overrides: &'a [Override],
    ticket: Option<&'a str>,
}

impl Judging<'_> {
    /// The assessment of the change as a whole.
    fn whole(
        &self,
        base: &Base<'_>,
        compared: &ComparedFiles,
        own: &Repository,
        claims: &ChangeClaims,
    ) -> Result<ChangeAssessment, Findings> {
        let repository = self.loaded.repository();
        let scope = self.loaded.scope();
        let model = |tree: &Tree| Model::of_tree(repository, tree, scope);
        let (before, after) = (model(&compared.before), model(&compared.after));
        let new = new_findings(&before, &after)?;
        let own_model = compared.is_reconfigured();
        let own_model = own_model.then(|| Model::of_tree(own, &compared.after, scope));
        let change = ProposedChange {
            before: ChangeSide { tree: &compared.before, model: &before },
            after: ChangeSide { tree: &compared.after, model: &after },
            own: own_model.as_ref(),
            configuration: Some(own),
            files: &compared.files.paths,
            unnamed: &compared.files.unnamed,
            apps: scope.apps.as_ref(),
            records: &claims.records,
            reverts: &claims.reverts,
            overrides: self.overrides,
            ticket: self.ticket,
            gates: &Gate::ALL,
            renderer: self.delivery.renderer,
            deployed: &self.deployed,
        };
        let mut assessment = assess_change(base, &change)?;
        assessment.findings.extend(new);
        Ok(assessment)
    }

    /// The plans of what a commit of the change would bring by itself, and may not.
    fn commit(&self, base: &Base<'_>, one: &ChangeCommit) -> Result<Vec<Plan>, Findings> {
        let ChangeCommit { commit, files } = one;
        let workspace = self.delivery.workspace;
        let Some((first, others)) = commit.parents.split_first() else { return Ok(Vec::new()) };
        let repository = self.loaded.repository();
        let touched: Vec<_> = files.paths.iter().cloned().collect();
        let model = Model::empty(repository, &ModelScope::all());
        let after = workspace.tree_of(&commit.id)?;
        let own = own_repository([&self.loaded.tree, &self.fork], &after)?;
        let apps = possible_apps(repository, &model, &touched);
        let scope = match apps.filter(|_| files.is_complete() && own.is_none()) {
            Some(apps) if apps.is_empty() => return Ok(Vec::new()),
            Some(apps) => ModelScope { environments: None, apps: Some(apps) },
            None => self.loaded.scope().clone(),
        };
        let after_model = Model::of_tree(repository, &after, &scope);
        let own_model = own.as_ref().map(|own| Model::of_tree(own, &after, &scope));
        let mut claims = ChangeClaims::default();
        claims.add(&commit.message);
        let gates: Vec<Gate> = Gate::ALL.into_iter().filter(|gate| gate.judges_commits()).collect();
        let plans_against = |parent: &ObjectName, files: &ChangedFiles| {
            let before = workspace.tree_of(parent)?;
            let before_model = Model::of_tree(repository, &before, &scope);
            new_findings(&before_model, &after_model)?;
            let change = ProposedChange {
                before: ChangeSide { tree: &before, model: &before_model },
                after: ChangeSide { tree: &after, model: &after_model },
                own: own_model.as_ref(),
                configuration: None,
                files: &files.paths,
                unnamed: &files.unnamed,
                apps: scope.apps.as_ref(),
                records: &claims.records,
                reverts: &claims.reverts,
                overrides: self.overrides,
                ticket: self.ticket,
                gates: &gates,
                renderer: self.delivery.renderer,
                deployed: &self.deployed,
            };
            let ChangeAssessment { plans, findings } = assess_change(base, &change)?;
            // What is worth a note is said of the whole change.
            let errors: Findings = findings.into_iter().filter(Finding::is_error).collect();
            if errors.has_errors() { Err(errors) } else { Ok(plans) }
        };
        let mut plans = plans_against(first, files)?;
        for plan in &mut plans {
            plan.commit = Some(commit.id.clone());
            plan.apps.retain(|app| worst(&app.gates).is_some());
        }
        // What a merge takes from one side was judged there.
        for parent in others {
            if plans.iter().all(|plan| plan.apps.is_empty()) {
                break;
            }
            let clone = workspace.require_clone()?;
            let files = clone.changed_files(parent, &commit.id).map_err(|error| error.finding())?;
            let against = plans_against(parent, &files)?;
            for plan in &mut plans {
                let same = against.iter().find(|one| one.environment == plan.environment);
                let apps: Vec<_> = same.iter().flat_map(|one| &one.apps).collect();
                plan.apps.retain(|app| apps.iter().any(|one| one.app == app.app));
            }
        }
        plans.retain(|plan| !plan.apps.is_empty());
        Ok(plans)
    }
}

/// What is found in the files of sites after a change and was not before. A file that cannot be
/// read any more is an error: its apps would pass for removed ones.
fn new_findings(before: &Model, after: &Model) -> Result<Findings, Findings> {
    let known = before.findings_of_files(|_| true);
    let is_new = |finding: &Finding| {
        let is_it = |one: &Finding| {
            one.code == finding.code && one.location().path() == finding.location().path()
        };
        !known.iter().any(is_it)
    };
    let found = after.findings_of_files(|_| true);
    let (errors, others): (Vec<_>, Vec<_>) =
        found.into_iter().filter(is_new).partition(Finding::is_error);
    if errors.is_empty() {
        Ok(others.into_iter().collect())
    } else {
        Err(errors.into_iter().collect())
    }
}

/// A change that cannot be merged as it is.
fn conflicting(base: &Revision) -> Finding {
    let message = format!("the change conflicts with `{}`", base.name);
    Finding::new(&CONFLICTS, message, Location::of_repository())
        .because("what it would be merged to is not known")
        .help(format!("merge `{}` into it, or rebase it", base.name))
}

fn too_many_commits() -> Finding {
    let message = format!("the change has more than {MOST_COMMITS} commits");
    Finding::new(&TOO_MANY_COMMITS, message, Location::of_repository())
        .because("each may enter the branch's history, and is judged")
        .help("squash it, or say `forge: { merge: squash }` if that is how it lands")
}

/// Whether `rungs.yaml` says something else in another tree, also if it is read through a link.
fn is_reconfigured(one: &Tree, other: &Tree) -> bool {
    let path = RepoPath::root().child("rungs.yaml");
    let text = |tree: &Tree| tree.read(&path).ok().map(|file| file.text().to_owned());
    text(one) != text(other)
}

/// The configuration of a commit, without the settings of apps, if none of the known trees
/// has it.
fn own_repository(known: [&Tree; 2], after: &Tree) -> Result<Option<Repository>, Findings> {
    if known.iter().any(|known| !is_reconfigured(known, after)) {
        return Ok(None);
    }
    Ok(Some(config::load_names(after)?.repository))
}

/// The configuration after a change, whichever files it is read from.
///
/// # Errors
///
/// It cannot be read: nothing could be judged once the change is merged.
fn own_configuration(
    compared: &ComparedFiles,
    apps: &AppSelection,
) -> Result<Repository, Findings> {
    let loaded = match apps {
        AppSelection::Named(names) => {
            config::load_apps(&compared.after, &names.iter().cloned().collect())
        }
        AppSelection::All | AppSelection::Train(_) => config::load(&compared.after),
    };
    // An app whose settings cannot be read does not render either.
    let loaded = loaded.or_else(|_| config::load_names(&compared.after))?;
    Ok(loaded.repository)
}
