//! Delivers a change to a branch for people to merge.

use super::code::BRANCH_NOT_OURS;
use super::delivered::{Delivered, Done};
use super::delivery::{Delivery, git_failed};
use crate::diagnostic::{Finding, Findings};
use crate::git::{Branch, Lease, ObjectName, PushError, Remote};
use crate::history::record;
use crate::promote::{Intent, PlannedChange};
use crate::source::{Location, RepoPath};

/// The most attempts if other processes move the branch meanwhile.
const MOST_ATTEMPTS: u32 = 5;

/// Computes the change for the base's newest tip and pushes a branch with one
/// commit. If the branch has the same plan already, nothing is pushed; a newer
/// plan replaces ours, but never what somebody else put there.
pub(super) fn execute(delivery: &Delivery<'_>, intent: &dyn Intent) -> Result<Delivered, Findings> {
    let remote = delivery.workspace.require_remote()?;
    let mut attempts = 1;
    loop {
        match attempt(delivery, remote, intent)? {
            Ok(delivered) => return Ok(delivered),
            // Another process was faster: look at what it pushed first.
            Err((PushError::Outdated, _)) if attempts < MOST_ATTEMPTS => attempts += 1,
            Err((error, branch)) => return Err(error.finding(remote, &branch).into()),
        }
    }
}

/// Makes one attempt. The error of a push is for the caller to judge.
fn attempt(
    delivery: &Delivery<'_>,
    remote: &Remote,
    intent: &dyn Intent,
) -> Result<Result<Delivered, (PushError, Branch)>, Findings> {
    let writer = delivery.workspace.writer()?;
    let base = delivery.workspace.fetched_base()?;
    let tip = &base.commit;
    let submission = delivery.submission(false);
    let planned = delivery.compute_at(tip, base.branch_name(), intent, &submission)?;
    let settled = |planned, done| Ok(Ok(Delivered { planned, done, base: Some(base.clone()) }));
    if planned.is_stopped(intent) {
        return settled(planned, Done::Shown);
    }
    if planned.is_nothing() {
        return settled(planned, Done::Nothing);
    }
    let branch = name(&planned, intent)?;
    let pushed = writer.fetch_tip(remote, &branch).map_err(|error| error.finding())?;
    let lease = match pushed {
        None => Lease::Absent,
        Some(pushed) => match plan_of(delivery, &pushed, &branch, tip)? {
            Some(plan) if plan == planned.identity => {
                return settled(planned, Done::UpToDate { branch });
            }
            _ => Lease::Exactly(pushed),
        },
    };
    let Some(commit) = delivery.commit(tip, &planned)? else {
        return settled(planned, Done::Nothing);
    };
    match writer.push(remote, &commit, &branch, &lease) {
        Ok(_) => settled(planned, Done::Pushed { commit, branch }),
        Err(error) => Ok(Err((error, branch))),
    }
}

/// `rungs/<environment with .>/<name>`, or `rungs-rollback/…`.
fn name(planned: &PlannedChange, intent: &dyn Intent) -> Result<Branch, Finding> {
    let environment = planned.plan.environment.as_str().replace('/', ".");
    let name = format!("{}/{environment}/{}", intent.prefix(), intent.branch());
    Branch::parse(&name).ok_or_else(|| {
        let at = Location::of_path(&RepoPath::root());
        Finding::new(&BRANCH_NOT_OURS, format!("`{name}` is not a valid branch name"), at)
    })
}

/// The plan of the commit at our branch's tip; none if its record has no plan
/// that can be compared.
///
/// # Errors
///
/// A commit on the branch is not ours. What a person put there is never thrown
/// away, whether it is at the tip or below our commit.
fn plan_of(
    delivery: &Delivery<'_>,
    tip: &ObjectName,
    branch: &Branch,
    base: &ObjectName,
) -> Result<Option<String>, Findings> {
    let clone = delivery.workspace.require_clone()?;
    let objects = clone.objects();
    let read = |name: &ObjectName| objects.commit(name).map_err(|error| error.finding());
    let (mut commit, _) = read(tip)?;
    let plan = record::read(&commit.message).first().map(|record| record.plan.clone());
    if let Some(plan) = plan {
        let mut not_on_base = Vec::new();
        for parent in &commit.parents {
            if !clone.is_ancestor(parent, base).map_err(|error| git_failed(&error))? {
                not_on_base.push(parent.clone());
            }
        }
        let Some(parent) = not_on_base.first() else { return Ok(plan) };
        (commit, _) = read(parent)?;
    }
    let at = Location::of_path(&RepoPath::root());
    let message = format!("the branch `{branch}` has a commit that rungs did not make");
    Err(Finding::new(&BRANCH_NOT_OURS, message, at)
        .because(format!("`{}` by {}", commit.subject(), commit.author.name))
        .help("merge or close it, delete the branch, and try again")
        .into())
}
