//! The output tree: what stands there, what should, and making it so.
//!
//! Objects become [`File`]s, files that do not clash become [`Files`], and a
//! [`Plan`] says what has to change for the tree to hold exactly those: nothing
//! is written before everything is checked. Only files of ours are ever
//! replaced or removed; the first line of each says that it is ours.

mod code;
mod compare;
mod disk;
mod file;
mod name;
mod plan;
mod stale;
mod standing;
mod write;

pub use code::{
    CODES, FOREIGN_FILE, OUTPUT_BUSY, OUTPUT_LINK, OUTPUT_UNREADABLE, OUTPUT_UNWRITABLE,
    RENDERED_PATH_CLASH, STALE_FILE,
};
pub use file::{File, Files, HEADER};
pub use name::{ENVIRONMENT, directory, environment_directory};
pub use plan::{Action, Change, Plan, Scope};
pub use stale::stale;
pub use standing::{Existing, InStore, Output, Stands};
pub use write::Summary;
