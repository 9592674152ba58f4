//! A commit that was named, and what its name was taken for.

use serde::Serialize;

use super::ObjectName;
use super::branch::Branch;
use crate::diagnostic::harmless;

/// A commit that a person or a setting names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Revision {
    /// The name as it was written, or the branch's short name.
    pub name: String,
    /// The full name of the reference that it was found by, before any step to
    /// an ancestor; none for a commit's id.
    pub reference: Option<String>,
    /// The commit.
    pub commit: ObjectName,
    /// The branch that was named, of the remote or of this clone.
    #[serde(skip)]
    pub branch: Option<Branch>,
    /// What the name was taken for.
    #[serde(skip)]
    pub kind: RevisionKind,
}

/// What a name was taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevisionKind {
    /// The remote's branch.
    RemoteBranch,
    /// A branch of this clone.
    LocalBranch,
    /// What is checked out.
    CheckedOut,
    /// A reference by its full name, or a tag.
    Reference,
    /// A commit by its id.
    Commit,
    /// An ancestor of any of these.
    Ancestor,
}

impl Revision {
    /// The branch's name, if one was named.
    pub fn branch_name(&self) -> Option<&str> {
        self.branch.as_ref().map(Branch::name)
    }

    /// The commit in words, with what the name was taken for.
    pub fn description(&self) -> String {
        let short = self.commit.short();
        let full = harmless(self.reference.as_deref().unwrap_or_default());
        match self.kind {
            RevisionKind::RemoteBranch | RevisionKind::Reference => format!("`{full}` at {short}"),
            RevisionKind::LocalBranch => format!("this clone's own `{full}` at {short}"),
            RevisionKind::CheckedOut if self.branch.is_none() => {
                format!("what is checked out, {short}")
            }
            RevisionKind::CheckedOut => format!("what is checked out, `{full}` at {short}"),
            RevisionKind::Commit => format!("the commit {short}"),
            RevisionKind::Ancestor => format!("`{}`, the commit {short}", harmless(&self.name)),
        }
    }
}
