//! Making an environment say what another says: select, plan, and judge.
//!
//! What is asked for is planned against a base, which is one commit with what
//! is known of it; the [`Plan`] is data and is judged by gates. Nothing is
//! written here: carrying a plan out is [`crate::deliver`]'s.

mod assessment;
mod base;
mod change;
mod code;
mod create;
mod gates;
mod identity;
mod intent;
mod plan;
mod planning;
mod propose;
mod request;
mod rerender;
mod restore;
mod select;
pub mod show;
mod target;
mod values;
mod verdict;
pub mod status;

#[cfg(test)]
mod image_tests;

pub use base::Base;
pub use change::{ProposedChange, assess_change};
pub use code::CODES;
pub use gates::{Answer, Approval, CheckFact, Facts, Gate, Review};
use identity::hold_identity;
pub use identity::identity;
pub use intent::{
    AppSelection, Computed, HoldBack, How, Intent, LiftHolds, Promotion, Rollback, SetApp,
    SetReferences,
};
pub use plan::{AppPlan, Plan, SiteChange};
pub use request::{Override, Permissions, Request};
pub use verdict::{Verdict, worst};
