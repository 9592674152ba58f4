//! What a commit of the branch, and those that it brought, say about themselves.

use super::merged_commits::merged_commits;
use super::record::{self, Record};
use super::walk::StateChange;
use crate::git::{Commit, HistoryError, ObjectDatabase, ObjectName, Signature};

/// The author of a commit and the records in its message.
pub(super) struct CommitRecords {
    pub(super) author: Signature,
    pub(super) records: Vec<Record>,
    /// The commits that the message says it reverts.
    reverts: Vec<ObjectName>,
}

/// Those of a commit of the branch, and of the commits that it brought, newest first.
pub(super) fn commit_records(
    objects: &dyn ObjectDatabase,
    commit: &Commit,
) -> Result<Vec<CommitRecords>, HistoryError> {
    let merged_commits = merged_commits(objects, commit)?;
    let all = std::iter::once(commit).chain(&merged_commits);
    let commit_records = all.map(|commit| CommitRecords {
        author: commit.author.clone(),
        records: record::read(&commit.message),
        reverts: record::reverted(&commit.message).collect(),
    });
    Ok(commit_records.collect())
}

/// The author of a change that no record is about. Which of several commits made it is not
/// known then.
pub(super) fn author_of<'r>(
    commit: &'r Commit,
    commit_records: &'r [CommitRecords],
) -> &'r Signature {
    if commit_records.len() == 2 { &commit_records[1].author } else { &commit.author }
}

/// What a commit of the branch says about itself, for whoever judges its changes.
pub struct CommitClaims {
    commit: Commit,
    records: Vec<CommitRecords>,
}

impl CommitClaims {
    pub(super) fn of(objects: &dyn ObjectDatabase, id: &ObjectName) -> Result<Self, HistoryError> {
        let (commit, _) = objects.commit(id)?;
        let records = commit_records(objects, &commit)?;
        Ok(Self { commit, records })
    }

    /// The commits that it says it reverts.
    pub fn reverts(&self) -> Vec<ObjectName> {
        self.records.iter().flat_map(|by| by.reverts.iter().cloned()).collect()
    }

    /// The author of one of its changes, and the record that fits the change.
    pub fn about(&self, change: &StateChange) -> (&Signature, Option<&Record>) {
        let after = change.after.as_ref();
        let fits = |record: &&Record| {
            after.is_some_and(|after| record.fits(&change.instance, change.before.as_ref(), after))
        };
        let mut all = self.records.iter();
        let found = all.find_map(|by| Some((&by.author, by.records.iter().find(fits)?)));
        match found {
            Some((author, record)) => (author, Some(record)),
            None => (author_of(&self.commit, &self.records), None),
        }
    }
}
