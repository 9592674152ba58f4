//! What environments have said over time, from a branch's history.

mod reading;
mod stays;
mod walk;

#[cfg(test)]
mod tests;

pub(crate) use reading::{Pair, Reading};
pub(crate) use walk::{Move, Moved, Walk};
