//! Finding the commit that a person names.
//!
//! A branch's short name means what the remote has, since that is what is
//! deployed, and what nobody may change alone: a branch of this clone, or a tag
//! of that name, may be anybody's.

use super::backend::Abbreviated;
use super::branch::Branch;
use super::code::{INVALID_REVISION, UNKNOWN_REVISION};
use super::expression::{Ancestor, Expression, Start};
use super::remote::Remote;
use super::revision::{Revision, RevisionKind};
use super::workspace::Workspace;
use super::{ObjectError, ObjectName, fetch_command};
use crate::diagnostic::{Finding, Findings, harmless};
use crate::source::{Location, RevisionError};

/// What a short name may stand for, in the order in which it is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The remote's branch; this clone's own if the remote has none.
    Base,
    /// This clone's own branch.
    Head,
    /// A tag, the remote's branch as it was last seen, or this clone's own.
    Point,
}

/// A short name.
#[derive(Clone, Copy)]
pub(super) struct ShortName<'t> {
    /// The whole revision, as it was written.
    pub(super) text: &'t str,
    /// The name as a branch's.
    pub(super) branch: &'t Branch,
    /// Whether it may be an abbreviated commit id.
    pub(super) is_abbreviation: bool,
}

impl<'t> ShortName<'t> {
    /// The name of a branch, which cannot be an abbreviated commit id.
    pub(super) fn of(branch: &'t Branch) -> Self {
        Self { text: branch.name(), branch, is_abbreviation: false }
    }
}

/// Why a revision's commit is not found.
#[derive(Debug, Clone)]
pub enum NamingError {
    /// No such commit is in this clone, or the text cannot name one.
    Unknown(Finding),
    /// It cannot be looked for, or the name has more than one meaning.
    Failed(Findings),
}

impl From<Finding> for NamingError {
    fn from(finding: Finding) -> Self {
        Self::Failed(finding.into())
    }
}

impl From<Findings> for NamingError {
    fn from(findings: Findings) -> Self {
        Self::Failed(findings)
    }
}

impl From<NamingError> for Findings {
    fn from(error: NamingError) -> Self {
        match error {
            NamingError::Unknown(finding) => finding.into(),
            NamingError::Failed(findings) => findings,
        }
    }
}

impl Workspace {
    /// The revision that is proposed: `HEAD`, a branch of this clone, or a
    /// commit.
    ///
    /// # Errors
    ///
    /// It is not in this clone. The help has the command that fetches it.
    pub fn head(&self, text: &str) -> Result<Revision, Findings> {
        Ok(self.named(text, Meaning::Head)?)
    }

    /// A point of a history, which may also be a tag by its short name. Nothing
    /// is pinned to it, so it may be a name that moves.
    pub fn point(&self, text: &str) -> Result<Revision, NamingError> {
        self.named(text, Meaning::Point)
    }

    pub(super) fn named(&self, text: &str, meaning: Meaning) -> Result<Revision, NamingError> {
        let Some(Expression { start, ancestry }) = self.parse(text)? else {
            return Err(NamingError::Unknown(invalid(text)));
        };
        let mut found = self.start(text, &start, meaning)?;
        if !ancestry.is_empty() {
            found.commit = self.ancestor(text, found.commit, &ancestry)?;
            found.kind = RevisionKind::Ancestor;
        }
        text.clone_into(&mut found.name);
        Ok(found)
    }

