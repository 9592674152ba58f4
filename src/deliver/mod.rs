//! Carrying an intent out: in the work tree, on the base branch, or on a branch
//! of its own.

mod code;
mod delivered;
mod delivery;
mod judge;
mod last_base;
mod write;
mod commit;
mod branch;
mod execute;

pub use code::CODES;
pub use delivered::{Delivered, DeliveryMode, Done};
pub use delivery::{Delivery, files_here, is_unconfigured, not_looked_at};
pub use execute::no_destination;
pub use judge::JudgedChange;
