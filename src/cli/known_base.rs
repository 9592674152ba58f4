//! The base as this clone knows it, with its files and its configuration.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Context, Outcome};
use crate::config::{self, Loaded};
use crate::diagnostic::{Finding, Findings, Format};
use crate::git::{
    BaseOptions, HistoryError, LocalClone, Log, Revision, Workspace, WorkspaceOptions,
};
use crate::history;
use crate::source::Tree;

/// The branch to read.
#[derive(Debug, Default, clap::Args)]
pub(super) struct BaseArgs {
    /// The base: a branch of the remote, or another revision; if not given, the branch that is
    /// deployed: `forge.base`, the one that the CI names, or the remote's default
    #[arg(long, value_name = "BRANCH")]
    base: Option<String>,
    /// The remote; if not given, `origin` or the only one
    #[arg(long, value_name = "REMOTE")]
    remote: Option<String>,
}

impl BaseArgs {
    /// What the person says about the base branch.
    pub(super) fn options(&self) -> WorkspaceOptions {
        let base = BaseOptions { base: self.base.clone(), remote: self.remote.clone() };
        WorkspaceOptions { base, author: None }
    }
}

/// The apps whose own settings are loaded.
#[derive(Debug, Clone, Default)]
pub(super) struct LoadedApps(Option<BTreeSet<String>>);

impl LoadedApps {
    /// No app: the sites can be read without their settings.
    pub(super) fn none() -> Self {
        Self(Some(BTreeSet::new()))
    }

    /// These apps; all of them if none is named.
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

/// A base with its files and its configuration, as the clone has them. Nothing
/// is fetched.
pub(super) struct KnownBase {
    pub(super) revision: Revision,
    pub(super) clone: Arc<LocalClone>,
    pub(super) tree: Tree,
    pub(super) loaded: Loaded,
}

impl KnownBase {
    /// The workspace's base; none if there is no clone, or no commit in it.
    pub(super) fn of(workspace: &Workspace, apps: &LoadedApps) -> Result<Option<Self>, Findings> {
        let Some(revision) = workspace.base()? else { return Ok(None) };
        Self::at(workspace, revision.clone(), apps).map(Some)
    }

    /// A base at a commit.
    pub(super) fn at(
        workspace: &Workspace,
        revision: Revision,
        apps: &LoadedApps,
    ) -> Result<Self, Findings> {
        let clone = Arc::clone(workspace.require_clone()?);
        let tree = workspace.tree_of(&revision.commit)?;
        let loaded = apps.load(&tree)?;
        Ok(Self { revision, clone, tree, loaded })
    }

    /// Its history.
    pub(super) fn history(&self) -> Log {
        Log::new(Arc::clone(&self.clone), self.revision.branch_name())
    }

    /// The finding about a history that ends too early or cannot be read.
    pub(super) fn history_finding(&self, error: &HistoryError) -> Finding {
        history::finding(error, &self.loaded.repository.location)
    }
}

/// Reports which base was used: as data, and to people if they would not expect
/// it.
pub(super) fn report(
    context: &Context,
    workspace: &Workspace,
    base: Option<&Revision>,
    outcome: &mut Outcome,
) {
    if let Some(base) = base {
        say_unexpected(context, workspace, base);
    }
    outcome.data.insert("workspace".to_owned(), data(workspace, base));
}

/// Tells people which base was used, if they would not expect it.
pub(super) fn say_unexpected(context: &Context, workspace: &Workspace, base: &Revision) {
    if context.console.format() == Format::Text
        && let Some(unexpected) = workspace.unexpected(base)
    {
        context.console.say(&unexpected);
    }
}

/// The remote and the base that were used, as data.
pub(super) fn data(workspace: &Workspace, base: Option<&Revision>) -> Value {
    let remote = workspace.remote().ok().flatten().map(|remote| remote.name().to_owned());
    json!({ "remote": remote, "base": base })
}
