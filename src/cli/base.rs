//! The branch that a command looks at, as this clone knows it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Context;
use crate::config::{self, Loaded};
use crate::diagnostic::{Finding, Findings};
use crate::git::{self, HistoryError, Log, ObjectName, RemoteError};
use crate::history;
use crate::history::audit::{NO_COMMIT, NO_SUCH_TIME};
use crate::source::{Location, RepoPath, Tree};

/// A commit that is looked at, with its files and its configuration. Nothing is
/// fetched: what a remote has now, only the remote can say.
pub(super) struct Base {
    /// What a person calls the branch.
    pub(super) name: String,
    pub(super) tip: ObjectName,
    pub(super) clone: Arc<git::LocalClone>,
    pub(super) tree: Tree,
    pub(super) loaded: Loaded,
}

/// The apps whose own settings are asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Apps(Option<BTreeSet<String>>);

impl Apps {
    /// Of none: what sites say is read without.
    pub(super) fn none() -> Self {
        Self(Some(BTreeSet::new()))
    }

    /// Of these; of all where there are none.
    pub(super) fn named(names: &[String]) -> Self {
        Self((!names.is_empty()).then(|| names.iter().cloned().collect()))
    }

    pub(super) fn load(&self, tree: &Tree) -> Result<Loaded, Findings> {
        match &self.0 {
            Some(apps) => config::load_apps(tree, apps),
            None => config::load(tree),
        }
    }
}

impl Base {
    /// The branch that was named, else the one that is deployed: `forge.base`,
    /// the remote's default branch, or the one that is checked out, each as the
    /// remote was last seen to have it; where there is no remote, what is
    /// checked out. None where there is no clone, or no commit in it.
    pub(super) fn of(
        context: &Context,
        named: Option<&str>,
        apps: &Apps,
    ) -> Result<Option<Self>, Findings> {
        let directory = context.directory();
        let clone = git::LocalClone::containing(&directory).map_err(|error| unreadable(&error))?;
        let Some(clone) = clone.map(Arc::new) else { return Ok(None) };
        let Some((name, tip)) = find(&clone, context, named)? else { return Ok(None) };
        Self::at(clone, name, tip, apps).map(Some)
    }

    /// That branch, or a commit of it that is not the newest.
    pub(super) fn open(
        context: &Context,
        named: Option<&str>,
        until: Option<&str>,
    ) -> Result<Self, Findings> {
        let base = Self::of(context, named, &Apps::none())?.ok_or_else(|| {
            let at = Location::of_path(&RepoPath::root());
            Finding::new(&NO_COMMIT, "there is no commit to look at", at)
                .because("no git clone, or one without a commit")
        })?;
        match until {
            Some(revision) => {
                let tip = base.revision(revision)?;
                Self::at(base.clone, base.name, tip, &Apps::none())
            }
            None => Ok(base),
        }
    }

    fn at(
        clone: Arc<git::LocalClone>,
        name: String,
        tip: ObjectName,
        apps: &Apps,
    ) -> Result<Self, Findings> {
        let tree = clone.tree_of(&tip).map_err(|error| unreadable(&error))?;
        let loaded = apps.load(&tree)?;
        Ok(Self { name, tip, clone, tree, loaded })
    }

    /// The commit that a revision names, as git understands it (`v1`,
    /// `main~3`): nothing is pinned to it, so it may move.
    pub(super) fn revision(&self, revision: &str) -> Result<ObjectName, Findings> {
        let program = self.clone.program();
        let command =
            program.command("rev-parse").args(["--verify", "--quiet", "--end-of-options"]);
        let output = command.arg(format!("{revision}^{{commit}}")).output();
        let output = output.map_err(|error| error.finding(Location::of_path(&RepoPath::root())))?;
        let name = String::from_utf8_lossy(&output.stdout);
        ObjectName::parse(name.trim()).ok_or_else(|| {
            let message = format!("`{revision}` is neither a time nor a commit");
            Finding::new(&NO_SUCH_TIME, message, Location::of_path(&RepoPath::root()))
                .because("no such commit in this clone")
                .help("write `2026-11-01`, `7d`, a tag or a commit")
                .into()
        })
    }

    /// Its history.
    pub(super) fn history(&self) -> Log {
        Log::new(Arc::clone(&self.clone), Some(&self.name))
    }

    /// What a history that ends too early, or cannot be read, comes to.
    pub(super) fn history_finding(&self, error: &HistoryError) -> Finding {
        history::finding(error, &self.loaded.repository.location)
    }
}

/// The branch's name and tip.
fn find(
    clone: &git::LocalClone,
    context: &Context,
    named: Option<&str>,
) -> Result<Option<(String, ObjectName)>, Findings> {
    let remote = remote(clone);
    if let Some(branch) = named {
        return known(clone, remote.as_deref(), branch)?.map(Some).ok_or_else(|| {
            let remote = remote.unwrap_or_else(|| "this clone".to_owned());
            RemoteError::NoBranch { remote, branch: branch.to_owned() }.finding().into()
        });
    }
    let mut candidates = Vec::new();
    // What cannot be loaded here may be mended on the branch; loading that says so.
    if let Ok(loaded) = Apps::none().load(&context.tree()) {
        candidates.extend(loaded.repository.forge.and_then(|forge| forge.base));
    }
    if let Some(remote) = &remote {
        let head = clone
            .symbolic(&format!("refs/remotes/{remote}/HEAD"))
            .map_err(|error| unreadable(&error))?;
        let prefix = format!("refs/remotes/{remote}/");
        candidates.extend(head.and_then(|head| head.strip_prefix(&prefix).map(str::to_owned)));
    }
    let here = clone.symbolic("HEAD").map_err(|error| unreadable(&error))?;
    let here = here.and_then(|head| head.strip_prefix("refs/heads/").map(str::to_owned));
    candidates.extend(here.clone());
    for name in candidates {
        if let Some(found) = known(clone, remote.as_deref(), &name)? {
            return Ok(Some(found));
        }
    }
    let head = clone.head().map_err(|error| unreadable(&error))?;
    Ok(head.map(|tip| (here.unwrap_or_else(|| "HEAD".to_owned()), tip)))
}

/// `origin`, or the only remote.
fn remote(clone: &git::LocalClone) -> Option<String> {
    let remotes = clone.remotes();
    let origin = remotes.iter().find(|name| *name == "origin");
    origin.or(remotes.first().filter(|_| remotes.len() == 1)).cloned()
}

/// A branch as the remote was last seen to have it, else this clone's own.
fn known(
    clone: &git::LocalClone,
    remote: Option<&str>,
    name: &str,
) -> Result<Option<(String, ObjectName)>, Findings> {
    let remote = remote.map(|remote| format!("refs/remotes/{remote}/{name}"));
    for full in remote.into_iter().chain([format!("refs/heads/{name}")]) {
        if let Some(tip) = clone.reference(&full).map_err(|error| unreadable(&error))? {
            return Ok(Some((name.to_owned(), tip)));
        }
    }
    Ok(None)
}

/// A clone that cannot be opened or read.
fn unreadable(error: &dyn std::error::Error) -> Findings {
    let error = HistoryError::Failed(error.to_string());
    history::finding(&error, &Location::of_path(&RepoPath::root())).into()
}
