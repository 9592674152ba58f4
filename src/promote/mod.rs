//! Making an environment say what another says: plan, gates, edit, commit.
//!
//! What is asked for is planned against a base, which is one commit with what
//! is known of it; the [`Plan`] is data and is judged by gates; carrying it out
//! makes the files of one new commit of it.

mod code;
pub mod gates;
pub mod audit;
mod brief;
pub mod hold;
mod past;
mod plan;
mod request;
mod select;
pub mod record;
mod stay;

pub use brief::{Difference, brief, differences};
pub use code::{CODES, history as history_finding};
pub use hold::Hold;
pub use plan::{AppPlan, Plan, SiteChange, Source};
pub use record::{Action, Override, Record};
pub use request::{Leave, Named, Request};
pub use stay::{Since, Stay};
