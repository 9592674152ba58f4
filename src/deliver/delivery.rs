//! Computing a change at a base, and making the commit of it.

use std::cell::OnceCell;
use std::rc::Rc;

use jiff::Timestamp;

use super::code::{BASE_WITHOUT_SETTINGS, FILES_HERE, NOT_LOOKED_AT};
use super::last_base::LastBase;
use crate::config::{self, Repository};
use crate::diagnostic::{Finding, Findings};
use crate::git::{
    Branch, BuildError, CommitMetadata, ObjectName, ProgramError, Revision, Workspace,
};
use crate::history::AskedApps;
use crate::promote::{AppSelection, Intent, LoadedBase, PlannedChange, Submission};
use crate::source::{FileChanges, Location, RepoPath, Tree};
use crate::worker::Renderer;

/// What is needed to carry a change out.
pub struct Delivery<'w> {
    /// The clone, its remote and its base branch.
    pub(super) workspace: &'w Workspace,
    /// What renders.
    pub(super) renderer: &'w dyn Renderer,
    /// The time of the run.
    pub(super) now: Timestamp,
    /// The newest base, with the warnings about it, once it was asked for.
    newest: OnceCell<(Option<Revision>, Findings)>,
    /// The note that files here were not looked at, once somebody asks.
    not_looked_at: OnceCell<Option<Finding>>,
    last: LastBase,
}

impl<'w> Delivery<'w> {
    /// A delivery in a workspace, at the time of the run.
    pub fn new(workspace: &'w Workspace, renderer: &'w dyn Renderer, now: Timestamp) -> Self {
        let (newest, not_looked_at) = (OnceCell::new(), OnceCell::new());
        Self { workspace, renderer, now, newest, not_looked_at, last: LastBase::default() }
    }

    /// How a change is made; `direct` if it goes straight onto the base.
    pub(super) fn submission(&self, direct: bool) -> Submission<'w> {
        let requested_by = self.workspace.requested_by();
        Submission { direct, requested_by, renderer: self.renderer }
    }

    /// Computes an intent at the newest base, and returns that base; in the work
    /// tree if there is no clone.
    pub(super) fn compute_newest(
        &self,
        intent: &dyn Intent,
        submission: &Submission<'_>,
    ) -> Result<(PlannedChange, Option<Revision>), Findings> {
        let (base, warnings) = self.newest_base()?;
        let without_settings = base.as_ref().filter(|base| is_unconfigured(self.workspace, base));
        if let Some(base) = without_settings {
            let tree = || Ok(self.workspace.work_tree());
            let mut planned = self.compute(&*self.base_here(tree, intent)?, intent, submission)?;
            planned.warnings.extend(warnings);
            planned.warnings.push(files_here(base));
            return Ok((planned, None));
        }
        let planned = if let Some(base) = &base {
            self.compute_at(&base.commit, base.branch_name(), intent, submission)
        } else {
            let base = self.base_here(|| self.workspace.files(), intent)?;
            self.compute(&base, intent, submission)
        };
        match planned {
            Ok(mut planned) => {
                planned.warnings.extend(warnings);
                Ok((planned, base))
            }
            // That the base may be out of date matters most if nothing can be planned.
            Err(mut findings) => {
                findings.extend(warnings);
                Err(findings)
            }
        }
    }

    /// The newest base, with the warnings about it. The remote is asked once: what is only shown
    /// is planned for one moment.
    fn newest_base(&self) -> Result<(Option<Revision>, Findings), Findings> {
        if let Some(known) = self.newest.get() {
            return Ok(known.clone());
        }
        let mut warnings = Findings::new();
        let base = self.workspace.newest_base(&mut warnings)?;
        Ok(self.newest.get_or_init(|| (base, warnings)).clone())
    }

    /// The configuration of the newest base, without that of apps; of the files here if the
    /// base has none.
    pub fn repository(&self) -> Result<Repository, Findings> {
        let (base, _) = self.newest_base()?;
        let base = base.filter(|base| !is_unconfigured(self.workspace, base));
        let tree = match base {
            Some(base) => self.workspace.tree_of(&base.commit)?,
            None => self.workspace.files()?,
        };
        Ok(config::load_names(&tree)?.repository)
    }

    /// Computes an intent at a commit of a branch.
    pub(super) fn compute_at(
        &self,
        commit: &ObjectName,
        branch: Option<&str>,
        intent: &dyn Intent,
        submission: &Submission<'_>,
    ) -> Result<PlannedChange, Findings> {
        let tip = (commit.clone(), branch.map(str::to_owned));
        let read = || {
            let base = LoadedBase::at(self.workspace, commit, branch, &intent.apps());
            base.map_err(|findings| {
                let named = self.workspace.base().ok().flatten();
                let named = named.filter(|one| one.branch_name() == branch);
                match named.filter(|base| is_unconfigured(self.workspace, base)) {
                    Some(base) => base_without_settings(base).into(),
                    None => findings,
                }
            })
        };
        let base = self.last.or_read(self.workspace, Some(tip), intent.apps(), read)?;
        self.compute(&base, intent, submission)
    }

    /// The files of the work tree as a base, with the history of what is checked out.
    pub(super) fn base_here(
        &self,
        tree: impl FnOnce() -> Result<Tree, Findings>,
        intent: &dyn Intent,
    ) -> Result<Rc<LoadedBase>, Findings> {
        self.last.or_read(self.workspace, None, intent.apps(), || {
            let base = LoadedBase::without_history(tree()?, &intent.apps())?;
            if let Some(clone) = self.workspace.local_clone()?
                && let Some(head) = clone.head().map_err(|error| error.finding())?
            {
                let branch = self.workspace.likely_branch();
                return base.with_history(self.workspace, head, branch.as_ref().map(Branch::name));
            }
            Ok(base)
        })
    }

    /// Takes note of files that were written here.
    pub(super) fn wrote(&self, files: &FileChanges) {
        self.last.wrote(files);
    }

    /// [`not_looked_at`], which is found once.
    pub fn not_looked_at(&self, base: &Revision, help: &str) -> Option<Finding> {
        self.not_looked_at.get_or_init(|| not_looked_at(self.workspace, base, help)).clone()
    }

    pub(super) fn compute(
        &self,
        base: &LoadedBase,
        intent: &dyn Intent,
        submission: &Submission<'_>,
    ) -> Result<PlannedChange, Findings> {
        let asked = match intent.apps() {
            AppSelection::All => AskedApps::Most,
            AppSelection::Named(_) | AppSelection::Train(_) => AskedApps::Few,
        };
        let mut planned = base.ask(self.now, asked, |base| intent.at(base, submission))?;
        planned.warnings.extend(base.warnings());
        Ok(planned)
    }

    /// Makes the commit that follows `base` with the planned files; none if
    /// nothing differs.
    pub(super) fn commit(
        &self,
        base: &ObjectName,
        planned: &PlannedChange,
    ) -> Result<Option<ObjectName>, Findings> {
        let metadata = CommitMetadata {
            message: &planned.message,
            identity: self.workspace.identity()?,
            time: self.now,
        };
        let made = self.workspace.writer()?.commit(base, &planned.files, &metadata);
        made.map_err(|error: BuildError| error.finding().into())
    }
}

