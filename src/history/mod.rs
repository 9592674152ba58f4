//! What environments have said over time, and who put it there: from a branch's
//! history.
//!
//! A [`Walk`] goes back commit by commit and finds what each changed at the
//! sites. A [`Tenure`] is the time for which a state lasted. [`record`]s are
//! what commits say about themselves, and [`audit`] compares them with the
//! facts. [`BranchHistory`] answers what gates and commands ask about the past, and
//! [`PastFacts`] keeps what follows from it. A [`Timeline`] has all of the past at once, for
//! whoever asks what was known at each commit.

pub mod audit;
mod branch_history;
mod changed_holds;
mod code;
mod commit_records;
mod merged_commits;
mod past_facts;
mod possible_times;
pub mod record;
mod tenure;
mod tenures;
mod timeline;
mod state_reader;
mod walk;

#[cfg(test)]
pub(crate) mod made;
#[cfg(test)]
mod tests;

pub use branch_history::{AskedApps, BranchHistory, Commits, History};
pub use code::{CODES, finding};
pub use commit_records::CommitClaims;
pub use past_facts::PastFacts;
pub use possible_times::BranchDates;
pub use record::{Action, Record, RecordedOverride};
pub use tenure::{Since, Source, Tenure, find_tenure};
pub use timeline::{PastMoment, Timeline};
pub use walk::StateChange;
use walk::{StepChange, Walk};
