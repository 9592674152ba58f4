//! What commands work with: a clone, or only a directory, and who asks.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use super::code::{NO_CLONE, UNKNOWN_REVISION};
use crate::config::{self, Loaded};
use crate::diagnostic::{Finding, Findings};
use crate::git::{
    self, Branch, CloneWriter, CommitIdentity, HistoryError, LocalClone, Log, ObjectName, Remote,
    RemoteError, Variables, requested_by,
};
use crate::history::{BranchHistory, Commits, Record, record};
use crate::promote::{Base, Computed, How, Intent, Override, Plan, ProposedChange, assess_change};
use crate::sites::{Model, ModelScope};
use crate::source::{Location, RepoPath, Tree};
use crate::yaml::{Dialect, Route, parse};

/// What commands that change something work with.
pub struct Desk {
    /// The directory that holds `rungs.yaml`, or a bare clone.
    directory: PathBuf,
    clone: Option<Arc<LocalClone>>,
    variables: Variables,
    asked: Where,
    writer: OnceCell<CloneWriter>,
    remote: OnceCell<Upstream>,
    identity: OnceCell<CommitIdentity>,
}

/// What a person says of where changes go and who makes them.
#[derive(Debug, Clone, Default)]
pub struct Where {
    /// The base branch.
    pub base: Option<String>,
    /// The remote.
    pub remote: Option<String>,
    /// The author.
    pub author: Option<String>,
}

/// The remote and its branch that is deployed.
pub(super) struct Upstream {
    pub(super) remote: Remote,
    pub(super) base: Branch,
}

/// What the gates say of a change.
#[derive(Debug)]
pub struct Judged {
    /// The base's tip.
    pub base: ObjectName,
    /// The change's.
    pub head: ObjectName,
    /// Each environment that it changes.
    pub plans: Vec<Plan>,
    /// What was noticed and stops nobody.
    pub warnings: Findings,
}

/// The files of a base and what they say.
struct Opened {
    /// The commit; none for the work tree.
    commit: Option<ObjectName>,
    /// Its files.
    tree: Tree,
    /// Its configuration, of the apps that are asked for.
    loaded: Loaded,
    /// Its sites.
    model: Model,
}

impl Desk {
    /// At a directory. `variables` are the process's.
    ///
    /// # Errors
    ///
    /// The clone that the directory stands in cannot be opened.
    pub fn open(directory: PathBuf, asked: Where, variables: Variables) -> Result<Self, Findings> {
        let clone = LocalClone::containing(&directory).map_err(failed)?;
        Ok(Self {
            directory,
            clone: clone.map(Arc::new),
            variables,
            asked,
            writer: OnceCell::new(),
            remote: OnceCell::new(),
            identity: OnceCell::new(),
        })
    }

    /// How a change is made; `direct` where it goes straight onto the base.
    pub(super) fn how(&self, direct: bool) -> How {
        How { direct, requested_by: self.requested_by() }
    }

    /// Who asks: as the CI says, else the author.
    pub fn requested_by(&self) -> Option<String> {
        let author = || self.identity().ok().map(|identity| identity.author.to_string());
        requested_by(&self.variables).or_else(author)
    }

    pub(super) fn clone(&self) -> Result<&Arc<LocalClone>, Findings> {
        self.clone.as_ref().ok_or_else(|| {
            let at = Location::of_path(&RepoPath::root());
            let message = format!("`{}` is in no git repository", self.directory.display());
            Finding::new(&NO_CLONE, message, at)
                .help("use `--write` to change the files alone, or name a clone with `--repo`")
                .into()
        })
    }

    pub(super) fn directory(&self) -> &std::path::Path {
        &self.directory
    }

    pub(super) fn writer(&self) -> Result<&CloneWriter, Findings> {
        if let Some(writer) = self.writer.get() {
            return Ok(writer);
        }
        let clone = Arc::clone(self.clone()?);
        let writer = CloneWriter::new(clone, &self.variables)
            .map_err(|error| Findings::from(error.finding(Location::of_path(&RepoPath::root()))))?;
        Ok(self.writer.get_or_init(|| writer))
    }

