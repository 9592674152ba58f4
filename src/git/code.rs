//! What can be wrong with git, and with what it is asked for.

use crate::diagnostic::codes;

codes! {
    /// The program `git` is not there.
    ///
    /// Fetching and pushing go through the `git` program of whoever runs rungs, so that its
    /// credentials, proxies and hooks are the same as by hand. Rendering needs no git.
    ///
    /// Install git, or put the directory that holds it in `PATH`. In an image for CI:
    ///
    /// ```dockerfile
    /// RUN apk add --no-cache git        # Alpine
    /// ```
    GIT_NOT_INSTALLED = "git-not-installed", Outside, Error;

    /// The program `git` is too old.
    ///
    /// It does not know an option that rungs needs. The message says which version is there,
    /// and which one is needed. Update git; nothing was changed.
    GIT_TOO_OLD = "git-too-old", Outside, Error;

    /// The program `git` failed.
    ///
    /// The message has git's own reason. It may be the disk, permissions, or a clone that is
    /// damaged, which `git fsck` tells. Run the command again when that is mended: nothing is
    /// left half done.
    GIT_FAILED = "git-failed", Outside, Error;
}
