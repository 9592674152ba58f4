//! Making an environment say what another says: plan, gates, edit, commit.
//!
//! What is asked for is planned against a base, which is one commit with what
//! is known of it; the [`Plan`] is data and is judged by gates; carrying it out
//! makes the files of one new commit of it.

mod base;
mod code;
mod create;
mod execute;
pub mod gates;
pub mod audit;
mod brief;
pub mod hold;
mod identity;
mod intent;
mod past;
mod plan;
mod planning;
mod propose;
mod request;
mod rerender;
mod restore;
mod select;
mod show;
mod values;
mod verdicts;
pub mod record;
pub mod status;
mod stay;

pub use base::Base;
pub use brief::{Difference, brief, differences};
pub use code::{CODES, history as history_finding};
pub use execute::{Desk, Done, Executed, Judged, Mode, Where, execute, no_destination};
pub use hold::Hold;
use identity::hold_identity;
pub use identity::identity;
pub use intent::{
    Apps, Computed, HoldBack, How, Intent, LiftHolds, Promotion, Rollback, SetApp, SetReferences,
};
pub use past::{BranchPast, Commits};
pub use plan::{AppPlan, Plan, SiteChange, Source};
pub use record::{Action, Override, Record};
pub use request::{Leave, Named, Request};
pub use show::text as plan_text;
pub use stay::{Since, Stay};
pub use verdicts::{Head, judge};