    fn start(&self, text: &str, start: &Start, meaning: Meaning) -> Result<Revision, NamingError> {
        match start {
            Start::Head => match self.checked_out()? {
                Some(found) => Ok(found),
                None => Err(NamingError::Unknown(uncommitted(text))),
            },
            Start::Id(id) => {
                let commit = read(self.require_clone()?.commit_of_id(id))?;
                let absent = || self.absent(text, None, id.as_str());
                Ok(of_commit(commit.ok_or_else(absent)?))
            }
            Start::Reference(full) => self.of_reference(text, full),
            Start::OfRemote(remote, branch) => self.of_remote(text, remote, branch),
            Start::RemoteHead(remote) => {
                let branch = self.writer()?.head_branch(remote).map_err(|error| error.finding())?;
                let branch = branch.ok_or_else(|| NamingError::Unknown(unknown(text)))?;
                self.of_remote(text, remote, &branch)
            }
            Start::Name { branch, is_abbreviation } => {
                let name = ShortName { text, branch, is_abbreviation: *is_abbreviation };
                match meaning {
                    Meaning::Base => self.base_named(name),
                    Meaning::Head => self.head_named(name),
                    Meaning::Point => self.point_named(name),
                }
            }
        }
    }

    /// The remote's branch of that name, this clone's own if the remote has
    /// none, or an abbreviated commit id.
    pub(super) fn base_named(&self, name: ShortName<'_>) -> Result<Revision, NamingError> {
        let Some(remote) = self.remote()? else { return self.head_named(name) };
        if let Some(found) = self.seen(remote, name.branch)? {
            return Ok(found);
        }
        let Some(local) = self.local(name.branch)? else {
            return self.abbreviated(name, || self.unseen(name.text, remote, name.branch));
        };
        // That this clone has not seen such a branch means little: a CI
        // checkout has only what it was configured to fetch.
        let tip = self.writer()?.remote_tip(remote, name.branch).map_err(|error| {
            let help = format!("if the local branch is meant, name `{}`", name.branch.reference());
            error.finding().help(help)
        })?;
        match tip {
            None => Ok(local),
            Some(_) => Err(self.unseen(name.text, remote, name.branch)),
        }
    }

    pub(super) fn head_named(&self, name: ShortName<'_>) -> Result<Revision, NamingError> {
        match self.local(name.branch)? {
            Some(found) => Ok(found),
            None => self.abbreviated(name, || {
                let full = name.branch.reference();
                self.absent(name.text, None, &format!("{full}:{full}"))
            }),
        }
    }

    fn point_named(&self, name: ShortName<'_>) -> Result<Revision, NamingError> {
        let tag = format!("refs/tags/{}", name.branch.name());
        if let Some(found) = self.reference(&tag)? {
            return Ok(found);
        }
        if let Some(remote) = self.remote()?
            && let Some(found) = self.seen(remote, name.branch)?
        {
            return Ok(found);
        }
        match self.local(name.branch)? {
            Some(found) => Ok(found),
            None => {
                self.abbreviated(name, || self.absent(name.text, None, &format!("{tag}:{tag}")))
            }
        }
    }

    /// The commit of an abbreviated id, if the name may be one.
    fn abbreviated(
        &self,
        name: ShortName<'_>,
        otherwise: impl FnOnce() -> NamingError,
    ) -> Result<Revision, NamingError> {
        if !name.is_abbreviation {
            return Err(otherwise());
        }
        let (clone, digits) = (self.require_clone()?, name.branch.name());
        let found = match read(clone.abbreviated(digits))? {
            Abbreviated::One(id) => read(clone.commit_of_id(&id))?,
            Abbreviated::Nothing => None,
            Abbreviated::Several => {
                let error = RevisionError::Ambiguous(digits.to_owned());
                return Err(Finding::of_revision_error(&error, None).into());
            }
        };
        // Servers are asked for full ids only, so everything that may have it
        // is fetched.
        let all = |remote: &Remote| format!("+refs/heads/*:refs/remotes/{}/*", remote.name());
        let remote = self.remote()?;
        let absent = || match remote {
            Some(remote) => self.absent(name.text, Some(remote), &all(remote)),
            None => NamingError::Unknown(unknown(name.text)),
        };
        Ok(of_commit(found.ok_or_else(absent)?))
    }

