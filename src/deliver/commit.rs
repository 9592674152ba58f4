//! Delivers a change to the base branch.

use super::code::CHANGED_MEANWHILE;
use super::delivered::{Delivered, Done};
use super::delivery::Delivery;
use crate::diagnostic::{Finding, Findings};
use crate::git::{ObjectName, PushTarget, TipOutcome};
use crate::promote::{Intent, Plan, PlannedChange};
use crate::source::{Location, RepoPath};

/// Why a commit was not made at a tip.
enum Stop {
    /// There is no plan, or it may not be carried out.
    Findings(Findings),
    /// There is a plan, and something is in its way.
    Obstacles,
}

/// The results of an intent at the tips that were tried.
#[derive(Default)]
struct Attempts {
    /// The first plan that changes something.
    first: Option<Plan>,
    /// The last tip, with the result there.
    last: Option<(ObjectName, PlannedChange)>,
}

impl Attempts {
    /// Computes the intent at a tip, and makes the commit that follows it; none
    /// if there is nothing to do.
    fn at(
        &mut self,
        delivery: &Delivery<'_>,
        tip: &ObjectName,
        branch: &str,
        intent: &dyn Intent,
    ) -> Result<Option<ObjectName>, Stop> {
        let submission = delivery.submission(true);
        let planned = delivery.compute_at(tip, Some(branch), intent, &submission);
        let planned = planned.map_err(Stop::Findings)?;
        let is_stopped = planned.is_stopped(intent);
        let is_nothing = planned.is_nothing();
        let plan = planned.plan.clone();
        let made = if is_stopped || is_nothing {
            None
        } else {
            delivery.commit(tip, &planned).map_err(Stop::Findings)?
        };
        self.last = Some((tip.clone(), planned));
        if is_stopped {
            return Err(Stop::Obstacles);
        }
        // A tip with nothing to do says nothing about what was wanted.
        if !is_nothing && !intent.takes_all() {
            match &self.first {
                Some(first) if !first.is_equivalent(&plan) => {
                    return Err(Stop::Findings(changed_meanwhile(tip).into()));
                }
                Some(_) => {}
                None => self.first = Some(plan),
            }
        }
        Ok(made)
    }
}

/// Computes the change for the newest tip and pushes it, and does so again if
/// others push at the same time.
pub(super) fn execute(delivery: &Delivery<'_>, intent: &dyn Intent) -> Result<Delivered, Findings> {
    let workspace = delivery.workspace;
    let (remote, branch) = (workspace.require_remote()?, workspace.base_branch()?);
    let to = PushTarget::new(remote, branch);
    let mut attempts = Attempts::default();
    let outcome = workspace
        .writer()?
        .commit_on_tip(&to, |tip| attempts.at(delivery, tip, branch.name(), intent));
    let done = match outcome {
        Ok(TipOutcome::Committed { commit, .. }) => {
            Done::Committed { commit, branch: branch.clone() }
        }
        Ok(TipOutcome::NothingToDo { .. }) => Done::Nothing,
        Err(error) => match error.finding(&to) {
            Ok(finding) => return Err(finding.into()),
            Err(Stop::Findings(findings)) => return Err(findings),
            Err(Stop::Obstacles) => Done::Stopped,
        },
    };
    let (tip, planned) = attempts.last.expect("a tip was looked at");
    Ok(Delivered { planned, done, base: Some(workspace.base_at(tip)?) })
}

fn changed_meanwhile(tip: &ObjectName) -> Finding {
    let at = Location::of_path(&RepoPath::root().child("rungs.yaml"));
    let message = "the same request would now write other references than a moment ago";
    Finding::new(&CHANGED_MEANWHILE, message, at)
        .because(format!("the branch moved to {}, which changes the same app", tip.short()))
        .help("look at `rungs status`, and run the command again if it is still right")
}
