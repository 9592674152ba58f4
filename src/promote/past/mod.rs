//! What environments have said over time, from a branch's history.

mod reading;
mod stays;
mod walk;

#[cfg(test)]
pub(crate) mod made;
#[cfg(test)]
mod tests;

pub(crate) use reading::{Pair, Reading};
pub(crate) use stays::{Open, same};
pub(crate) use walk::{Move, Moved, Walk};
