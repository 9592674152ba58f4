//! Carrying an intent out: in the work tree, on the base branch, or on a branch
//! of its own.

mod code;
mod outcome;
mod delivery;
mod judge;
mod write;
mod commit;
mod branch;
mod execute;

pub use code::CODES;
pub use delivery::Delivery;
pub use execute::no_destination;
pub use judge::JudgedChange;
pub use outcome::{Delivered, DeliveryMode, Done};
