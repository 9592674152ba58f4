//! Why files that a person names are not edited.

use crate::diagnostic::codes;

codes! {
    /// What is to be set stands in none of the files.
    ///
    /// No image, git reference or value in the named files is the one that was
    /// asked for. An image is named by its container, its name in a
    /// kustomization, its marker's policy or its repository; a git repository by
    /// its address.
    ///
    /// ```sh
    /// rungs set --in overlays/prod web=:v2
    /// rungs set --in overlays/prod ghcr.io/shop/web:v2
    /// rungs set --in overlays/prod --git https://github.com/shop/deploy=v2
    /// ```
    NOTHING_MATCHES = "nothing-matches", Answer, Error;

    /// Two things are asked for at one place.
    ///
    /// One call asks for several changes, and two of them mean the same place
    /// and another value. Which one would win is nothing to guess: give each
    /// image, git repository and route one new value.
    ///
    /// ```text
    /// rungs set --in app.yaml web=:v2 web=:v3      wrong
    /// rungs set --in app.yaml web=:v3              right
    /// ```
    TWO_VALUES = "two-values", Answer, Error;

    /// An encrypted file is not edited.
    ///
    /// SOPS signs every value of a file, those that are not encrypted among
    /// them: a changed one makes the file unreadable to SOPS. Edit it with
    /// `sops`.
    SEALED_FILE = "sealed-file", Answer, Error;

    /// A link leads out of what was named.
    ///
    /// A symbolic link that leads out of the named directory, or of the
    /// directory of the named file, is not followed: what it leads to may be
    /// anything. Name the file where it is.
    LINK_LEADS_OUT = "link-leads-out", Answer, Error;

    /// Files could not be written.
    ///
    /// The disk is full, permissions do not allow it, or somebody changed one of
    /// them meanwhile. All of them are as they were, so nothing is half done:
    /// make room or mend the permissions, and try again. Where the disk fails
    /// even for putting a file back, the message names it.
    FILES_UNWRITTEN = "files-unwritten", Outside, Error;
}
