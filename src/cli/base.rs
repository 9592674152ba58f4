//! The base that a command uses: its options, reading it, and saying which it was.

use serde_json::{Value, json};

use super::{Context, Outcome};
use crate::deliver::{files_here, is_unconfigured};
use crate::diagnostic::{Finding, Findings, Format, ProblemKind};
use crate::git::{BaseOptions, Revision, Workspace, WorkspaceOptions};
use crate::history::audit::NO_COMMIT;
use crate::promote::LoadedBase;
use crate::source::Location;

/// The base and its remote.
#[derive(Debug, Default, clap::Args)]
pub(super) struct BaseArgs {
    /// The base: a branch of the remote or, for a command that only reads, another revision; if not
    /// given, the branch that is deployed: `forge.base`, the one that the CI names, or the remote's
    /// default
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
        WorkspaceOptions { base, ..WorkspaceOptions::default() }
    }

    /// Whether a base was named.
    pub(super) fn is_named(&self) -> bool {
        self.base.is_some()
    }
}

/// The workspace's base as the clone has it, without the settings of apps; the files as
/// they are, without a revision, if there is no clone, no commit in it, or no configuration
/// in the base. Nothing is fetched.
pub(super) fn load(
    workspace: &Workspace,
    findings: &mut Findings,
) -> Result<(Option<Revision>, LoadedBase), Findings> {
    let Some(revision) = workspace.base()? else {
        return Ok((None, LoadedBase::without_settings(workspace.files()?)?));
    };
    if is_unconfigured(workspace, revision) {
        findings.push(files_here(revision));
        return Ok((None, LoadedBase::without_settings(workspace.files()?)?));
    }
    let files = LoadedBase::without_settings(workspace.tree_of(&revision.commit)?)?;
    let base = files.of_commit(workspace, &revision.commit, revision.branch_name())?;
    Ok((Some(revision.clone()), base))
}

/// The workspace's base, for commands that look at its past.
///
/// # Errors
///
/// There is no clone, or no commit in it.
pub(super) fn require(workspace: &Workspace) -> Result<Revision, Findings> {
    let no_commit = || {
        let at = Location::of_repository();
        Finding::new(&NO_COMMIT, "there is no commit to look at", at)
            .because("no git clone, or one without a commit")
    };
    Ok(workspace.base()?.cloned().ok_or_else(no_commit)?)
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
        outcome.findings.extend(workspace.rewritten(base));
    }
    outcome.data.insert("workspace".to_owned(), data(workspace, base));
}

/// Says that there is no clone, if gates wait because nothing is known of the past. That
/// no later run helps is more than that they wait.
pub(super) fn say_no_clone(workspace: &Workspace, outcome: &mut Outcome) {
    let waits = [outcome.answer, outcome.findings.kind()].contains(&Some(ProblemKind::Wait));
    if waits
        && matches!(workspace.local_clone(), Ok(None))
        && let Err(no_clone) = workspace.require_clone()
    {
        outcome.findings.push(no_clone);
    }
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
