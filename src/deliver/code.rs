//! What keeps a change from being delivered.

use crate::diagnostic::codes;

codes! {
    /// What was asked for is no longer what would be done.
    ///
    /// While the change was being made, somebody else changed the same app, so
    /// that the same request now comes to other references. Look at what
    /// happened, with `rungs status`, and ask again.
    CHANGED_MEANWHILE = "changed-meanwhile", Answer, Error;

    /// A change and its base have no commit in common.
    ///
    /// `rungs gates --base` judges what a change did since it left its base. These two histories have
    /// no commit in common: the base is from another repository, or its history was rewritten. Name
    /// the branch that the change is to be merged into.
    NO_COMMON_COMMIT = "no-common-commit", Input, Error;

    /// A branch of rungs' name has commits of somebody else.
    ///
    /// rungs replaces its own branches, `rungs/<environment>/<app>`, when a plan
    /// changes, and never throws away what people put there. Merge or close
    /// the branch, or delete it, and try again.
    BRANCH_NOT_OURS = "branch-not-ours", Answer, Error;

    /// A file that would change has changes that are not committed.
    ///
    /// `--write` changes files of the work tree, and would mix its change with
    /// yours. Commit or stash yours first, or use `--commit`, which leaves the
    /// work tree alone.
    DIRTY_FILE = "dirty-file", Answer, Error;

    /// Nobody said where the change goes.
    ///
    /// `set`, `promote`, `rollback` and `hold` change files, a branch or the
    /// base branch, and do none of it unasked: what would be done is shown, and
    /// the exit code says that nothing was.
    ///
    /// ```text
    /// rungs promote guestbook --to stage --dry-run     shows the plan
    /// rungs promote guestbook --to stage --write       changes the files of the work tree
    /// rungs promote guestbook --to stage --commit      commits onto the base branch, and pushes
    /// rungs promote guestbook --to stage --branch      pushes a branch for people to merge
    /// ```
    NO_DESTINATION = "no-destination", Input, Error;
}
