//! What can be wrong with a query about the past.

use crate::diagnostic::codes;

codes! {
    /// There is no commit to look at.
    ///
    /// An audit is read from the commits of a git clone. The directory is not in a clone, or in one
    /// that has no commit yet.
    ///
    /// ```text
    /// git init && git add --all && git commit -m "First environments"
    /// ```
    NO_COMMIT = "no-commit", Input, Error;

    /// There is no such time or commit.
    ///
    /// `--since` and `--until` take a day, a time, a span back from now, or a commit as git names
    /// it.
    ///
    /// ```text
    /// rungs audit --since 2026-11-01
    /// rungs audit --since 2026-11-01T08:00:00Z
    /// rungs audit --since 7d
    /// rungs audit --since v1.4
    /// ```
    NO_SUCH_TIME = "no-such-time", Input, Error;

    /// The commit is not on the branch.
    ///
    /// `--since` and `--until` take a date, or a commit of the branch that is audited. A commit
    /// that a merge brought has no place among the branch's own commits; name the merge.
    ///
    /// ```text
    /// git log --first-parent --ancestry-path --oneline COMMIT..BRANCH | tail -1
    /// ```
    NOT_ON_BRANCH = "not-on-branch", Input, Error;
}
