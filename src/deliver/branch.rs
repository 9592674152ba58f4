//! Onto a branch for people to merge.

use super::code::BRANCH_NOT_OURS;
use super::delivery::{Delivery, failed, git_failed};
use super::outcome::{Delivered, Done};
use crate::diagnostic::{Finding, Findings};
use crate::git::{Branch, Lease, ObjectName, PushError, Remote};
use crate::history::record;
use crate::promote::{Intent, PlannedChange};
use crate::source::{Location, RepoPath};

/// As often as a branch that another process moves meanwhile is looked at again.
const TRIES: u32 = 5;

/// Computes for the base's newest tip and pushes a branch with one commit of
/// it. The same plan again changes nothing; a newer one replaces ours, and
/// never anything that somebody else put there.
pub(super) fn execute(delivery: &Delivery<'_>, intent: &dyn Intent) -> Result<Delivered, Findings> {
    let remote = delivery.workspace.require_remote()?;
    let mut tries = 1;
    loop {
        match attempt(delivery, remote, intent)? {
            Ok(delivered) => return Ok(delivered),
            // Another process was faster; what it put there is looked at first.
            Err((PushError::Outdated, _)) if tries < TRIES => tries += 1,
            Err((error, branch)) => return Err(error.finding(remote, &branch).into()),
        }
    }
}

/// One try; the push's error is for the caller to judge.
fn attempt(
    delivery: &Delivery<'_>,
    remote: &Remote,
    intent: &dyn Intent,
) -> Result<Result<Delivered, (PushError, Branch)>, Findings> {
    let writer = delivery.workspace.writer()?;
    let base = delivery.workspace.fetched_base()?;
    let tip = &base.commit;
    let how = delivery.how(false);
    let computed = delivery.compute_at(tip, base.branch_name(), intent, &how)?;
    let settled = |computed, done| Ok(Ok(Delivered { computed, done, base: Some(base.clone()) }));
    if computed.is_stopped(intent) {
        return settled(computed, Done::Shown);
    }
    if computed.is_nothing() {
        return settled(computed, Done::Nothing);
    }
    let branch = name(&computed, intent)?;
    let there = writer.fetch_tip(remote, &branch).map_err(|error| error.finding())?;
    let lease = match there {
        None => Lease::Absent,
        Some(there) => match ours(delivery, &there, &branch, tip)? {
            Some(plan) if plan == computed.identity => {
                return settled(computed, Done::There { branch });
            }
            _ => Lease::Exactly(there),
        },
    };
    let Some(commit) = delivery.commit(tip, &computed)? else {
        return settled(computed, Done::Nothing);
    };
    match writer.push(remote, &commit, &branch, &lease) {
        Ok(_) => settled(computed, Done::Pushed { commit, branch }),
        Err(error) => Ok(Err((error, branch))),
    }
}

/// `rungs/<environment with .>/<name>`, or `rungs-rollback/…`.
fn name(computed: &PlannedChange, intent: &dyn Intent) -> Result<Branch, Finding> {
    let environment = computed.plan.environment.as_str().replace('/', ".");
    let name = format!("{}/{environment}/{}", intent.prefix(), intent.branch());
    Branch::parse(&name).ok_or_else(|| {
        let at = Location::of_path(&RepoPath::root());
        Finding::new(&BRANCH_NOT_OURS, format!("git takes no branch `{name}`"), at)
    })
}

/// The plan of the commit that our branch is at; none where it carries none
/// that can be compared.
///
/// # Errors
///
/// A commit on it is not ours: what a person put there is never thrown away,
/// neither at its tip nor below ours.
fn ours(
    delivery: &Delivery<'_>,
    tip: &ObjectName,
    branch: &Branch,
    base: &ObjectName,
) -> Result<Option<String>, Findings> {
    let clone = delivery.workspace.require_clone()?;
    let objects = clone.objects();
    let read = |name: &ObjectName| objects.commit(name).map_err(failed);
    let (mut commit, _) = read(tip)?;
    let plan = record::read(&commit.message).first().map(|record| record.plan.clone());
    if let Some(plan) = plan {
        let mut beside = Vec::new();
        for parent in &commit.parents {
            if !clone.is_ancestor(parent, base).map_err(|error| git_failed(&error))? {
                beside.push(parent.clone());
            }
        }
        let Some(below) = beside.first() else { return Ok(plan) };
        (commit, _) = read(below)?;
    }
    let at = Location::of_path(&RepoPath::root());
    let message = format!("the branch `{branch}` has a commit that rungs did not make");
    Err(Finding::new(&BRANCH_NOT_OURS, message, at)
        .because(format!("`{}` by {}", commit.subject(), commit.author.name))
        .help("merge or close it, delete the branch, and try again")
        .into())
}
