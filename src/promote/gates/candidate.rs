//! A state that asks to enter an environment, and whom gates ask about it.

use jiff::Timestamp;

use crate::config::{Check, Environment, EnvironmentName, Gates, Repository, Side, ValueRoute};
use crate::diagnostic::Findings;
use crate::git::HistoryError;
use crate::history::Tenure;
use crate::holds::Hold;
use crate::sites::State;
use crate::yaml::Value;

/// A state that asks to enter an environment.
pub(in crate::promote) struct Candidate<'a> {
    /// The configuration, as the base's tip has it.
    pub repository: &'a Repository,
    /// The environment that is entered.
    pub target: &'a Environment,
    /// Its conditions for this app.
    pub gates: &'a Gates,
    /// The app.
    pub app: &'a str,
    /// How it asks.
    pub transition: Transition<'a>,
    /// Whether it goes onto the base branch at once (`--commit`), so that there
    /// is no pull request that somebody could approve.
    pub direct: bool,
    /// What the environment says now; none where the app is new there.
    pub current: Option<&'a State>,
    /// What it will say.
    pub proposed: &'a State,
    /// What the base says: its sites, its history, its holds.
    pub evidence: &'a dyn Evidence,
    /// Values of the source and of the target.
    pub values: &'a dyn Values,
    /// What the forge knows; none where it was not asked.
    pub facts: Option<&'a dyn Facts>,
    /// The clock.
    pub now: Timestamp,
    /// The ticket that was named.
    pub ticket: Option<&'a str>,
    /// What rendering came to; none where nothing was rendered.
    pub rendering: Option<Result<(), &'a Findings>>,
}

/// How a state asks to enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::promote) enum Transition<'a> {
    /// References are set, as after a build.
    Set,
    /// It is promoted from that environment.
    Promote {
        /// Where it comes from.
        from: &'a EnvironmentName,
        /// Whether a person named that environment with `--from`: of several
        /// that come directly before, only this one has to hold the state.
        chosen: bool,
        /// Whether a person named the state with `--ref`, and so means a step
        /// back if it is one.
        named: bool,
    },
    /// It is restored.
    Rollback,
}

/// What gates ask of the base that a change is made to.
pub(in crate::promote) trait Evidence {
    /// What an app's sites in an environment have said, the newest tenure first;
    /// nothing at all where the environment never had the app. Reads only as
    /// much history as the iterator is asked for.
    fn tenures<'e>(
        &'e self,
        environment: &EnvironmentName,
        app: &str,
    ) -> Box<dyn Iterator<Item = Result<Tenure, HistoryError>> + 'e>;

    /// What an app's sites in an environment say at the base; none where the app
    /// is not there, or where they cannot be read.
    fn current(&self, environment: &EnvironmentName, app: &str) -> Option<State>;

    /// The states that must not enter an environment: its own holds and those of
    /// every environment before it.
    fn holds(&self, environment: &EnvironmentName, app: &str) -> Vec<Hold>;
}

/// Values that gates ask for.
pub(in crate::promote) trait Values {
    /// The value that a route leads to in the source or the target; none where
    /// it leads nowhere.
    fn value(&self, side: Side, route: &ValueRoute) -> Option<Value>;
}

/// What only a forge knows of a change. Where it could not be asked there is
/// no such thing, and gates wait.
pub trait Facts {
    /// How a check stands on the commit that it is read from.
    fn check(&self, check: &Check) -> CheckFact;

    /// Who asked for the change and who approved it; none where it has no pull
    /// request yet.
    fn review(&self) -> Option<Review>;
}

/// How a check stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckFact {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
    /// It has not ended, or not begun.
    Pending,
    /// It cannot be known; why, as the rest of a sentence: "the image names no
    /// commit".
    Unknown(String),
}

/// Who asked for a change and who approved it, by their names on the forge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Review {
    /// Who asked for it; none where nobody is known to have.
    pub requester: Option<String>,
    /// The pull request's author and every author of a commit on its branch.
    pub authors: Vec<String>,
    /// Approvals of the pull request's head, one for each person.
    pub approvals: Vec<Approval>,
}

/// An approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Who.
    pub by: String,
    /// The teams that they are a member of.
    pub teams: Vec<String>,
}
