//! How long a state has been in an environment.

use jiff::Timestamp;
use serde::Serialize;

use crate::config::EnvironmentName;
use crate::git::{HistoryError, ObjectName};
use crate::sites::State;

/// An unbroken time during which an app's sites in one environment said the
/// same.
#[derive(Debug, Clone)]
pub struct Tenure {
    /// The state; none if the sites could not be read or disagreed.
    pub state: Option<State>,
    /// Its start.
    pub since: Since,
    /// The commit that started it; none if that is not in this clone.
    pub entered: Option<ObjectName>,
    /// The commit that ended it; none if it has not ended.
    pub left: Option<ObjectName>,
    /// The last commit at which it was there; none if it has not ended.
    pub last: Option<ObjectName>,
}

impl Tenure {
    /// Why nothing older is known, if it reaches to the edge of the clone.
    pub fn edge(&self) -> Option<HistoryError> {
        match &self.since {
            Since::Unknown { fetch } => Some(HistoryError::Shallow { fetch: fetch.clone() }),
            _ => None,
        }
    }
}

/// The newest tenure that is wanted; none if there never was one.
///
/// # Errors
///
/// It is not known whether there was one: history cannot be read, or ends before one
/// is found.
pub fn find_tenure(
    tenures: impl Iterator<Item = Result<Tenure, HistoryError>>,
    mut is_wanted: impl FnMut(&Tenure) -> bool,
) -> Result<Option<Tenure>, HistoryError> {
    for tenure in tenures {
        let tenure = tenure?;
        if is_wanted(&tenure) {
            return Ok(Some(tenure));
        }
        if let Some(error) = tenure.edge() {
            return Err(error);
        }
    }
    Ok(None)
}

/// When a tenure started, and how well that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "certainty", rename_all = "kebab-case")]
pub enum Since {
    /// The forge says when the change was merged.
    Verified {
        /// The time of the merge.
        at: Timestamp,
    },
    /// The commit that brought it to the branch says so, and its author can
    /// choose the time.
    Unverified {
        /// The time of the commit.
        at: Timestamp,
    },
    /// That commit is dated before one that it follows, and none after it has a possible
    /// date.
    Impossible {
        /// The commit's own time.
        at: Timestamp,
    },
    /// It started before the history that this clone has.
    Unknown {
        /// The command that fetches the rest.
        fetch: String,
    },
}

impl Since {
    /// The time to count from; none if it is not known.
    pub fn time(&self) -> Option<Timestamp> {
        match self {
            Self::Verified { at } | Self::Unverified { at } => Some(*at),
            Self::Impossible { .. } | Self::Unknown { .. } => None,
        }
    }
}

/// Where a state comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// The environment.
    pub environment: EnvironmentName,
    /// The commit at which it was there: the base, or an earlier one.
    pub commit: Option<ObjectName>,
}
