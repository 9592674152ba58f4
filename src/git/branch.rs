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
        let first = self.0.split_once('/').map(|(first, _)| first);
        OwnBranch::ALL.iter().any(|own| first == Some(own.prefix()))
    }
}

/// What a branch that rungs makes is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnBranch {
    /// Other references or values: what `set` and `promote` do.
    Change,
    /// A return to an earlier state.
    Rollback,
    /// A hold, or its end.
    Hold,
}

impl OwnBranch {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Change, Self::Rollback, Self::Hold];

    /// The first part of the names of such branches, before the first `/`.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Change => "rungs",
            Self::Rollback => "rungs-rollback",
            Self::Hold => "rungs-hold",
        }
    }
}

impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&harmless(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_for_each_purpose_are_ours_and_no_others_are() {
        let is_ours = |name: &str| Branch::parse(name).unwrap().is_ours();
        for own in OwnBranch::ALL {
            let prefix = own.prefix();
            assert!(is_ours(&format!("{prefix}/qa/web")), "{prefix}");
            assert!(!is_ours(prefix), "{prefix}");
            assert!(!is_ours(&format!("{prefix}x/qa/web")), "{prefix}");
            assert!(!is_ours(&format!("fix/{prefix}/qa/web")), "{prefix}");
        }
        assert!(!is_ours("main"));
    }
}
