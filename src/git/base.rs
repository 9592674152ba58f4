//! The base: what changes are made for, and judged against.

use super::ObjectName;
use super::branch::Branch;
use super::naming::{Meaning, ShortName};
use super::revision::{Revision, RevisionKind};
use super::workspace::Workspace;
use crate::diagnostic::{Findings, Severity};

impl Workspace {
    /// The base as this clone knows it: the revision that `--base` names, else
    /// the branch that changes go to, as its remote was last seen to have it.
    /// Without a remote it is this clone's branch that the configuration names,
    /// else what is checked out. None if there is no clone, or no commit in it.
    /// Nothing is fetched.
    pub fn base(&self) -> Result<Option<&Revision>, Findings> {
        if let Some(base) = self.base.get() {
            return Ok(base.as_ref());
        }
        let base = match (self.options().base.as_deref(), self.remote()?) {
            (Some(text), _) => Some(self.named(text, Meaning::Base)?),
            (None, Some(remote)) => {
                let branch = &self.default_branch(remote)?;
                let text = branch.name();
                Some(self.base_named(ShortName { text, branch, is_abbreviation: false })?)
            }
            (None, None) => self.base_without_remote()?,
        };
        Ok(self.base.get_or_init(|| base).as_ref())
    }

    fn base_without_remote(&self) -> Result<Option<Revision>, Findings> {
        if self.local_clone()?.is_none() {
            return Ok(None);
        }
        let configured = self.configured_branch()?;
        match configured.as_deref().and_then(Branch::parse) {
            Some(branch) => Ok(self.local(&branch)?.or(self.checked_out()?)),
            None => self.checked_out(),
        }
    }

    /// The base as its remote has it now, with its objects in this clone. If
    /// the remote cannot be reached, the base as it was last seen, with a
    /// warning.
    ///
    /// # Errors
    ///
    /// `--base` names something other than a branch, and nothing can be
    /// committed onto that.
    pub fn newest_base(&self, warnings: &mut Findings) -> Result<Option<Revision>, Findings> {
        let Some(remote) = self.remote()? else { return Ok(self.base()?.cloned()) };
        let branch = self.base_branch()?;
        match self.writer()?.fetch_tip(remote, branch) {
            Ok(Some(tip)) => self.of_tip(remote, branch, tip).map(Some),
            Ok(None) => match self.local(branch)? {
                Some(found) => Ok(Some(found)),
                None => Err(remote.missing(branch).finding().into()),
            },
            Err(error) => {
                let mut finding = error.finding();
                let Ok(Some(known)) = self.base() else { return Err(finding.into()) };
                finding.severity = Severity::Warning;
                warnings.push(finding.help("what was fetched before is used instead"));
                Ok(Some(known.clone()))
            }
        }
    }

    /// The remote's branch that changes go to as it is now, with its objects in
    /// this clone.
    pub fn fetched_base(&self) -> Result<Revision, Findings> {
        let (remote, branch) = (self.require_remote()?, self.base_branch()?);
        let tip = self.writer()?.fetch_tip(remote, branch).map_err(|error| error.finding())?;
        self.base_at(tip.ok_or_else(|| remote.missing(branch).finding())?)
    }

    /// The remote's branch that changes go to, at a commit that it had.
    pub fn base_at(&self, tip: ObjectName) -> Result<Revision, Findings> {
        self.of_tip(self.require_remote()?, self.base_branch()?, tip)
    }

    /// A description of the base, unless it is what people expect: the remote's
    /// branch, or without a remote what is checked out.
    pub fn unexpected(&self, base: &Revision) -> Option<String> {
        let remote = self.remote().ok().flatten();
        let is_expected = match base.kind {
            RevisionKind::RemoteBranch => true,
            RevisionKind::LocalBranch => remote.is_none(),
            RevisionKind::CheckedOut => {
                let is_configured = || self.configured_branch().is_ok_and(|name| name.is_some());
                remote.is_none() && self.options().base.is_none() && !is_configured()
            }
            RevisionKind::Reference | RevisionKind::Commit | RevisionKind::Ancestor => false,
        };
        let without = match (base.kind, remote) {
            (RevisionKind::LocalBranch, Some(remote)) => {
                format!(": `{remote}` has no branch of that name")
            }
            _ => String::new(),
        };
        (!is_expected).then(|| format!("the base is {}{without}", base.description()))
    }
}
