//! Why files that a person names are not edited.

use crate::diagnostic::codes;

codes! {
    /// None of the files has what is to be set.
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
    NOTHING_MATCHES = "nothing-matches", Input, Error;

    /// A name means several charts or repositories.
    ///
    /// `--git NAME=VERSION` takes the address of a repository, the name of a chart, or that
    /// of an object such as a release, and the first of these that fits. Several different
    /// charts or repositories fit equally well here, and nothing is changed. Name the
    /// address, or the place itself with `--route`.
    ///
    /// ```sh
    /// rungs set --in releases.yaml --git https://charts.example.com/web=1.2.4
    /// rungs set --in kustomization.yaml --route 'helmCharts[0].version=1.2.4'
    /// ```
    WHICH_SOURCE = "which-source", Answer, Error;

    /// One place would get two values.
    ///
    /// The command asks for several changes, and two of them give the same place
    /// different values. Give each image, git repository and route one new value.
    ///
    /// ```text
    /// rungs set --in app.yaml web=:v2 web=:v3      wrong
    /// rungs set --in app.yaml web=:v3              right
    /// ```
    TWO_VALUES = "two-values", Answer, Error;

    /// An edit would change something that nobody asked for.
    ///
    /// What is to change has an anchor (`&name`), and an alias (`*name`) or `<<` repeats it
    /// for another app, another environment, or another image. That one would change as
    /// well, without being planned and judged. What is repeated for the same app and
    /// environment changes along, and is shown. Write the value out where it is repeated;
    /// each can then be changed by itself.
    ///
    /// ```yaml
    /// web: { image: { repository: shop/web, tag: &tag v1 } }
    /// job: { image: { repository: shop/job, tag: *tag } }     # refused for `web`
    /// job: { image: { repository: shop/job, tag: v1 } }
    /// ```
    SHARED_ANCHOR = "shared-anchor", Answer, Error;

    /// A value changes because it repeats what is changed.
    ///
    /// What is to change has an anchor (`&name`), and an alias (`*name`) or `<<` repeats it where
    /// no image, git reference or other value is that rungs knows: in a label, say. It changes
    /// along, which no gate judges. Write the value out if it is to stay.
    ///
    /// ```yaml
    /// image: { repository: shop/web, tag: &tag v1 }
    /// labels: { version: *tag }         # changes along
    /// labels: { version: v1 }           # stays
    /// ```
    CHANGES_ALONG = "changes-along", Answer, Note;

    /// An encrypted file is not edited.
    ///
    /// SOPS signs every value of a file, even those that are not encrypted: after
    /// a change SOPS cannot read the file any more. Edit it with `sops`.
    SEALED_FILE = "sealed-file", Answer, Error;

    /// A link leads out of what was named.
    ///
    /// A symbolic link that leads out of the named directory, or of the
    /// directory of the named file, is not followed: it may lead to anything.
    /// Nor is a directory on the way to it that is a link out of the work tree,
    /// or out of the current directory where there is no git repository.
    /// Name the file where it is.
    LINK_LEADS_OUT = "link-leads-out", Answer, Error;
}
