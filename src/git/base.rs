//! The base: which branch changes go to, and which of its commits they are made
//! for and judged against.

use super::branch::Branch;
use super::code::{INVALID_BRANCH, NO_BASE_BRANCH};
use super::expression::{Expression, Start};
use super::naming::{Meaning, ShortName, uncommitted};
use super::remote::Remote;
use super::revision::{Revision, RevisionKind};
use super::workspace::Workspace;
use super::{ObjectName, ci};
use crate::diagnostic::{Finding, Findings, Severity, harmless};
use crate::source::Location;

// The branch.

impl Workspace {
    /// The remote's branch that changes go to: `--base`, what the configuration
    /// names, what the CI says, or what the remote's `HEAD` names. It need not
    /// be in the clone.
    ///
    /// # Errors
    ///
    /// There is no remote, nothing names a branch, or what names it cannot be
    /// read.
    pub fn base_branch(&self) -> Result<&Branch, Findings> {
        if let Some(branch) = self.base_branch.get() {
            return Ok(branch);
        }
        let remote = self.require_remote()?;
        let branch = match self.options().base.as_deref() {
            Some(text) => self.branch_of(remote, text)?,
            None => self.default_branch(remote)?,
        };
        Ok(self.base_branch.get_or_init(|| branch))
    }

    /// The branch whose history is read, as far as it is known without asking a
    /// remote. It only decides which merges were pulls into it.
    pub fn likely_branch(&self) -> Option<Branch> {
        if let Some(branch) = self.base_branch.get() {
            return Some(branch.clone());
        }
        let remote = self.remote().ok()??;
        let option = self.options().base.as_deref();
        if let Some(branch) = option.and_then(|text| self.branch_of(remote, text).ok()) {
            return Some(branch);
        }
        let head = || Ok(self.writer()?.known_head_branch(remote).ok().flatten());
        self.first_named(remote, head).ok()?
    }

    /// The remote's branch that changes go to if no option names one.
    fn default_branch(&self, remote: &Remote) -> Result<Branch, Findings> {
        let head = || {
            let head = self.writer()?.head_branch(remote);
            head.map_err(|error| offering_base(error.finding()))
        };
        self.first_named(remote, head)?.ok_or_else(|| {
            let message = format!("nothing says which branch of `{remote}` changes go to");
            Finding::new(&NO_BASE_BRANCH, message, Location::of_repository())
                .help("name it with `--base`, or with `forge.base` in `rungs.yaml`")
                .into()
        })
    }

    /// The branch that the configuration names, else the CI, else the remote's
    /// `HEAD`.
    fn first_named(
        &self,
        remote: &Remote,
        head: impl FnOnce() -> Result<Option<Branch>, Finding>,
    ) -> Result<Option<Branch>, Findings> {
        if let Some(branch) = self.configured_branch()? {
            return Ok(Some(branch));
        }
        let branch = ci::base_branch(&self.variables, remote.url(self.config()?));
        Ok(if branch.is_some() { branch } else { head()? })
    }

    /// The branch that the configuration names in the files at hand: it is not
    /// known yet which branch's files to read.
    fn configured_branch(&self) -> Result<Option<Branch>, Findings> {
        let Some(tree) = self.files_at_hand()? else { return Ok(None) };
        let configured = (self.configured_base)(&tree).map_err(|findings| -> Findings {
            findings.into_iter().map(offering_base).collect()
        })?;
        let parse = |name: String| Branch::parse(&name).ok_or_else(|| invalid_branch(&name));
        Ok(configured.map(parse).transpose()?)
    }

    /// The remote's branch that a text names.
    fn branch_of(&self, remote: &Remote, text: &str) -> Result<Branch, Finding> {
        match self.parse(text)?.filter(|expression| expression.ancestry.is_empty()) {
            Some(Expression { start: Start::Name { branch, .. }, .. }) => Some(branch),
            Some(Expression { start: Start::OfRemote(of, branch), .. }) if of == *remote => {
                Some(branch)
            }
            Some(Expression { start: Start::Reference(full), .. }) => {
                let seen = format!("refs/remotes/{}/", remote.name());
                let name = full.strip_prefix("refs/heads/").or_else(|| full.strip_prefix(&seen));
                name.and_then(Branch::parse)
            }
            _ => None,
        }
        .ok_or_else(|| invalid_branch(text))
    }
}

fn invalid_branch(name: &str) -> Finding {
    let message = format!("`{}` is not the name of a branch", harmless(name));
    Finding::new(&INVALID_BRANCH, message, Location::of_repository())
        .help("name a branch, as in `--base main`")
}

/// A finding that keeps the base from being known, with the option that names
/// it.
fn offering_base(finding: Finding) -> Finding {
    let help = match &finding.help {
        Some(help) => format!("{help}; or name the base branch with `--base`"),
        None => "name the base branch with `--base`".to_owned(),
    };
    finding.help(help)
}

// Its commit.

impl Workspace {
    /// The base as this clone knows it: the revision that `--base` names, else
    /// the branch that changes go to, as its remote was last seen to have it.
    /// Without a remote it is this clone's branch that the configuration names;
    /// if it names none, what is checked out. None if there is no clone, or no
    /// commit in it.
    /// Nothing is fetched.
    pub fn base(&self) -> Result<Option<&Revision>, Findings> {
        if let Some(base) = self.base.get() {
            return Ok(base.as_ref());
        }
        let base = match (self.options().base.as_deref(), self.remote()?) {
            (Some(text), _) => Some(self.named(text, Meaning::Base)?),
            (None, Some(_)) => Some(self.base_named(ShortName::of(self.base_branch()?))?),
            (None, None) => self.base_without_remote()?,
        };
        Ok(self.base.get_or_init(|| base).as_ref())
    }

    /// The base, for what cannot be done without one.
    pub fn require_base(&self) -> Result<&Revision, Findings> {
        self.require_clone()?;
        self.base()?.ok_or_else(|| uncommitted("HEAD").into())
    }

    fn base_without_remote(&self) -> Result<Option<Revision>, Findings> {
        if self.local_clone()?.is_none() {
            return Ok(None);
        }
        let checked_out = self.checked_out()?;
        match self.configured_branch()? {
            Some(branch) if checked_out.is_some() => {
                Ok(Some(self.head_named(ShortName::of(&branch))?))
            }
            _ => Ok(checked_out),
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
                None => Err(self.writer()?.missing(remote, branch).finding().into()),
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
        let writer = self.writer()?;
        let tip = writer.fetch_tip(remote, branch).map_err(|error| error.finding())?;
        self.base_at(tip.ok_or_else(|| writer.missing(remote, branch).finding())?)
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
            RevisionKind::CheckedOut => remote.is_none() && self.options().base.is_none(),
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