    pub(super) fn remote(&self) -> Result<&Upstream, Findings> {
        if let Some(remote) = self.remote.get() {
            return Ok(remote);
        }
        let writer = self.writer()?;
        let remote = Remote::of(self.asked.remote.as_deref(), writer.config())?;
        let configured = self.configured_base();
        let asked = self.asked.base.as_deref();
        let base = writer.base_branch(&remote, asked, configured.as_deref(), &self.variables)?;
        Ok(self.remote.get_or_init(|| Upstream { remote, base }))
    }

    /// The remote and its branch; none where there is none and nobody named
    /// one.
    fn upstream(&self) -> Result<Option<&Upstream>, Findings> {
        match self.remote() {
            Ok(upstream) => Ok(Some(upstream)),
            Err(findings) if self.asked.remote.is_some() || self.asked.base.is_some() => {
                Err(findings)
            }
            Err(_) => Ok(None),
        }
    }

    /// `forge.base`, read from the files at hand before anything says which
    /// branch they should be of.
    fn configured_base(&self) -> Option<String> {
        let tree = self.at_hand().ok()?;
        let file = tree.read(&RepoPath::root().child("rungs.yaml")).ok()?;
        let documents = parse(&file, Dialect::Kubectl).ok()?;
        let route = Route::parse("forge.base").expect("it is a route");
        Some(route.find(documents.first()?.root())?.as_str()?.to_owned())
    }

    /// The work tree, or the files of a bare clone's `HEAD`.
    fn at_hand(&self) -> Result<Tree, Findings> {
        let Some(clone) = self.clone.as_ref().filter(|clone| clone.is_bare()) else {
            return Ok(git::work_tree(&self.directory));
        };
        let head = clone.head().map_err(failed)?.ok_or_else(|| failed("it has no commit yet"))?;
        clone.tree_of(&head).map_err(|error| failed(error).into())
    }

    pub(super) fn identity(&self) -> Result<&CommitIdentity, Findings> {
        if let Some(identity) = self.identity.get() {
            return Ok(identity);
        }
        let config = self.writer()?.config();
        let identity = CommitIdentity::of(self.asked.author.as_deref(), &self.variables, config)?;
        Ok(self.identity.get_or_init(|| identity))
    }

    /// The commit that the base branch has as far as this clone knows: the
    /// remote's, or the checked-out branch's where there is no remote; none
    /// where there is no clone or no commit.
    pub fn known_tip(&self) -> Result<Option<ObjectName>, Findings> {
        let Some(clone) = &self.clone else { return Ok(None) };
        if let Some(upstream) = self.upstream()? {
            let tip = self.writer()?.known_tip(&upstream.remote, &upstream.base);
            if let Some(tip) = tip.map_err(failed)? {
                return Ok(Some(tip));
            }
        }
        clone.head().map_err(|error| failed(error).into())
    }

    /// The files of the base as far as this clone knows it, with their
    /// configuration; those of the work tree where there is no clone.
    pub fn known(&self) -> Result<(Tree, Loaded), Findings> {
        let tree = match (&self.clone, self.known_tip()?) {
            (Some(clone), Some(tip)) => clone.tree_of(&tip).map_err(failed)?,
            _ => git::work_tree(&self.directory),
        };
        let loaded = config::load(&tree)?;
        Ok((tree, loaded))
    }

    /// The commit that the remote's base branch has now.
    pub(super) fn newest_base(&self) -> Result<ObjectName, Findings> {
        let upstream = self.remote()?;
        let tip = self.writer()?.fetch_tip(&upstream.remote, &upstream.base);
        let tip = tip.map_err(|error| error.finding())?;
        let missing = || RemoteError::NoBranch {
            remote: upstream.remote.name().to_owned(),
            branch: upstream.base.name().to_owned(),
        };
        tip.ok_or_else(|| missing().finding().into())
    }

