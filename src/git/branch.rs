//! The name of a branch.

use std::fmt;

use crate::diagnostic::harmless;

/// The name of a branch, as git allows one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Branch(String);

impl Branch {
    /// Reads `main`, or `refs/heads/main`.
    pub fn parse(text: &str) -> Option<Self> {
        let name = text.strip_prefix("refs/heads/").unwrap_or(text);
        let is_valid = !name.starts_with('-')
            && name != "HEAD"
            && git2::Reference::is_valid_name(&format!("refs/heads/{name}"));
        is_valid.then(|| Self(name.to_owned()))
    }

    /// The short name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The full name of its reference.
    pub fn reference(&self) -> String {
        format!("refs/heads/{}", self.0)
    }

    /// Whether rungs itself makes branches of such names. Nothing is based on
    /// them.
    pub fn is_ours(&self) -> bool {
        ["rungs/", "rungs-rollback/", "rungs-hold/"].iter().any(|ours| self.0.starts_with(ours))
    }
}

impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&harmless(&self.0))
    }
}
