//! Delivers a change to a branch for people to merge.

use super::code::BRANCH_NOT_OURS;
use super::delivered::{Delivered, Done};
use super::delivery::{Delivery, git_failed};
use crate::diagnostic::{Finding, Findings, harmless};
use crate::git::{Branch, INVALID_BRANCH, ObjectName, PushOutcome, PushTarget, Remote, Retries};
use crate::history::record;
use crate::promote::{Intent, PlannedChange};
use crate::source::Location;

/// Computes the change for the base's newest tip and pushes a branch with one
/// commit. If the branch has the same plan already, nothing is pushed; a newer
/// plan replaces ours, but never what somebody else put there.
pub(super) fn execute(delivery: &Delivery<'_>, intent: &dyn Intent) -> Result<Delivered, Findings> {
    let remote = delivery.workspace.require_remote()?;
    let mut retries = Retries::default();
    loop {
        retries.start();
        match attempt(delivery, remote, intent)? {
            Attempt::Settled(delivered) => return Ok(*delivered),
            // Another process was faster: look at what it pushed first.
            Attempt::Moved(branch) => retries.wait().map_err(|times| branch.too_busy(times))?,
        }
    }
}

enum Attempt {
    Settled(Box<Delivered>),
    /// Others moved the branch.
    Moved(Branch),
}

fn attempt(
    delivery: &Delivery<'_>,
    remote: &Remote,
    intent: &dyn Intent,
) -> Result<Attempt, Findings> {
    let writer = delivery.workspace.writer()?;
    let base = delivery.workspace.fetched_base()?;
    let tip = &base.commit;
    let submission = delivery.submission(false);
    let planned = delivery.compute_at(tip, base.branch_name(), intent, &submission)?;
    let settled = |planned, done| {
        let delivered = Delivered { planned, done, base: Some(base.clone()) };
        Ok(Attempt::Settled(Box::new(delivered)))
    };
    if planned.is_stopped(intent) {
        return settled(planned, Done::Stopped);
    }
    if planned.is_nothing() {
        return settled(planned, Done::Nothing);
    }
    let branch = name(&planned, intent)?;
    let pushed = writer.fetch_tip(remote, &branch).map_err(|error| error.finding())?;
    if let Some(pushed) = &pushed {
        refuse_foreign_commits(delivery, pushed, &branch, tip)?;
        let has_plan = pushed_plan(delivery, pushed)?.is_some_and(|plan| plan == planned.identity);
        // Nobody could merge it as it is.
        if has_plan && merges(delivery, tip, pushed)? {
            return settled(planned, Done::UpToDate { branch });
        }
    }
    let Some(commit) = delivery.commit(tip, &planned)? else {
        return settled(planned, Done::Nothing);
    };
    match writer.replace(&PushTarget::new(remote, &branch), pushed.as_ref(), &commit) {
        Ok(PushOutcome::Landed) => settled(planned, Done::Pushed { commit, branch }),
        Ok(PushOutcome::Moved(_)) => Ok(Attempt::Moved(branch)),
        Err(error) => Err(error.finding(remote, &branch).into()),
    }
}

/// Whether a branch can still be merged into the base.
fn merges(delivery: &Delivery<'_>, base: &ObjectName, tip: &ObjectName) -> Result<bool, Findings> {
    let clone = delivery.workspace.require_clone()?;
    let fork = clone.merge_base(base, tip).map_err(|error| git_failed(&error))?;
    let Some(fork) = fork else { return Ok(false) };
    let merged = clone.merged_files(&fork, base, tip).map_err(|error| error.finding())?;
    Ok(merged.is_some())
}

/// `rungs/<environment with .>/<name>`, with the prefix of the intent. In an adopted
/// repository, an app may be named as git lets no branch be.
fn name(planned: &PlannedChange, intent: &dyn Intent) -> Result<Branch, Finding> {
    let environment = planned.plan.environment.as_str().replace('/', ".");
    let name = format!("{}/{environment}/{}", intent.own_branch().prefix(), intent.branch());
    let branch = Branch::parse(&name).ok_or_else(|| {
        let at = Location::of_repository();
        let message = format!("the branch would be `{}`, which git refuses", harmless(&name));
        Finding::new(&INVALID_BRANCH, message, at).help("use `--commit` or `--write`")
    })?;
    // Else its own pipeline would take it for a base.
    debug_assert!(branch.is_ours(), "every prefix of ours is known as one: `{branch}`");
    Ok(branch)
}

/// The plan of the commit at our branch's tip; none if its record has no plan
/// that can be compared.
fn pushed_plan(delivery: &Delivery<'_>, tip: &ObjectName) -> Result<Option<String>, Findings> {
    let objects = delivery.workspace.require_clone()?.objects();
    let (commit, _) = objects.commit(tip).map_err(|error| error.finding())?;
    Ok(record::read(&commit.message).first().and_then(|record| record.plan.clone()))
}

/// Fails if a commit on the branch is not ours. What a person put there is never
/// thrown away, whether it is at the tip or below our commit.
fn refuse_foreign_commits(
    delivery: &Delivery<'_>,
    tip: &ObjectName,
    branch: &Branch,
    base: &ObjectName,
) -> Result<(), Findings> {
    let clone = delivery.workspace.require_clone()?;
    let objects = clone.objects();
    let read = |name: &ObjectName| objects.commit(name).map_err(|error| error.finding());
    let (mut commit, _) = read(tip)?;
    if !record::read(&commit.message).is_empty() {
        let mut not_on_base = Vec::new();
        for parent in &commit.parents {
            if !clone.is_ancestor(parent, base).map_err(|error| git_failed(&error))? {
                not_on_base.push(parent.clone());
            }
        }
        let Some(parent) = not_on_base.first() else { return Ok(()) };
        (commit, _) = read(parent)?;
    }
    let at = Location::of_repository();
    let message = format!("the branch `{branch}` has a commit that rungs did not make");
    Err(Finding::new(&BRANCH_NOT_OURS, message, at)
        .because(format!("`{}` by {}", commit.subject(), commit.author.name))
        .help("merge or close it, delete the branch, and try again")
        .into())
}
