//! Why files are not written.

use crate::diagnostic::codes;

codes! {
    /// Files could not be written.
    ///
    /// The disk is full, permissions do not allow it, or somebody changed one of
    /// them meanwhile. All of them are as they were, so nothing is half done:
    /// make room or mend the permissions, and try again. Where the disk fails
    /// even for putting a file back, the message names it.
    FILES_UNWRITTEN = "files-unwritten", Outside, Error;
}
