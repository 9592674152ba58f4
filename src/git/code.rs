//! What can go wrong with git, and with what is asked of it.

use crate::diagnostic::codes;

codes! {
    /// The base branch lost commits that it had.
    ///
    /// Somebody pushed with force, or the branch was made anew. What stood in environments
    /// before is no longer in its history, so gates do not know it: a state may look as if it
    /// had never been there, or as if it had been there for longer. Find out what was pushed;
    /// the old commits are still in the clone that saw them, below `refs/rungs/seen/`. If it was
    /// intended, remove that reference:
    ///
    /// ```console
    /// $ git update-ref -d refs/rungs/seen/origin/main
    /// ```
    HISTORY_REWRITTEN = "history-rewritten", Answer, Warning;

    /// The program `git` is not installed.
    ///
    /// Fetching and pushing use the `git` program of whoever runs rungs, so that credentials,
    /// proxies and hooks are the same as by hand. Rendering needs no git.
    ///
    /// Install git, or put the directory that holds it in `PATH`. In an image for CI:
    ///
    /// ```dockerfile
    /// RUN apk add --no-cache git        # Alpine
    /// ```
    GIT_NOT_INSTALLED = "git-not-installed", Outside, Error;

    /// The program `git` is too old.
    ///
    /// It does not know an option that rungs needs. The message says which version is installed,
    /// and which one is needed. Update git; nothing was changed.
    GIT_TOO_OLD = "git-too-old", Outside, Error;

    /// The program `git` failed.
    ///
    /// The message has git's own reason. It may be the disk, permissions, or a damaged clone, which
    /// `git fsck` reports. Run the command again when that is mended: nothing is left half done.
    GIT_FAILED = "git-failed", Outside, Error;

    /// The program `git` gave no sign of life for too long, and was ended.
    ///
    /// Git waits for others: a server that accepts the connection and never answers, a hook, a
    /// program that signs commits or has a password. If nothing is heard of it for two minutes, it
    /// is ended with all that it started, and nothing is left behind. How long it takes does not
    /// matter as long as it says how far it is.
    ///
    /// Find out what it waits for, or give it more time:
    ///
    /// ```sh
    /// rungs promote web --to prod --commit --timeout 10m
    /// ```
    ///
    /// If it was a push, the server has accepted all of it or nothing, and the next run finds out
    /// which.
    GIT_TIMED_OUT = "git-timed-out", Outside, Error;

    /// `--author` is not a name with an address.
    ///
    /// A commit names people as git does: a name, and an address between `<` and `>`.
    ///
    /// ```sh
    /// rungs set web --env qa :v2 --commit --author release-bot                            # wrong
    /// rungs set web --env qa :v2 --commit --author "Release Bot <bot@example.com>"        # right
    /// ```
    INVALID_AUTHOR = "invalid-author", Input, Error;

    /// Nothing says in whose name a commit is to be made.
    ///
    /// Author and committer are looked for in `--author`, in git's variables (`GIT_AUTHOR_NAME`,
    /// `GIT_AUTHOR_EMAIL`, `GIT_COMMITTER_NAME`, `GIT_COMMITTER_EMAIL`), in git's configuration,
    /// and in what the CI says about who started it (GitLab, GitHub, Gitea, Forgejo, Azure
    /// Pipelines, Buildkite, Jenkins). None of them names anybody.
    ///
    /// ```sh
    /// git config user.name "Release Bot"
    /// git config user.email bot@example.com
    /// ```
    NO_AUTHOR = "no-author", Input, Error;

    /// A file would take the place of a directory, or of a similar name.
    ///
    /// A path cannot be a file and a directory at once, and on a case-insensitive disk (macOS,
    /// Windows) `Web.yaml` and `web.yaml` are one file: whoever checks out such a commit gets one
    /// of the two. Nothing was written.
    ///
    /// Move what is in the way, or write to another path.
    CHANGE_CLASH = "change-clash", Answer, Error;

    /// A file that is to change is a symbolic link or in a submodule.
    ///
    /// What a link or a submodule leads to is another file, perhaps another repository's, and
    /// others may use it too. It is never changed through the link.
    ///
    /// Name the file by its own path, or replace the link with a file.
    CHANGE_THROUGH_LINK = "change-through-link", Answer, Error;

    /// A commit could not be made.
    ///
    /// An object of the clone could not be read or written: the disk is full or read-only, or the
    /// clone is not complete. Nothing refers to what was written so far, and git removes it
    /// eventually. Mend the clone, and run the command again.
    COMMIT_UNWRITABLE = "commit-unwritable", Outside, Error;

    /// A commit could not be signed.
    ///
    /// Git is configured to sign commits (`commit.gpgSign`), so a commit without a signature is not
    /// what is wanted. The message has the reason that git, `gpg` or `ssh-keygen` gives: no key, no
    /// agent, a passphrase that nobody was asked for. No commit was made.
    ///
    /// Make the key available to whoever runs rungs, or switch signing off for this clone:
    ///
    /// ```sh
    /// git config commit.gpgSign false
    /// ```
    COMMIT_UNSIGNED = "commit-unsigned", Outside, Error;

    /// The directory is not in a git repository.
    ///
    /// Commits and branches are made in a clone. Name one with `--repo DIR`, or
    /// a remote with `--repo URL`. `--write` changes files and needs no clone.
    NO_CLONE = "no-clone", Input, Error;

    /// The clone has no files to change.
    ///
    /// `--write` changes the files of a work tree, and `rungs render` writes into it. A bare clone has
    /// none, and neither has the clone that `--repo URL` keeps. `--commit` and `--branch` need no work
    /// tree, and neither do `rungs render --stdout` and `--output DIR`.
    NO_WORK_TREE = "no-work-tree", Input, Error;

    /// The clone belongs to another user.
    ///
    /// A clone's configuration can name programs for git to run, so git refuses a
    /// clone that belongs to somebody else. In CI this is usually a checkout made
    /// by `root` that a job reads as another user, or the other way round.
    ///
    /// Make the directory belong to whoever runs rungs, or tell git to trust it:
    ///
    /// ```sh
    /// git config --global --add safe.directory /builds/shop/deploy
    /// ```
    FOREIGN_CLONE = "foreign-clone", Input, Error;

    /// No commit of that name is in the clone.
    ///
    /// `--base` and `--head` accept:
    ///
    /// | written | meaning |
    /// | --- | --- |
    /// | `HEAD` | what is checked out |
    /// | all digits of a commit's id | that commit |
    /// | `refs/tags/v1`, `refs/heads/main` | the reference of that full name |
    /// | `origin/main` | the branch of that remote, as it was last fetched |
    /// | `main` | with `--base` the remote's branch, or the clone's own if the remote has none; with `--head` the clone's own branch |
    /// | `1a2b3c4` | the commit whose id starts like that |
    /// | `main~3`, `HEAD^2` | an ancestor of any of these |
    ///
    /// A tag needs its full name: whoever may push a tag called `main` could
    /// otherwise replace the branch.
    ///
    /// The help has the command that fetches what is missing. CI checkouts have one branch and no
    /// history unless they are configured otherwise:
    ///
    /// ```sh
    /// git fetch --unshallow origin '+refs/heads/main:refs/remotes/origin/main'
    /// ```
    UNKNOWN_REVISION = "unknown-revision", Outside, Error;

    /// A text cannot name a commit.
    ///
    /// `--base` and `--head` accept what [unknown-revision](unknown-revision.md) lists. Of git's
    /// expressions only `~` and `^` are accepted: what reflogs (`main@{1}`) and searches (`:/fix`) name
    /// depends on who asks. An empty text often comes from a variable that is not set.
    ///
    /// ```sh
    /// rungs gates --base "$GITHUB_BASE_REF"    # wrong after a push, where it is empty
    /// rungs gates --base main@{1}              # wrong
    /// rungs gates --base main~1                # right
    /// ```
    INVALID_REVISION = "invalid-revision", Input, Error;

    /// The clone has no remote.
    ///
    /// `--commit` and `--branch` push to a remote, and this clone has none.
    ///
    /// ```sh
    /// git remote add origin https://git.example.com/shop/deploy
    /// ```
    ///
    /// To change only the files of the work tree, use `--write`.
    NO_REMOTE = "no-remote", Input, Error;

    /// The clone has no remote of that name.
    ///
    /// `--remote` names one of those that `git remote` lists. An address is not accepted; for
    /// another repository use `--repo URL`.
    ///
    /// ```sh
    /// rungs promote web --to prod --commit --remote orgin     # wrong
    /// rungs promote web --to prod --commit --remote origin    # right
    /// ```
    UNKNOWN_REMOTE = "unknown-remote", Input, Error;

    /// Nothing says which of several remotes is meant.
    ///
    /// Changes go to the remote that `--remote` names, to `origin`, or to the only one. Here
    /// there are several and none is `origin`.
    ///
    /// ```sh
    /// rungs promote web --to prod --commit --remote upstream
    /// ```
    SEVERAL_REMOTES = "several-remotes", Input, Error;

    /// Nothing says which branch changes go to.
    ///
    /// It is looked for in `--base`, in `forge.base` of `rungs.yaml`, in what the CI says, and in
    /// the remote's `HEAD`. None of them names one.
    ///
    /// ```yaml
    /// # rungs.yaml
    /// forge: { kind: gitea, url: "https://git.example.com", repository: shop/deploy, base: main }
    /// ```
    NO_BASE_BRANCH = "no-base-branch", Input, Error;

    /// A text is not the name of a branch.
    ///
    /// Git refuses such a name: it has a space, `..`, `~`, `^`, `:` or the like, or starts with a
    /// dash. A tag, a commit or an expression such as `main~1` is not a branch either.
    ///
    /// ```sh
    /// rungs promote web --to prod --commit --base main~1    # wrong
    /// rungs promote web --to prod --commit --base main      # right
    /// ```
    ///
    /// `--branch` names its branch by the environment and the app. Git refuses a name that ends in
    /// `.lock` or with a dot: use `--commit` or `--write` for an app of such a name.
    INVALID_BRANCH = "invalid-branch", Input, Error;

    /// The remote has no such branch.
    ///
    /// A commit goes onto a branch that exists. The name may be misspelt, or the remote may be
    /// empty: then push a first commit.
    ///
    /// ```sh
    /// git push origin main
    /// ```
    BRANCH_MISSING = "branch-missing", Input, Error;

    /// The remote could not be reached.
    ///
    /// It may be the network, the server, or the credentials: git's own words are in the message,
    /// without any password or token. Nobody is asked on a terminal, so credentials have to come
    /// from a credential helper, from `GIT_ASKPASS`, or from a key that ssh finds.
    ///
    /// ```sh
    /// GIT_TERMINAL_PROMPT=0 git ls-remote origin    # has to work
    /// ```
    ///
    /// Run the command again when it does. If the connection was lost in the middle of a push, the
    /// server has accepted all of it or nothing, and the next run finds out which.
    REMOTE_UNREACHABLE = "remote-unreachable", Outside, Error;

    /// The server did not accept a push.
    ///
    /// The branch had not moved, and the server refused a second time: the branch is protected, or a
    /// hook refuses, perhaps one of this clone (`pre-push`). The reason is in the message. Nothing
    /// was changed, and running the command again will not help.
    ///
    /// Allow this user to push to the branch, or use `--branch` and have the change merged there.
    ///
    /// A branch `rungs/prod/web` cannot be made beside a branch `rungs` or `rungs/prod`: git would need
    /// a file and a directory of one name. Rename or delete the branch that the message names.
    PUSH_REFUSED = "push-refused", Answer, Error;

    /// A push failed.
    ///
    /// The server could not do it, or gave no answer: it could not be reached, did not accept the
    /// credentials, lost the connection, or has a full disk. Git's own words are in the message. The
    /// server has accepted all of the push or nothing; run the command again when it works, and it
    /// does what is left to do.
    PUSH_FAILED = "push-failed", Outside, Error;

    /// A branch moved again and again while it was being changed.
    ///
    /// Each time others were faster, and the change was computed again, until the time was up.
    /// Nothing was changed. Run the command again.
    BRANCH_TOO_BUSY = "branch-too-busy", Outside, Error;

    /// A text is not the address of a repository.
    ///
    /// `--repo` takes a directory, or an address that git speaks: `https`, `http`, `ssh`, `git`,
    /// `file`, or `user@host:path`. Transports that run a program (`ext::`) are refused, and so is
    /// anything that would be an option to git or ssh.
    ///
    /// ```sh
    /// rungs status --repo https://git.example.com/shop/deploy
    /// rungs status --repo git@git.example.com:shop/deploy
    /// ```
    REPOSITORY_ADDRESS = "repository-address", Input, Error;

    /// An address has a password or token in it.
    ///
    /// The address of a cached clone is written to its configuration, and shown in messages and
    /// in lists of processes. A secret has no place there.
    ///
    /// Provide it through a credential helper, or through a program that `GIT_ASKPASS` names:
    ///
    /// ```sh
    /// rungs status --repo https://me:$TOKEN@git.example.com/shop/deploy                 # wrong
    /// GIT_ASKPASS=./print-token rungs status --repo https://me@git.example.com/shop/deploy    # right
    /// ```
    CREDENTIALS_IN_ADDRESS = "credentials-in-address", Input, Error;

    /// The cache cannot be written.
    ///
    /// With `--repo URL`, a clone of the repository is kept in `RUNGS_CACHE`, in `rungs` below
    /// `XDG_CACHE_HOME`, or in `~/.cache/rungs`. The disk is full or read-only, or the directory
    /// belongs to someone else. Whatever is in it can be removed at any time.
    ///
    /// Mend that, or name another directory:
    ///
    /// ```sh
    /// RUNGS_CACHE=/tmp/rungs rungs status --repo https://git.example.com/shop/deploy
    /// ```
    CACHE_UNWRITABLE = "cache-unwritable", Outside, Error;
}
