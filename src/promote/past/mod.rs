//! What environments have said over time, from a branch's history.

mod reading;
mod sites;
mod walk;
mod stays;
mod branch;

#[cfg(test)]
pub(crate) mod made;
#[cfg(test)]
mod tests;

pub use branch::{BranchPast, Commits};
pub(crate) use reading::{Pair, Reading};
pub(crate) use stays::{Open, same};
pub(crate) use walk::{Move, Moved, Walk};
