//! What environments have said over time, and who put it there: from a branch's
//! history.
//!
//! A [`Walk`] goes back commit by commit and says what each changed of what
//! sites say; [`Tenure`]s are how long which state stood; [`record`]s are what
//! commits say of themselves, and [`audit`] holds the two against each other.
//! [`BranchHistory`] answers what gates and commands ask of the past.

pub mod audit;
mod branch;
mod code;
pub mod record;
mod reading;
mod tenure;
mod tenures;
mod walk;

#[cfg(test)]
pub(crate) mod made;
#[cfg(test)]
mod tests;

pub use branch::{BranchHistory, Commits, History};
pub use code::{CODES, UNREADABLE_HISTORY, finding};
pub(crate) use reading::Reading;
pub use record::{Action, Record, RecordedOverride};
pub use tenure::{Since, Source, Tenure};
pub(crate) use tenures::{OpenTenure, same};
pub(crate) use walk::{StateChange, StepChange, Walk};
