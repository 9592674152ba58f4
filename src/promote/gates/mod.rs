//! Conditions for entering an environment: one file each.

use jiff::Timestamp;
use serde::Serialize;

use super::{Hold, Override, Stay};
use crate::config::{Environment, EnvironmentName, Gates, Repository, Side, ValueRoute};
use crate::git::HistoryError;
use crate::sites::State;
use crate::source::Location;
use crate::yaml::Value;

/// A condition for entering an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Gate {
    /// No rung is skipped, and no step goes back.
    Order,
    /// Tags look as they should.
    Tag,
    /// Images come from where they may.
    Image,
    /// Images have digests.
    Digest,
    /// Values are as stated.
    Field,
    /// The state is not held back.
    Hold,
    /// A ticket is named.
    Ticket,
    /// The result renders and is valid.
    Render,
    /// The state stood in the environment before for long enough.
    Soak,
    /// It is the time for it.
    Window,
    /// Checks have passed.
    Checks,
    /// People have approved.
    Approvals,
}

/// When a gate binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Binds {
    /// Before the pull request is opened.
    Open,
    /// Before it is merged.
    Merge,
}

impl Gate {
    /// All of them, in the order in which they are judged and shown.
    pub const ALL: [Self; 12] = [
        Self::Order,
        Self::Hold,
        Self::Tag,
        Self::Image,
        Self::Digest,
        Self::Field,
        Self::Ticket,
        Self::Render,
        Self::Soak,
        Self::Window,
        Self::Checks,
        Self::Approvals,
    ];

    /// Its name, by which `--override` names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Tag => "tag",
            Self::Image => "image",
            Self::Digest => "digest",
            Self::Field => "field",
            Self::Hold => "hold",
            Self::Ticket => "ticket",
            Self::Render => "render",
            Self::Soak => "soak",
            Self::Window => "window",
            Self::Checks => "checks",
            Self::Approvals => "approvals",
        }
    }

    /// When it binds.
    pub fn binds(self) -> Binds {
        match self {
            Self::Soak | Self::Window | Self::Checks | Self::Approvals => Binds::Merge,
            _ => Binds::Open,
        }
    }
}

/// What a gate says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Which gate.
    pub gate: Gate,
    /// Its answer.
    #[serde(flatten)]
    pub answer: Answer,
    /// Why, in a sentence without a final full stop.
    pub reason: String,
    /// The line that asked for it; none where nobody had to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<Location>,
    /// Why it was overridden, where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overridden: Option<String>,
}

/// A gate's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "answer", rename_all = "lowercase")]
pub enum Answer {
    /// Yes.
    Pass,
    /// Not yet, or it cannot be known.
    Wait {
        /// Until when; none where no time is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// No.
    Fail,
}

/// A state that asks to enter an environment.
pub struct Candidate<'a> {
    /// The configuration, as the base's tip has it.
    pub repository: &'a Repository,
    /// The environment that is entered.
    pub target: &'a Environment,
    /// Its conditions for this app.
    pub gates: &'a Gates,
    /// The app.
    pub app: &'a str,
    /// How it asks.
    pub way: Way<'a>,
    /// What the environment says now; none where the app is new there.
    pub current: Option<&'a State>,
    /// What it will say.
    pub proposed: &'a State,
    /// What was said before, and for how long.
    pub past: &'a dyn Past,
    /// Values of the source and of the target.
    pub values: &'a dyn Values,
    /// The clock.
    pub now: Timestamp,
    /// The ticket that was named.
    pub ticket: Option<&'a str>,
    /// Gates that are to be overridden.
    pub overrides: &'a [Override],
}

/// How a state asks to enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way<'a> {
    /// References are set, as after a build.
    Set,
    /// It is promoted from that environment; `named` where a person named it
    /// with `--ref`, and so means a step back if it is one.
    Promote {
        /// Where it comes from.
        from: &'a EnvironmentName,
        /// Whether a person named the state.
        named: bool,
    },
    /// It is restored.
    Rollback,
}

/// What environments have said over time.
pub trait Past {
    /// What an app's sites in an environment have said, the newest stay first.
    /// Reads only as much history as the iterator is asked for.
    fn stays<'p>(
        &'p self,
        environment: &EnvironmentName,
        app: &str,
    ) -> Box<dyn Iterator<Item = Result<Stay, HistoryError>> + 'p>;

    /// What an app's sites in an environment say at the base; none where it is
    /// not there.
    fn standing(&self, environment: &EnvironmentName, app: &str) -> Option<State>;

    /// The states that must not enter an environment, those of its own and of
    /// every environment before it.
    fn holds(&self, environment: &EnvironmentName, app: &str) -> Vec<Hold>;
}

/// Values that gates ask for.
pub trait Values {
    /// The value that a route leads to in the source or the target; none where
    /// it leads nowhere.
    fn value(&self, side: Side, route: &ValueRoute) -> Option<Value>;
}

impl Verdict {
    /// Whether nothing stands in the way: it passes or was overridden.
    pub fn lets_through(&self) -> bool {
        self.answer == Answer::Pass || self.overridden.is_some()
    }
}