    /// The commit that the base branch has now. Where the remote cannot be
    /// reached, what is known of it, with a warning.
    fn newest_tip(&self, warnings: &mut Findings) -> Result<Option<ObjectName>, Findings> {
        if self.clone.is_some()
            && let Some(upstream) = self.upstream()?
        {
            match self.writer()?.fetch_tip(&upstream.remote, &upstream.base) {
                Ok(Some(tip)) => return Ok(Some(tip)),
                Ok(None) if self.asked.base.is_some() => return self.newest_base().map(Some),
                Ok(None) => {}
                Err(error) => {
                    let mut finding = error.finding();
                    finding.severity = crate::diagnostic::Severity::Warning;
                    warnings.push(finding.help("this is of what was fetched before"));
                }
            }
        }
        self.known_tip()
    }

    /// What the gates say of a change: of everything between where `head` left
    /// the branch of `base`, and `head`. Both are whatever git takes for a
    /// commit.
    ///
    /// # Errors
    ///
    /// One of them is no commit, or the change cannot be read.
    pub fn judge(
        &self,
        base: &str,
        head: &str,
        overrides: &[Override],
    ) -> Result<Judged, Findings> {
        let clone = self.clone()?;
        let (base, head) = (self.revision(base)?, self.revision(head)?);
        let fork = self.merge_base(&base, &head)?;
        let tree = |commit: &ObjectName| clone.tree_of(commit).map_err(failed);
        let (tree, head_tree, fork_tree) = (tree(&base)?, tree(&head)?, tree(&fork)?);
        let loaded = config::load(&tree)?;
        let model = |tree: &Tree| Model::of_tree(&loaded.repository, tree, &ModelScope::all());
        let records = self.records(&fork, &head)?;
        let opened = Opened {
            commit: Some(base.clone()),
            model: model(&tree),
            tree,
            loaded: loaded.clone(),
        };
        let plans = self.with_base(&opened, Some(&base), |base| {
            let change = ProposedChange {
                tree: &head_tree,
                model: &model(&head_tree),
                fork: &model(&fork_tree),
                records: &records,
                overrides,
            };
            assess_change(base, &change)
        })?;
        Ok(Judged { base, head, plans, warnings: loaded.warnings })
    }

    /// The commit that a person names.
    fn revision(&self, text: &str) -> Result<ObjectName, Findings> {
        let program = self.clone()?.program();
        let command = program.command("rev-parse").args(["--verify", "--quiet"]);
        let output = command.args(["--end-of-options", &format!("{text}^{{commit}}")]).output();
        let output = output.map_err(failed)?;
        ObjectName::parse(String::from_utf8_lossy(&output.stdout).trim()).ok_or_else(|| {
            let at = Location::of_path(&RepoPath::root());
            let message = format!("`{text}` is no commit of this clone");
            Finding::new(&UNKNOWN_REVISION, message, at)
                .help("fetch it, or name a branch, a tag or a commit that is there")
                .into()
        })
    }

    fn merge_base(&self, base: &ObjectName, head: &ObjectName) -> Result<ObjectName, Findings> {
        let program = self.clone()?.program();
        let command = program.command("merge-base").args([base.as_str(), head.as_str()]);
        let output = command.output().map_err(failed)?;
        let found = ObjectName::parse(String::from_utf8_lossy(&output.stdout).trim());
        found.ok_or_else(|| {
            let (base, head) = (base.short(), head.short());
            let fetch = self.clone().map(|clone| clone.unshallow()).unwrap_or_default();
            let error = HistoryError::Shallow { fetch };
            let at = Location::of_path(&RepoPath::root());
            let finding = crate::history::finding(&error, &at);
            finding.because(format!("{base} and {head} have no commit in common here")).into()
        })
    }

    /// What the commits between two say of themselves, the newest first.
    fn records(&self, from: &ObjectName, to: &ObjectName) -> Result<Vec<Record>, Findings> {
        let program = self.clone()?.program();
        let range = format!("{from}..{to}");
        let command = program.command("rev-list").args(["--max-count=1000", &range, "--"]);
        let output = command.run().map_err(failed)?;
        let objects = self.clone()?.objects();
        let mut records = Vec::new();
        for name in String::from_utf8_lossy(&output).lines().filter_map(ObjectName::parse) {
            let (commit, _) = objects.commit(&name).map_err(failed)?;
            records.extend(record::read(&commit.message));
        }
        Ok(records)
    }

