//! What a commit of the branch, and those that it brought, say about themselves.

use super::merged_commits::merged_commits;
use super::record::{self, Record};
use crate::git::{Commit, HistoryError, ObjectDatabase, Signature};

/// The author of a commit and the records in its message.
pub(super) struct CommitRecords {
    pub(super) author: Signature,
    pub(super) records: Vec<Record>,
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
