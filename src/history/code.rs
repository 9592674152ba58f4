//! What keeps a history from being read.

use super::audit::NO_COMMIT;
use crate::diagnostic::{Finding, codes};
use crate::git::HistoryError;
use crate::source::Location;

codes! {
    /// The history of this clone ends too early.
    ///
    /// The clone is shallow, as CI's often are. What was where, and since when, is read from the
    /// history. Fetch it, or configure CI to clone all of it.
    ///
    /// ```text
    /// git fetch --unshallow origin
    /// ```
    SHALLOW_HISTORY = "shallow-history", Wait, Error;

    /// The history cannot be read.
    ///
    /// Git failed to walk the commits; the message has its reason. `git fsck` says more about a
    /// damaged clone.
    UNREADABLE_HISTORY = "unreadable-history", Outside, Error;
}

/// The finding that a history ends too early, or cannot be read.
pub fn finding(error: &HistoryError, at: &Location) -> Finding {
    match error {
        HistoryError::Shallow { fetch } => Finding::new(
            &SHALLOW_HISTORY,
            "the history that is needed is not in this clone",
            at.clone(),
        )
        .because("the clone is shallow")
        .help(format!("fetch it with `{fetch}`")),
        HistoryError::NoCommit => Finding::new(&NO_COMMIT, error.to_string(), at.clone())
            .because("no git clone, or one without a commit"),
        HistoryError::Failed(message) => {
            Finding::new(&UNREADABLE_HISTORY, error.to_string(), at.clone())
                .because(message.clone())
        }
    }
}
