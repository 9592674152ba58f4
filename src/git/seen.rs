//! The tip of a base branch that was seen last, and whether it is still part of the branch.
//!
//! A branch whose history is rewritten no longer says what stood on it before. The clone that
//! saw it keeps the tip as a reference below `refs/rungs/seen/`, with all that it leads to.

use super::code::HISTORY_REWRITTEN;
use super::local_clone::LocalClone;
use super::object::ObjectName;
use super::revision::{Revision, RevisionKind};
use super::workspace::Workspace;
use crate::diagnostic::Finding;
use crate::source::Location;

impl Workspace {
    /// The finding that a base branch no longer has the commit that was its tip when it was
    /// seen last; none if it has, if that is not known, or if the base is no branch of the
    /// remote. The new tip is kept as seen only if it follows the old one: until a person
    /// says otherwise, the finding remains.
    pub fn rewritten(&self, base: &Revision) -> Option<Finding> {
        let branch = base.branch_name().filter(|_| base.kind == RevisionKind::RemoteBranch)?;
        let (clone, reference) = self.seen_reference(branch)?;
        let seen = clone.reference(&reference).ok()?;
        if seen.as_ref() == Some(&base.commit) {
            return None;
        }
        if let Some(seen) = &seen
            && !clone.is_ancestor(seen, &base.commit).ok()?
        {
            let (name, short) = (&base.name, seen.short());
            let message =
                format!("the history of `{name}` was rewritten: it no longer has {short}");
            return Some(
                Finding::new(&HISTORY_REWRITTEN, message, Location::of_repository())
                    .because(format!("{short} was its tip when this clone saw it last"))
                    .help(format!(
                        "find out who pushed what; if it was intended, run `git update-ref -d {reference}`"
                    )),
            );
        }
        // A clone that cannot be written to remembers nothing.
        let program = clone.program();
        let command = program.command("update-ref").args([&*reference, base.commit.as_str()]);
        let _ = command.output();
        None
    }

    /// The commit that was a branch's tip when it was seen last, if `tip` does not follow it.
    pub fn replaced_tip(&self, branch: &str, tip: &ObjectName) -> Option<ObjectName> {
        let (clone, reference) = self.seen_reference(branch)?;
        let seen = clone.reference(&reference).ok()??;
        let is_replaced = seen != *tip && !clone.is_ancestor(&seen, tip).ok()?;
        is_replaced.then_some(seen)
    }

    /// The clone, and the reference that keeps what was seen of a branch.
    fn seen_reference(&self, branch: &str) -> Option<(&LocalClone, String)> {
        let remote = self.remote().ok().flatten()?;
        let clone = self.local_clone().ok().flatten().filter(|clone| !clone.is_shallow())?;
        Some((clone, format!("refs/rungs/seen/{}/{branch}", remote.name())))
    }
}