    /// What an intent comes to at the newest tip; at the work tree where there
    /// is no clone.
    pub(super) fn compute_newest(
        &self,
        intent: &dyn Intent,
        how: &How,
    ) -> Result<Computed, Findings> {
        let mut warnings = Findings::new();
        let tip = self.newest_tip(&mut warnings)?;
        let mut computed = match tip {
            Some(tip) => self.compute_at(&tip, intent, how)?,
            None => self.compute_in_work_tree(intent, how)?,
        };
        computed.warnings.extend(warnings);
        Ok(computed)
    }

    /// What an intent comes to at a commit.
    pub(super) fn compute_at(
        &self,
        commit: &ObjectName,
        intent: &dyn Intent,
        how: &How,
    ) -> Result<Computed, Findings> {
        let tree = self.clone()?.tree_of(commit).map_err(failed)?;
        let opened = open(tree, Some(commit.clone()), intent)?;
        self.compute(&opened, Some(commit), intent, how)
    }

    /// What an intent comes to in the files of the work tree, with the history
    /// of what is checked out.
    pub(super) fn compute_in_work_tree(
        &self,
        intent: &dyn Intent,
        how: &How,
    ) -> Result<Computed, Findings> {
        let opened = open(git::work_tree(&self.directory), None, intent)?;
        let head = match &self.clone {
            Some(clone) => clone.head().map_err(failed)?,
            None => None,
        };
        self.compute(&opened, head.as_ref(), intent, how)
    }

    fn compute(
        &self,
        opened: &Opened,
        tip: Option<&ObjectName>,
        intent: &dyn Intent,
        how: &How,
    ) -> Result<Computed, Findings> {
        let mut computed = self.with_base(opened, tip, |base| intent.at(base, how))?;
        computed.warnings.extend(opened.loaded.warnings.clone());
        Ok(computed)
    }

    /// Asks about a base whose history ends at `tip`.
    fn with_base<T>(
        &self,
        opened: &Opened,
        tip: Option<&ObjectName>,
        ask: impl FnOnce(&Base<'_>) -> Result<T, Findings>,
    ) -> Result<T, Findings> {
        let branch = self.remote().ok().map(|upstream| upstream.base.name());
        let history = self.clone.as_ref().map(|clone| Log::new(Arc::clone(clone), branch));
        let objects = self.clone.as_ref().map(|clone| clone.objects());
        let commits = match (tip, &history, &objects) {
            (Some(tip), Some(history), Some(objects)) => {
                Some(Commits { tip, history, objects: &**objects })
            }
            _ => None,
        };
        let repository = &opened.loaded.repository;
        let history = BranchHistory::new(repository, &opened.tree, commits);
        let Opened { commit, tree, model, .. } = opened;
        let now = Timestamp::now();
        ask(&Base::new(commit.clone(), tree, repository, model, &history, now)?)
    }
}

/// Reads what an intent needs of a tree.
fn open(tree: Tree, commit: Option<ObjectName>, intent: &dyn Intent) -> Result<Opened, Findings> {
    let none = BTreeSet::new();
    let apps = if let Some(apps) = intent.apps() {
        Some(apps)
    } else {
        let settings = config::load_apps(&tree, &none)?;
        intent.apps_of(&settings.repository)?
    };
    let loaded = match &apps {
        Some(apps) => config::load_apps(&tree, apps)?,
        None => config::load(&tree)?,
    };
    let scope = ModelScope { environments: None, apps };
    let model = Model::of_tree(&loaded.repository, &tree, &scope);
    Ok(Opened { commit, tree, loaded, model })
}

pub(super) fn failed(error: impl std::fmt::Display) -> Finding {
    use crate::history::UNREADABLE_HISTORY;
    let at = Location::of_path(&RepoPath::root());
    Finding::new(&UNREADABLE_HISTORY, format!("the clone cannot be read: {error}"), at)
}