    /// The revision that a full name leads to.
    fn of_reference(&self, text: &str, full: &str) -> Result<Revision, NamingError> {
        if let Some(found) = self.reference(full)? {
            return Ok(found);
        }
        let remotes = Remote::all(self.config()?);
        let below =
            |remote: &Remote| full.strip_prefix(&format!("refs/remotes/{}/", remote.name()));
        let of = remotes.iter().find_map(|remote| Some((remote, below(remote)?)));
        if let Some((remote, branch)) = of
            && let Some(branch) = Branch::parse(branch)
        {
            return Err(self.unseen(text, remote, &branch));
        }
        // A CI checkout has pull requests below `refs/remotes/`, which belong
        // to no remote.
        let on_remote = full.strip_prefix("refs/remotes/").map(|rest| format!("refs/{rest}"));
        let on_remote = on_remote.as_deref().unwrap_or(full);
        Err(self.absent(text, None, &format!("+{on_remote}:{full}")))
    }

    fn reference(&self, full: &str) -> Result<Option<Revision>, Finding> {
        let commit = read(self.require_clone()?.reference(full))?;
        let branch = full.strip_prefix("refs/heads/").and_then(Branch::parse);
        Ok(commit.map(|commit| Revision {
            name: full.to_owned(),
            reference: Some(full.to_owned()),
            commit,
            branch,
            kind: RevisionKind::Reference,
        }))
    }

    fn of_remote(
        &self,
        text: &str,
        remote: &Remote,
        branch: &Branch,
    ) -> Result<Revision, NamingError> {
        let seen = self.seen(remote, branch)?;
        seen.ok_or_else(|| self.unseen(text, remote, branch))
    }

    /// A remote's branch as it was last seen.
    fn seen(&self, remote: &Remote, branch: &Branch) -> Result<Option<Revision>, Findings> {
        let tip = self.writer()?.known_tip(remote, branch).map_err(|error| error.finding())?;
        tip.map(|tip| self.of_tip(remote, branch, tip)).transpose()
    }

    /// A remote's branch at a commit.
    pub(super) fn of_tip(
        &self,
        remote: &Remote,
        branch: &Branch,
        tip: ObjectName,
    ) -> Result<Revision, Findings> {
        Ok(Revision {
            name: branch.name().to_owned(),
            reference: Some(remote.last_seen(branch, self.config()?)),
            commit: tip,
            branch: Some(branch.clone()),
            kind: RevisionKind::RemoteBranch,
        })
    }

    /// This clone's own branch.
    pub(super) fn local(&self, branch: &Branch) -> Result<Option<Revision>, Findings> {
        let full = branch.reference();
        let commit = read(self.require_clone()?.reference(&full))?;
        Ok(commit.map(|commit| Revision {
            name: branch.name().to_owned(),
            reference: Some(full),
            commit,
            branch: Some(branch.clone()),
            kind: RevisionKind::LocalBranch,
        }))
    }

    /// What is checked out; none before the first commit.
    pub(super) fn checked_out(&self) -> Result<Option<Revision>, Findings> {
        let clone = self.require_clone()?;
        let Some(commit) = read(clone.head())? else { return Ok(None) };
        let full = read(clone.symbolic("HEAD"))?.unwrap_or_else(|| "HEAD".to_owned());
        let branch = full.strip_prefix("refs/heads/").and_then(Branch::parse);
        let name = branch.as_ref().map_or_else(|| full.clone(), |branch| branch.name().to_owned());
        let kind = RevisionKind::CheckedOut;
        Ok(Some(Revision { name, reference: Some(full), commit, branch, kind }))
    }

    /// The ancestor that steps lead to.
    fn ancestor(
        &self,
        text: &str,
        from: ObjectName,
        steps: &[Ancestor],
    ) -> Result<ObjectName, NamingError> {
        let mut commit = from;
        for step in steps {
            match *step {
                Ancestor::Parent(0) => {}
                Ancestor::Parent(number) => commit = self.parent(text, &commit, number)?,
                Ancestor::Generation(count) => {
                    for _ in 0..count {
                        commit = self.parent(text, &commit, 1)?;
                    }
                }
            }
        }
        Ok(commit)
    }

