//! How long a state has stood where.

use jiff::Timestamp;
use serde::Serialize;

use crate::config::EnvironmentName;
use crate::git::{Commit, HistoryError, ObjectName};
use crate::sites::State;

/// An unbroken time during which an app's sites in one environment said the
/// same.
#[derive(Debug, Clone)]
pub struct Tenure {
    /// What they said; none where they could not be read or disagreed.
    pub state: Option<State>,
    /// When it began.
    pub since: Since,
    /// The commit that began it; none where that is not in this clone.
    pub entered: Option<Commit>,
    /// The commit that ended it; none where it still stands.
    pub left: Option<ObjectName>,
}

impl Tenure {
    /// Why nothing older is known, where it reaches to the edge of the clone.
    pub fn edge(&self) -> Option<HistoryError> {
        match &self.since {
            Since::Unknown { fetch } => Some(HistoryError::Shallow { fetch: fetch.clone() }),
            _ => None,
        }
    }
}

/// When a stay began, and how well that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "certainty", rename_all = "kebab-case")]
pub enum Since {
    /// The forge says when the change was merged.
    Verified {
        /// When.
        at: Timestamp,
    },
    /// The commit that brought it to the branch says so, whose author can
    /// choose the time.
    Unverified {
        /// When.
        at: Timestamp,
    },
    /// It began before a merge that hides the branch's own history, so that
    /// only the time of the merge can be counted from.
    HiddenBefore {
        /// When the merge says it was made.
        at: Timestamp,
        /// The merge.
        merge: ObjectName,
    },
    /// It began before the history that this clone has.
    Unknown {
        /// The command that fetches the rest.
        fetch: String,
    },
}

impl Since {
    /// The time that may be counted from; none where none is known.
    pub fn time(&self) -> Option<Timestamp> {
        match self {
            Self::Verified { at } | Self::Unverified { at } | Self::HiddenBefore { at, .. } => {
                Some(*at)
            }
            Self::Unknown { .. } => None,
        }
    }
}

/// Where a state comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// The environment.
    pub environment: EnvironmentName,
    /// The commit at which it stood there: the base, or an earlier one.
    pub commit: Option<ObjectName>,
}
