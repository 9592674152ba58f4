//! States that must not enter an environment.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::config::EnvironmentName;

/// An entry of `.rungs/holds/<environment>/<app>.yaml`: this state must not
/// enter this environment or those above it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// The environment whose file says so.
    pub environment: EnvironmentName,
    /// The app.
    pub app: String,
    /// By the names of keys, what is held back: a tag and digest as they are
    /// written behind the repository (`v1.4@sha256:…`), a git reference, or a
    /// value. All of them have to be the same for a state to be held back.
    pub state: BTreeMap<String, String>,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub by: String,
    /// When it ends by itself; none where only lifting ends it.
    pub until: Option<Timestamp>,
}
