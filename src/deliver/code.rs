//! Reasons why a change is not delivered.

use crate::diagnostic::codes;

codes! {
    /// The same request would now make another change.
    ///
    /// While the change was being made, somebody else changed the same app, so
    /// the same request would now write other references. Look at what happened
    /// with `rungs status`, and run the command again.
    CHANGED_MEANWHILE = "changed-meanwhile", Answer, Error;

    /// The base has no configuration yet.
    ///
    /// `rungs.yaml` is in the files here, but not on the branch that is deployed. What only
    /// looks (`status`, a plan with `--dry-run`) takes the files here and says so; what is
    /// committed or judged is judged by the branch. Merge the configuration first: the
    /// request that brings it is the one that nothing judges.
    BASE_WITHOUT_SETTINGS = "base-without-settings", Input, Error;

    /// What was shown was found in the files here.
    ///
    /// The branch that is deployed has no `rungs.yaml` yet. As soon as it has, commands look at
    /// the branch, and not at the files here.
    FILES_HERE = "files-here", Answer, Note;

    /// Changes here that were not looked at.
    ///
    /// `rungs status` and a plan with `--dry-run` show what the branch that is deployed has. Files
    /// here that they would read have changes that are not committed. `rungs status --work-tree`
    /// and `--dry-run --write` look at the files here instead.
    NOT_LOOKED_AT = "not-looked-at", Answer, Note;

    /// A change and its base have no commit in common.
    ///
    /// `rungs gates --base` judges what a change did since it left its base. These two histories
    /// have no commit in common: the base is from another repository, or its history was rewritten.
    /// Name the branch that the change is to be merged into.
    NO_COMMON_COMMIT = "no-common-commit", Input, Error;

    /// A change that conflicts with its base.
    ///
    /// What it would be merged to is not known until somebody resolves the conflict. It is
    /// judged from where it left the base; merge the base into it, or rebase it, and it is
    /// judged as it would be merged.
    CONFLICTS = "change-conflicts", Wait, Error;

    /// A change that would replace the base branch's first parents.
    ///
    /// Its history has the base as something that was merged into it. A request that is merged
    /// changes nothing about that; but if the change is pushed as the branch itself, the
    /// branch's first parents are those of the change, and what stood on the branch before is
    /// no longer known to gates and audits.
    FIRST_PARENTS_REPLACED = "first-parents-replaced", Answer, Note;

    /// A change of too many commits.
    ///
    /// Where a pull request may land commit by commit, each commit is judged by itself: a
    /// state that stood on the branch for a moment was there. Squash the change into fewer
    /// commits, or say how pull requests land:
    ///
    /// ```yaml
    /// forge: { kind: github, url: "https://github.com", repository: shop/deploy, merge: squash }
    /// ```
    TOO_MANY_COMMITS = "too-many-commits", Input, Error;

    /// A branch of rungs has commits by somebody else.
    ///
    /// rungs replaces its own branches, `rungs/<environment>/<app>`, when a plan
    /// changes, and never throws away what people put there. Merge or close
    /// the branch, or delete it, and try again.
    BRANCH_NOT_OURS = "branch-not-ours", Answer, Error;

    /// A file that would change has uncommitted changes.
    ///
    /// `--write` changes files of the work tree, and would mix its change with
    /// yours. Commit or stash yours first, or use `--commit`, which leaves the
    /// work tree alone.
    DIRTY_FILE = "dirty-file", Answer, Error;

    /// No destination for the change was given.
    ///
    /// `set`, `promote`, `rollback` and `hold` change files, a branch or the
    /// base branch, but only if they are told which. Without a destination they
    /// show what would be done, and the exit code says that nothing was.
    ///
    /// ```text
    /// rungs promote guestbook --to stage --dry-run     shows the plan
    /// rungs promote guestbook --to stage --write       changes the files of the work tree
    /// rungs promote guestbook --to stage --commit      commits onto the base branch, and pushes
    /// rungs promote guestbook --to stage --branch      pushes a branch for people to merge
    /// ```
    NO_DESTINATION = "no-destination", Input, Error;
}
