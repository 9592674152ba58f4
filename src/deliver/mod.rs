//! Carrying an intent out: into the work tree, onto the base branch, or onto a
//! branch of its own.

mod branch;
mod code;
mod desk;
mod write;

use jiff::Timestamp;

pub use code::CODES;
pub use desk::{Desk, Judged, Where};

use crate::diagnostic::{Finding, Findings};
use crate::git::{Branch, BuildError, CommitMetadata, Landed, ObjectName, PushTarget};
use crate::promote::{Computed, Intent, Plan};
use crate::source::{Location, RepoPath};
use code::{CHANGED_MEANWHILE, NO_DESTINATION};

/// Where a change goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nowhere: the plan is shown.
    Show,
    /// Into the files of the work tree.
    Write,
    /// Onto the base branch.
    Commit,
    /// Onto a branch for people to merge.
    Branch,
}

/// What an intent came to.
#[derive(Debug)]
pub struct Executed {
    /// The plan, and what kept it from being done.
    pub computed: Computed,
    /// What was done.
    pub done: Done,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// Nothing: it was only to be shown, or something stands in its way.
    Shown,
    /// Nothing: everything is as it should be.
    Nothing,
    /// These files were changed in the work tree.
    Written(Vec<RepoPath>),
    /// The base branch has a new commit.
    Committed {
        /// It.
        commit: ObjectName,
        /// The branch.
        branch: Branch,
    },
    /// A branch for it was pushed.
    Pushed {
        /// Its tip.
        commit: ObjectName,
        /// The branch.
        branch: Branch,
    },
    /// A branch with the same plan is there already.
    There {
        /// The branch.
        branch: Branch,
    },
}

/// Carries an intent out.
///
/// # Errors
///
/// It cannot be computed, so that there is no plan to show; or the outside
/// world failed. Nothing is changed then.
pub fn execute(desk: &Desk, mode: Mode, intent: &dyn Intent) -> Result<Executed, Findings> {
    match mode {
        Mode::Show => {
            let computed = desk.compute_newest(intent, &desk.how(false))?;
            Ok(Executed { computed, done: Done::Shown })
        }
        Mode::Write => write::execute(desk, intent),
        Mode::Commit => commit(desk, intent),
        Mode::Branch => branch::execute(desk, intent),
    }
}

/// The finding that nobody said where the change goes.
pub fn no_destination() -> Finding {
    let at = Location::of_path(&RepoPath::root());
    Finding::new(&NO_DESTINATION, "nobody said where the change goes", at)
        .help("add `--dry-run`, `--write`, `--commit` or `--branch`")
}

/// Why a commit was not made at a tip.
enum Stop {
    /// There is no plan, or none that may be carried out.
    Findings(Findings),
    /// The plan is there, and something stands in its way.
    Obstacles,
}

fn commit(desk: &Desk, intent: &dyn Intent) -> Result<Executed, Findings> {
    let how = desk.how(true);
    let remote = desk.remote()?;
    let to = PushTarget::new(&remote.remote, &remote.base);
    let mut first: Option<Plan> = None;
    let mut last: Option<Computed> = None;
    let landed = desk.writer()?.commit_on_tip(&to, |tip| {
        let computed = desk.compute_at(tip, intent, &how).map_err(Stop::Findings)?;
        let is_stopped = computed.is_stopped(intent);
        let is_nothing = computed.is_nothing();
        let plan = computed.plan.clone();
        let made = if is_stopped || is_nothing {
            None
        } else {
            desk.commit(tip, &computed).map_err(Stop::Findings)?
        };
        last = Some(computed);
        if is_stopped {
            return Err(Stop::Obstacles);
        }
        // An old tip at which there was nothing to do says nothing of what is meant.
        if !is_nothing && !intent.takes_all() {
            match &first {
                Some(first) if !first.comes_to_the_same(&plan) => {
                    return Err(Stop::Findings(changed_meanwhile(tip).into()));
                }
                Some(_) => {}
                None => first = Some(plan),
            }
        }
        Ok(made)
    });
    let computed = |last: Option<Computed>| last.expect("a tip was looked at");
    match landed {
        Ok(Landed::Committed { commit, .. }) => {
            let done = Done::Committed { commit, branch: remote.base.clone() };
            Ok(Executed { computed: computed(last), done })
        }
        Ok(Landed::Nothing { .. }) => {
            Ok(Executed { computed: computed(last), done: Done::Nothing })
        }
        Err(error) => match error.finding(&to) {
            Ok(finding) => Err(finding.into()),
            Err(Stop::Findings(findings)) => Err(findings),
            Err(Stop::Obstacles) => Ok(Executed { computed: computed(last), done: Done::Shown }),
        },
    }
}

fn changed_meanwhile(tip: &ObjectName) -> Finding {
    let at = Location::of_path(&RepoPath::root().child("rungs.yaml"));
    let message = "the same request comes to other references than a moment ago";
    Finding::new(&CHANGED_MEANWHILE, message, at)
        .because(format!("the branch moved to {}, which changes the same app", tip.short()))
        .help("look at `rungs status`, and ask again if it is still wanted")
}

impl Desk {
    /// The commit that follows `base` with the computed files; none where
    /// nothing differs.
    fn commit(
        &self,
        base: &ObjectName,
        computed: &Computed,
    ) -> Result<Option<ObjectName>, Findings> {
        let words = CommitMetadata {
            message: &computed.message,
            identity: self.identity()?,
            time: Timestamp::now(),
        };
        let made = self.writer()?.commit(base, &computed.files, &words);
        made.map_err(|error: BuildError| error.finding().into())
    }
}