    /// A commit's parent of that number, counted from one.
    fn parent(&self, text: &str, of: &ObjectName, number: u32) -> Result<ObjectName, NamingError> {
        let clone = self.require_clone()?;
        let (commit, _) = read(clone.objects().commit(of))?;
        let at = usize::try_from(number).unwrap_or(usize::MAX) - 1;
        let Some(parent) = commit.parents.get(at) else {
            let count = commit.parents.len();
            let parents = if count == 1 { "parent" } else { "parents" };
            let because = format!("{} has {count} {parents}", of.short());
            return Err(NamingError::Unknown(unknown(text).because(because)));
        };
        read(clone.commit_of_id(parent))?.ok_or_else(|| {
            let fetch = clone.unshallow();
            NamingError::Unknown(unknown(text).help(format!("fetch it with `{fetch}`")))
        })
    }

    /// The error that this clone has never seen a remote's branch.
    fn unseen(&self, text: &str, remote: &Remote, branch: &Branch) -> NamingError {
        let seen = match self.config() {
            Ok(config) => remote.last_seen(branch, config),
            Err(finding) => return finding.into(),
        };
        let refspec = format!("+{}:{seen}", branch.reference());
        let absent = self.absent(text, Some(remote), &refspec);
        let meant = self.writer().ok().and_then(|writer| writer.meant(remote, branch));
        match (absent, meant) {
            (NamingError::Unknown(finding), Some(meant)) => {
                let otherwise = finding.help.as_deref().unwrap_or_default();
                let help = format!("did you mean `{}`? Otherwise {otherwise}", harmless(&meant));
                NamingError::Unknown(finding.help(help))
            }
            (absent, _) => absent,
        }
    }

    /// The error that something is not in this clone, with the command that
    /// fetches it from its remote, or from the one that changes go to.
    fn absent(&self, text: &str, remote: Option<&Remote>, refspec: &str) -> NamingError {
        let finding = unknown(text);
        let Ok(Some(clone)) = self.local_clone() else { return NamingError::Unknown(finding) };
        let tag = format!("refs/tags/{text}");
        let is_tag = matches!(clone.reference(&tag), Ok(Some(_)));
        let tag = if is_tag { format!("; the tag is `{tag}`") } else { String::new() };
        NamingError::Unknown(finding.help(match remote.or(self.remote().ok().flatten()) {
            Some(remote) => {
                let fetch = fetch_command::of_refspec(remote.name(), clone.is_shallow(), refspec);
                format!("fetch it with `{fetch}`{tag}")
            }
            None => format!("name a branch or a commit that exists{tag}"),
        }))
    }
}

fn of_commit(commit: ObjectName) -> Revision {
    Revision {
        name: commit.to_string(),
        reference: None,
        commit,
        branch: None,
        kind: RevisionKind::Commit,
    }
}

fn unknown(text: &str) -> Finding {
    let message = format!("`{}` is not a commit of this clone", harmless(text));
    Finding::new(&UNKNOWN_REVISION, message, Location::of_repository())
}

/// The finding that a text cannot name a commit, whatever the clone has.
fn invalid(text: &str) -> Finding {
    let message = format!("`{}` does not name a commit", harmless(text));
    Finding::new(&INVALID_REVISION, message, Location::of_repository())
        .help("name a branch, or a commit by its id")
}

/// The finding that a revision is looked for before the first commit.
pub(super) fn uncommitted(text: &str) -> Finding {
    unknown(text).because("nothing is committed yet")
}

fn read<T>(read: Result<T, ObjectError>) -> Result<T, Finding> {
    read.map_err(|error| error.finding())
}
