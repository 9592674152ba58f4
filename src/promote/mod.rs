//! Giving an environment the state of another: select, plan, and judge.
//!
//! A request is planned for a base, which is one commit with what is known about
//! it; the [`Plan`] is data, and gates judge it. Nothing is written here:
//! [`crate::deliver`] carries a plan out.

mod apart;
mod arrival;
mod asked_sources;
mod assessment;
mod base;
mod blocking;
mod byproducts;
mod carried;
mod change;
mod code;
mod create;
mod deployed;
mod gates;
mod identity;
mod intent;
mod loaded_base;
mod part;
mod pipelines;
mod plan;
mod planning;
mod propose;
mod replay;
mod request;
mod rerender;
mod restore;
mod routed;
mod select;
pub mod show;
mod target;
mod values;
mod verdict;
pub mod status;

#[cfg(test)]
mod image_tests;

pub use base::Base;
pub use blocking::{findings_of_gates, repeats_verdict};
pub use change::{ChangeAssessment, ChangeSide, ProposedChange, assess_change};
pub use code::CODES;
pub use deployed::{DeployedApps, possible_apps};
pub use gates::{Answer, Approval, CheckFact, Facts, Gate, GatePlace, Review};
use identity::hold_identity;
pub use identity::identity;
pub use intent::{
    AppSelection, HoldBack, Intent, LiftHolds, PlannedChange, Promotion, Rollback, SetApp,
    SetReferences, Submission,
};
pub use loaded_base::LoadedBase;
pub use part::Part;
pub use plan::{AppPlan, Plan, SiteChange};
pub use replay::{ChangeTally, GateTally, Replay, ReplayQuery, ReplayedChange, replay};
pub use request::{Override, Permissions, Request};
pub use verdict::{Verdict, worst};
