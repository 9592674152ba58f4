//! Which merges are pulls that were pushed.
//!
//! Whoever pulls into a local `main` that has commits of its own, and pushes
//! the merge, makes their own commits the first parent of the branch's new tip,
//! and the branch's old tip the second. Nothing in the commits' shape
//! distinguishes that from the merge of a topic: only what was merged into what
//! does, and git's own message says so. The forms are those of git's
//! `fmt-merge-msg.c`.
//!
//! Wrongly taking a merge for a pull is harmless to gates, which then count
//! from the merge. Overlooking a pull is not: a state that was only ever in
//! somebody's own clone would seem to have been there for as long as in that
//! clone. So if a message is ambiguous, it is a pull.
//!
//! The history index keeps the answers: if they change, so must the magic number of
//! its segments.

use crate::git::{Commit, HistoryError, LocalClone, ObjectName};

/// Names that git leaves out as a merge's destination, and that a branch may
/// have had before it was renamed.
const DEFAULT_BRANCHES: [&str; 2] = ["main", "master"];

/// A commit and the parent that a branch was before it, if the commit is a merge that
/// hides the branch. `branch` is its short name.
pub(super) fn hidden_parent<'p>(
    clone: &LocalClone,
    branch: Option<&str>,
    id: &ObjectName,
    parents: &'p [ObjectName],
) -> Result<Option<(Commit, &'p ObjectName)>, HistoryError> {
    if parents.len() < 2 {
        return Ok(None);
    }
    let (commit, _) = clone.objects().commit(id)?;
    let parent = branch_parent(commit.subject(), parents.len(), branch);
    Ok(parent.map(|parent| (commit, &parents[parent])))
}

/// The index of the parent that the branch was before a merge, if that is not
/// the first. `branch` is the short name of the one that is walked.
fn branch_parent(subject: &str, parents: usize, branch: Option<&str>) -> Option<usize> {
    let merged = subject.strip_prefix("Merge ")?;
    let (merged, into) = match merged.rsplit_once(" into ") {
        Some((merged, into)) => (merged, Some(MergedInto::of(into))),
        None => (merged, None),
    };
    if is_address(merged) {
        // It is the other clone's own branch, whatever its name is.
        return Some(1);
    }
    let names = names(merged);
    let pulled = names.iter().position(|name| name.is_pulled(into, branch))?;
    // With names of several kinds, git does not keep to the parents' order.
    Some(if names.len() + 1 == parents { pulled + 1 } else { 1 })
}

/// The branch that something was merged into.
#[derive(Debug, Clone, Copy)]
enum MergedInto<'s> {
    /// As git writes it.
    Git(&'s str),
    /// In quotes, as GitLab writes it for a merge request, which never hides
    /// the branch that it is merged into.
    Forge(&'s str),
}

impl<'s> MergedInto<'s> {
    fn of(text: &'s str) -> Self {
        let text = text.trim_end();
        match text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
            Some(name) => Self::Forge(name),
            None => Self::Git(text),
        }
    }
}

/// What was merged.
#[derive(Debug, PartialEq, Eq)]
struct MergedRef<'s> {
    kind: MergedKind,
    name: &'s str,
    /// Whether it is another clone's.
    is_remote: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MergedKind {
    Branch,
    /// `origin/main`.
    Tracking,
    /// A tag or a commit.
    Other,
}

impl MergedRef<'_> {
    fn is_pulled(&self, into: Option<MergedInto<'_>>, branch: Option<&str>) -> bool {
        let is_walked = match branch {
            Some(branch) => self.is_branch(branch),
            None => self.is_default(),
        };
        match into {
            Some(MergedInto::Git(into)) => self.is_branch(into) || is_walked,
            Some(MergedInto::Forge(into)) => is_walked && !self.is_branch(into),
            None => is_walked || (self.is_remote && self.is_default()),
        }
    }

    fn is_default(&self) -> bool {
        DEFAULT_BRANCHES.iter().any(|name| self.is_branch(name))
    }

    fn is_branch(&self, branch: &str) -> bool {
        match self.kind {
            MergedKind::Branch => self.name == branch,
            // A remote's name may have slashes as well.
            MergedKind::Tracking => {
                let remote = self.name.strip_suffix(branch);
                remote.is_some_and(|remote| remote.len() > 1 && remote.ends_with('/'))
            }
            MergedKind::Other => false,
        }
    }
}

