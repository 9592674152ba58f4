//! What can be wrong with an output tree.

use crate::diagnostic::codes;

codes! {
    /// More files are removed than are written.
    ///
    /// What is no longer rendered leaves the output tree, and whoever applies the tree with
    /// pruning then removes it from the cluster. That is right where an environment or an app was
    /// removed. Otherwise look at the files that are listed: a template that was renamed, or a
    /// condition that became false, removes objects in the same way.
    REMOVES_MORE = "removes-more", Answer, Warning;

    /// Two objects would be written to one file.
    ///
    /// A file is named after its object's kind, namespace and name. Objects
    /// whose kinds differ only by group, or whose names differ only by case,
    /// can get the same name; on a disk that ignores case, the second would
    /// replace the first. Rename one of them.
    RENDERED_PATH_CLASH = "rendered-path-clash", Input, Error;

    /// A file that rungs did not write is in the way.
    ///
    /// Every file of rungs starts with `# Rendered by rungs. Do not edit.`
    /// (an encrypted one has a `.rungs` file beside it that does). Any other
    /// file is left alone, and if it is where a rendered file has to be, nothing
    /// is written at all. Move the file away, or remove it if rungs should write
    /// it from now on.
    FOREIGN_FILE = "foreign-file", Answer, Error;

    /// There is a symbolic link in the output tree.
    ///
    /// A link is never followed while writing: it may lead anywhere. Replace it
    /// with a directory, or write to another directory with `--output`.
    OUTPUT_LINK = "output-link", Answer, Error;

    /// The output tree cannot be read.
    ///
    /// What is written depends on what is there. Check the permissions of the
    /// directory and the disk, then try again.
    OUTPUT_UNREADABLE = "output-unreadable", Outside, Error;

    /// The output tree cannot be written.
    ///
    /// The disk is full or read-only, or the permissions do not allow it. Every
    /// file is as it was or as it should be, none is half written, and another
    /// run finishes the work once there is room or permission.
    OUTPUT_UNWRITABLE = "output-unwritable", Outside, Error;

    /// Something else changed the tree while it was written.
    ///
    /// Where rungs was about to write, a file or directory appeared, vanished or
    /// was replaced after rungs had looked at it: by a person, by `git checkout`,
    /// by another tool. It was left alone. Files before it may be written
    /// already; another run looks at everything again and finishes the work.
    OUTPUT_CHANGED = "output-changed", Outside, Error;

    /// Another rungs is writing the same tree.
    ///
    /// Two runs that write one tree would remove each other's files. Try again
    /// when the other one is done.
    OUTPUT_BUSY = "output-busy", Outside, Error;

    /// A rendered file is not what would be written.
    ///
    /// `rungs render --check` renders without writing. This file is missing, differs, or belongs to
    /// something that is no longer rendered: someone changed a template, a value or the file itself
    /// and did not render again. An operator that deploys the output directory would deploy the old
    /// state.
    ///
    /// ```sh
    /// rungs render && git add rendered
    /// ```
    STALE_FILE = "stale-file", Answer, Error;
}
