//! Finding the commit that a person names.
//!
//! A branch's short name means what the remote has, since that is what is
//! deployed, and what nobody may change alone: a branch of this clone, or a tag
//! of that name, may be anybody's.

use super::backend::Abbreviated;
use super::branch::Branch;
use super::code::UNKNOWN_REVISION;
use super::expression::{Ancestor, Expression, Start};
use super::remote::{Remote, place};
use super::revision::{Revision, RevisionKind};
use super::workspace::{Workspace, unreadable};
use super::{ObjectError, ObjectName, fetch_command};
use crate::diagnostic::{Finding, Findings, harmless};
use crate::source::RevisionError;

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

impl Workspace {
    /// The revision that is proposed: `HEAD`, a branch of this clone, or a
    /// commit.
    ///
    /// # Errors
    ///
    /// It is not in this clone. The help has the command that fetches it.
    pub fn head(&self, text: &str) -> Result<Revision, Findings> {
        self.named(text, Meaning::Head)
    }

    /// A point of a history, which may also be a tag by its short name. Nothing
    /// is pinned to it, so it may be a name that moves. If no such commit is in
    /// this clone, the inner error is the finding that says so.
    pub fn point(&self, text: &str) -> Result<Result<Revision, Finding>, Findings> {
        match self.named(text, Meaning::Point) {
            Ok(found) => Ok(Ok(found)),
            Err(findings) => {
                let is_unknown = |one: &Finding| one.code.name == UNKNOWN_REVISION.name;
                let unknown = findings.iter().find(|one| is_unknown(one)).cloned();
                unknown.map(Err).ok_or(findings)
            }
        }
    }

    pub(super) fn named(&self, text: &str, meaning: Meaning) -> Result<Revision, Findings> {
        let Some(Expression { start, ancestry }) = self.parse(text)? else {
            return Err(unknown(text).help("name a branch, or a commit by its id").into());
        };
        let mut found = self.start(text, &start, meaning)?;
        if !ancestry.is_empty() {
            found.commit = self.ancestor(text, found.commit, &ancestry)?;
            found.kind = RevisionKind::Ancestor;
        }
        text.clone_into(&mut found.name);
        Ok(found)
    }

    fn start(&self, text: &str, start: &Start, meaning: Meaning) -> Result<Revision, Findings> {
        match start {
            Start::Head => match self.checked_out()? {
                Some(found) => Ok(found),
                None => Err(unknown(text).because("nothing is committed yet").into()),
            },
            Start::Id(id) => {
                let commit = read(self.require_clone()?.commit_of_id(id))?;
                let commit = commit.ok_or_else(|| self.absent(text, None, id.as_str()));
                Ok(of_commit(commit?))
            }
            Start::Reference(full) => self.of_reference(text, full),
            Start::OfRemote(remote, branch) => self.of_remote(text, remote, branch),
            Start::RemoteHead(remote) => {
                let branch = self.writer()?.head_branch(remote).map_err(|error| error.finding())?;
                self.of_remote(text, remote, &branch.ok_or_else(|| unknown(text))?)
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
    pub(super) fn base_named(&self, name: ShortName<'_>) -> Result<Revision, Findings> {
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
            Some(_) => Err(self.unseen(name.text, remote, name.branch).into()),
        }
    }

    fn head_named(&self, name: ShortName<'_>) -> Result<Revision, Findings> {
        match self.local(name.branch)? {
            Some(found) => Ok(found),
            None => self.abbreviated(name, || {
                let full = name.branch.reference();
                self.absent(name.text, None, &format!("{full}:{full}"))
            }),
        }
    }

    fn point_named(&self, name: ShortName<'_>) -> Result<Revision, Findings> {
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
        otherwise: impl FnOnce() -> Finding,
    ) -> Result<Revision, Findings> {
        if !name.is_abbreviation {
            return Err(otherwise().into());
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
            None => unknown(name.text),
        };
        Ok(of_commit(found.ok_or_else(absent)?))
    }

    /// The revision that a full name leads to.
    fn of_reference(&self, text: &str, full: &str) -> Result<Revision, Findings> {
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
            return Err(self.unseen(text, remote, &branch).into());
        }
        // A CI checkout has pull requests below `refs/remotes/`, which belong
        // to no remote.
        let on_remote = full.strip_prefix("refs/remotes/").map(|rest| format!("refs/{rest}"));
        let on_remote = on_remote.as_deref().unwrap_or(full);
        Err(self.absent(text, None, &format!("+{on_remote}:{full}")).into())
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
    ) -> Result<Revision, Findings> {
        let seen = self.seen(remote, branch)?;
        seen.ok_or_else(|| self.unseen(text, remote, branch).into())
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
    ) -> Result<ObjectName, Findings> {
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
    fn parent(&self, text: &str, of: &ObjectName, number: u32) -> Result<ObjectName, Findings> {
        let clone = self.require_clone()?;
        let (commit, _) = read(clone.objects().commit(of))?;
        let at = usize::try_from(number).unwrap_or(usize::MAX) - 1;
        let Some(parent) = commit.parents.get(at) else {
            let count = commit.parents.len();
            let parents = if count == 1 { "parent" } else { "parents" };
            let because = format!("{} has {count} {parents}", of.short());
            return Err(unknown(text).because(because).into());
        };
        read(clone.commit_of_id(parent))?.ok_or_else(|| {
            let fetch = clone.unshallow();
            unknown(text).help(format!("fetch it with `{fetch}`")).into()
        })
    }

    /// The finding that this clone has never seen a remote's branch.
    fn unseen(&self, text: &str, remote: &Remote, branch: &Branch) -> Finding {
        let seen = match self.config() {
            Ok(config) => remote.last_seen(branch, config),
            Err(finding) => return finding,
        };
        self.absent(text, Some(remote), &format!("+{}:{seen}", branch.reference()))
    }

    /// The finding that something is not in this clone, with the command that
    /// fetches it from its remote, or from the one that changes go to.
    fn absent(&self, text: &str, remote: Option<&Remote>, refspec: &str) -> Finding {
        let finding = unknown(text);
        let Ok(Some(clone)) = self.local_clone() else { return finding };
        let tag = format!("refs/tags/{text}");
        let is_tag = matches!(clone.reference(&tag), Ok(Some(_)));
        let tag = if is_tag { format!("; the tag is `{tag}`") } else { String::new() };
        match remote.or(self.remote().ok().flatten()) {
            Some(remote) => {
                let fetch = fetch_command::of_refspec(remote.name(), clone.is_shallow(), refspec);
                finding.help(format!("fetch it with `{fetch}`{tag}"))
            }
            None => finding.help(format!("name a branch or a commit that exists{tag}")),
        }
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
    Finding::new(&UNKNOWN_REVISION, message, place())
}

fn read<T>(read: Result<T, ObjectError>) -> Result<T, Finding> {
    read.map_err(|error| unreadable(&error))
}