/// Whether only the files here have the configuration, and not the base.
pub fn is_unconfigured(workspace: &Workspace, base: &Revision) -> bool {
    let has_settings = |tree: &Tree| {
        let path = RepoPath::root().child("rungs.yaml");
        tree.bytes_if_present(&path).is_ok_and(|bytes| bytes.is_some())
    };
    let here = workspace.require_work_tree().is_ok() && has_settings(&workspace.work_tree());
    here && workspace.tree_of(&base.commit).is_ok_and(|tree| !has_settings(&tree))
}

/// The note that the files here were looked at.
pub fn files_here(base: &Revision) -> Finding {
    let message = format!("`{}` has no `rungs.yaml` yet", base.name);
    let at = Location::of_path(&RepoPath::root().child("rungs.yaml"));
    Finding::new(&FILES_HERE, message, at).because("the files here were looked at")
}

/// The note that files here which would be read have changes that are not committed, because
/// the base was looked at; none if there are none. `help` says how to look at the files here.
pub fn not_looked_at(workspace: &Workspace, base: &Revision, help: &str) -> Option<Finding> {
    let clone = workspace.local_clone().ok().flatten()?;
    workspace.require_work_tree().ok()?;
    let uncommitted = clone.uncommitted_here().ok()?;
    if uncommitted.is_empty() {
        return None;
    }
    let tree = workspace.tree_of(&base.commit).ok()?;
    let repository = config::load_names(&tree).ok()?.repository;
    let here = workspace.work_tree();
    let differs = |path: &RepoPath| {
        let of = |tree: &Tree| tree.bytes_if_present(path).ok().flatten();
        of(&here) != of(&tree)
    };
    let mut read =
        uncommitted.into_iter().filter(|path| repository.may_read(path) && differs(path));
    let first = read.next()?;
    let (more, have) = match read.count() {
        0 => (String::new(), "has"),
        1 => (" and another file".to_owned(), "have"),
        more => (format!(" and {more} other files"), "have"),
    };
    let message = format!("`{first}`{more} {have} uncommitted changes, which were not looked at");
    Some(
        Finding::new(&NOT_LOOKED_AT, message, Location::of_path(&first))
            .because(format!("what is shown is what `{}` has", base.name))
            .help(help),
    )
}

/// The finding that nothing can be delivered to a base without a configuration.
pub(super) fn base_without_settings(base: &Revision) -> Finding {
    let message = format!("`{}` has no `rungs.yaml` yet", base.name);
    let at = Location::of_path(&RepoPath::root().child("rungs.yaml"));
    Finding::new(&BASE_WITHOUT_SETTINGS, message, at)
        .because("only the files here have it")
        .help(format!("merge it into `{}` first; until then, use `--dry-run`", base.name))
}

/// The finding that git could not be run, or failed.
pub(super) fn git_failed(error: &ProgramError) -> Finding {
    error.finding(Location::of_repository())
}
