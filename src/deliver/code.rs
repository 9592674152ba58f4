//! What keeps a change from being delivered.

use crate::diagnostic::codes;

codes! {
    /// What was asked for is no longer what would be done.
    ///
    /// While the change was being made, somebody else changed the same app, so
    /// that the same request now comes to other references. Look at what
    /// happened, with `rungs status`, and ask again.
    CHANGED_MEANWHILE = "changed-meanwhile", Answer, Error;

    /// The directory is in no git repository.
    ///
    /// Commits and branches are made in a clone. Name one with `--repo DIR`, or
    /// a remote with `--repo URL`. `--write` changes files and needs no clone.
    NO_CLONE = "no-clone", Input, Error;

    /// No commit of that name is in the clone.
    ///
    /// `rungs gates --base REV` takes whatever git takes for a commit: a branch
    /// (`origin/main`), a tag or an id. Fetch what is not there yet.
    UNKNOWN_REVISION = "unknown-revision", Outside, Error;

    /// A branch of rungs' name has commits of somebody else.
    ///
    /// rungs replaces its own branches, `rungs/<environment>/<app>`, when a plan
    /// changes, and never throws away what people put there. Merge or close
    /// the branch, or delete it, and try again.
    BRANCH_NOT_OURS = "branch-not-ours", Answer, Error;

    /// The clone has no files to change.
    ///
    /// `--write` changes the files of a work tree. A bare clone has none, and
    /// neither has the clone that `--repo URL` keeps. `--commit` and `--branch`
    /// need no work tree.
    NO_WORK_TREE = "no-work-tree", Input, Error;

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