/// Whether only another clone is named, as by `git pull URL`.
fn is_address(merged: &str) -> bool {
    let is_place = ["/", "./", "../"].iter().any(|start| merged.starts_with(start));
    let is_url = merged.contains("://");
    let is_host = merged.split_once('@').is_some_and(|(_, host)| host.contains(':'));
    !merged.contains([' ', '\'']) && (is_place || is_url || is_host)
}

/// The names in `branches 'a' and 'b' of URL, tag 'c'`, in their order.
fn names(merged: &str) -> Vec<MergedRef<'_>> {
    let mut names = Vec::new();
    for group in merged.split("; ") {
        let (group, is_remote) = match group.rsplit_once("' of ") {
            // The quote ends the last name.
            Some((before, _)) => (&group[..=before.len()], true),
            None => (group, false),
        };
        let mut kind = None;
        let mut rest = group;
        while let Some((before, quoted)) = rest.split_once('\'') {
            kind = kind_of(before).or(kind);
            let Some((name, after)) = quoted.split_once('\'') else { break };
            if let Some(kind) = kind {
                let is_remote = is_remote || kind == MergedKind::Tracking;
                names.push(MergedRef { kind, name, is_remote });
            }
            rest = after;
        }
    }
    names
}

/// The kind that the words before a name give it; none if they only join names.
fn kind_of(words: &str) -> Option<MergedKind> {
    let words = words.trim_start_matches(',').trim();
    Some(match words {
        "branch" | "branches" => MergedKind::Branch,
        "remote branch" | "remote-tracking branch" | "remote-tracking branches" => {
            MergedKind::Tracking
        }
        "tag" | "tags" | "commit" | "commits" => MergedKind::Other,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_main(subject: &str) -> Option<usize> {
        branch_parent(subject, 2, Some("main"))
    }

    #[test]
    fn after_a_pull_into_the_branch_it_continues_along_the_second_parent() {
        for subject in [
            "Merge branch 'main' of github.com:shop/deploy",
            "Merge branch 'main' of https://git.example.com/shop/deploy into main",
            "Merge remote-tracking branch 'origin/main'",
            "Merge remote-tracking branch 'a/b/main' into main",
            "Merge branch 'master' of github.com:shop/deploy",
            "Merge https://git.example.com/shop/deploy",
            "Merge git@git.example.com:shop/deploy into main",
            "Merge ../deploy",
        ] {
            assert_eq!(on_main(subject), Some(1), "{subject}");
            assert_eq!(branch_parent(subject, 2, None), Some(1), "{subject}");
        }
    }

    #[test]
    fn the_branch_merged_into_a_topic_that_became_the_branch_hides_it() {
        for subject in [
            "Merge branch 'main' into topic",
            "Merge branch 'main' into 'topic'",
            "Merge remote-tracking branch 'origin/main' into topic",
            "Merge branch 'release' of github.com:shop/deploy into release",
        ] {
            assert_eq!(on_main(subject), Some(1), "{subject}");
        }
    }

    #[test]
    fn a_topic_merged_into_the_branch_hides_nothing() {
        for subject in [
            "Merge branch 'topic'",
            "Merge branch 'topic' into main",
            "Merge branch 'topic' of github.com:someone/deploy",
            "Merge branch 'main' into 'main'",
            "Merge pull request #12 from someone/main",
            "Merge pull request 'Use main' (#3) from someone/main into main",
            "Merge pull request 'main' (#3) from someone/main into main",
            "Merged in main (pull request #3)",
            "Merge remote-tracking branch 'origin/domain'",
            "Merge tag 'main'",
            "Merge commit 'main'",
            "Merge feature/main",
            "Merge",
            "Promote guestbook to stage",
            "",
        ] {
            assert_eq!(on_main(subject), None, "{subject}");
        }
    }

    #[test]
    fn the_branch_is_found_among_several_that_are_merged_at_once() {
        let parent = |subject| branch_parent(subject, 3, Some("main"));
        assert_eq!(parent("Merge branches 'topic' and 'main' of ../deploy"), Some(2));
        assert_eq!(parent("Merge branch 'main' of ../deploy; branch 'topic' of ../x"), Some(1));
        assert_eq!(parent("Merge branches 'one' and 'two'"), None);
    }

    #[test]
    fn another_branch_is_recognised_by_its_own_name() {
        let on_production = |subject| branch_parent(subject, 2, Some("production"));
        assert_eq!(
            on_production("Merge branch 'production' of ../deploy into production"),
            Some(1)
        );
        assert_eq!(on_production("Merge branch 'main' into production"), None);
        assert_eq!(on_production("Merge branch 'main'"), None);
    }
}
