//! A state that is to enter an environment, and the traits that gates learn about it
//! from.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::config::{Check, Environment, EnvironmentName, Gates, Repository, Side, ValueRoute};
use crate::diagnostic::{Finding, Findings};
use crate::git::{HistoryError, ObjectName};
use crate::history::{BranchDates, Since, Tenure};
use crate::holds::Hold;
use crate::sites::{EnteringValue, Key, SiteValue, State, StateReference};
use crate::source::Location;
use crate::yaml::Value;

/// A state that is to enter an environment.
pub(in crate::promote) struct Candidate<'a> {
    /// The configuration at the base.
    pub repository: &'a Repository,
    /// The environment that is entered.
    pub target: &'a Environment,
    /// The gates of the environment for this app.
    pub gates: &'a Gates,
    /// The app.
    pub app: &'a str,
    /// How the state enters.
    pub transition: Transition<'a>,
    /// Whether the change goes straight onto the base branch (`--commit`), so that
    /// there is no pull request to approve.
    pub direct: bool,
    /// The app's state there now; none if the app is new there.
    pub current: Option<&'a State>,
    /// The state that is to enter.
    pub proposed: &'a State,
    /// What changes at sites that say less, or something else, than the state does.
    pub beside: &'a [EnteringValue],
    /// What the rendered result deploys otherwise, and no site says; none if nothing was
    /// rendered.
    pub brought: Option<&'a dyn BroughtReferences>,
    /// What is known of the base: its sites, its history, its holds.
    pub evidence: &'a dyn Evidence,
    /// The values of the source and of the target.
    pub values: &'a dyn Values,
    /// What the forge knows; none if it was not asked.
    pub facts: Option<&'a dyn Facts>,
    /// The time of the run.
    pub now: Timestamp,
    /// The values that the person says are to go, although nothing below has had them.
    pub replaces: &'a [StateReference],
    /// The ticket that was given.
    pub ticket: Option<&'a str>,
    /// The result of rendering; none if nothing was rendered.
    pub rendering: Option<Result<(), &'a Findings>>,
}

/// How a state enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::promote) enum Transition<'a> {
    /// References are set, as after a build.
    Set,
    /// The state is promoted from an environment.
    Promote {
        /// The environment that it comes from.
        from: &'a EnvironmentName,
        /// Whether a person named that environment with `--from`. Of several that come
        /// directly before, only this one has to have the state.
        chosen: bool,
        /// Whether a person named the state with `--ref`, so that a step back is
        /// intended.
        named: bool,
        /// Whether only a part of the state enters, so that gates judge what changes.
        is_part: bool,
    },
    /// An earlier state is restored.
    Rollback,
}

/// A reference that a template or a setting brings: no site says it.
#[derive(Debug, Clone)]
pub(in crate::promote) struct BroughtReference {
    /// The name of what it refers to.
    pub key: Key,
    /// What is deployed.
    pub value: SiteValue,
    /// A line that brought it.
    pub location: Location,
    /// Whether it has to climb the ladder, as what sites say has to.
    pub is_ordered: bool,
}

/// What a change brings besides what sites say, and how long environments have deployed it.
pub(in crate::promote) trait BroughtReferences {
    /// The references.
    fn all(&self) -> &[BroughtReference];

    /// Whether an environment deploys a reference at the base.
    fn is_deployed(&self, environment: &EnvironmentName, reference: &BroughtReference) -> bool;

    /// The time since which an environment has deployed a reference without a break; none if
    /// it does not deploy it at the base. Goes back no further than a time that `is_enough`.
    ///
    /// # Errors
    ///
    /// Why that is not known, as the rest of a sentence.
    fn deployed_since(
        &self,
        environment: &EnvironmentName,
        reference: &BroughtReference,
        is_enough: &dyn Fn(&Since) -> bool,
    ) -> Result<Option<Since>, String>;
}

/// What gates know of the base.
pub(in crate::promote) trait Evidence {
    /// The tenures of an app's states in an environment, the newest first; none at all
    /// if the environment never had the app. History is read only as far as the
    /// iterator is advanced.
    fn tenures<'e>(
        &'e self,
        environment: &EnvironmentName,
        app: &str,
    ) -> Box<dyn Iterator<Item = Result<Tenure, HistoryError>> + 'e>;

    /// An app's state in an environment at the base; none if the environment does not
    /// have the app, or if its sites cannot be read.
    fn current(&self, environment: &EnvironmentName, app: &str) -> Option<State>;

    /// Whether [`Evidence::current`] has a state.
    fn has(&self, environment: &EnvironmentName, app: &str) -> bool;

    /// Why an app's sites in an environment are no state; none if they are one, or if the
    /// environment does not have the app.
    fn unreadable(&self, environment: &EnvironmentName, app: &str) -> Option<Finding>;

    /// Whether no file at all belongs to an environment: its name may be a mistake.
    fn is_unbound(&self, environment: &EnvironmentName) -> bool;

    /// The holds on states of an app that must not enter an environment: its own, and
    /// those of every environment before it.
    fn holds(&self, environment: &EnvironmentName, app: &str) -> Vec<Hold>;

    /// The names of the keys that an app has in any environment; none if they are not known.
    fn key_names(&self, _app: &str) -> Option<BTreeSet<String>> {
        None
    }

    /// Whether a hold of an app that kept `state` out of an environment was lifted after a
    /// commit.
    fn was_lifted(
        &self,
        environment: &EnvironmentName,
        app: &str,
        state: &State,
        after: &ObjectName,
    ) -> Result<bool, HistoryError>;

    /// Whether the branch was rewritten since this clone saw it last, so that nobody knows
    /// since when a state is on it.
    fn is_rewritten(&self) -> bool;

    /// What dates tell of the branch's commits.
    fn dates(&self) -> &dyn BranchDates;
}

/// The values that gates look up.
pub(in crate::promote) trait Values {
    /// The value that a route leads to in the source or the target.
    fn value(&self, side: Side, route: &ValueRoute) -> FoundValue;
}

/// What was found where a value should be.
#[derive(Debug, Clone)]
pub(in crate::promote) enum FoundValue {
    /// The value, and whether it looks like a secret by what is around it.
    Known { value: Value, is_secret: bool },
    /// Nothing: the route leads nowhere.
    NotSet,
    /// What is there cannot be read, with the reason as the rest of a sentence.
    Unknown(String),
}

/// What only a forge knows about a change. If the forge cannot be asked, there are no
/// facts, and gates wait.
pub trait Facts {
    /// The result of a check on the commit that it is read from.
    fn check(&self, check: &Check) -> CheckFact;

    /// Who requested the change and who approved it; none if it has no pull request
    /// yet.
    fn review(&self) -> Option<Review>;
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckFact {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
    /// It has not ended, or has not started.
    Pending,
    /// Its result cannot be known, with the reason as the rest of a sentence: "the
    /// image names no commit".
    Unknown(String),
}

/// Who requested a change and who approved it, by their names on the forge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Review {
    /// The person who requested it; none if unknown.
    pub requester: Option<String>,
    /// The pull request's author and every author of a commit on its branch.
    pub authors: Vec<String>,
    /// The approvals of the pull request's head, one for each person.
    pub approvals: Vec<Approval>,
}

/// An approval of a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The person who approved.
    pub by: String,
    /// The teams that the person is a member of.
    pub teams: Vec<String>,
}
