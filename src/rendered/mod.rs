//! The output tree: what stands there, what should, and making it so.
//!
//! Objects become [`File`]s, files that do not clash become [`Files`], and
//! [`Changes`] say what has to happen for the tree to hold exactly those:
//! nothing is written before everything is checked, under one [`Lock`]. Only
//! files of ours are ever replaced or removed; the first line of each says that
//! it is ours.

mod changes;
mod code;
mod compare;
mod disk;
mod file;
mod layout;
mod lock;
mod name;
mod stale;
mod standing;
mod write;

pub use changes::{Action, Change, Changes, Scope, Summary};
pub use code::{
    CODES, FOREIGN_FILE, OUTPUT_BUSY, OUTPUT_CHANGED, OUTPUT_LINK, OUTPUT_UNREADABLE,
    OUTPUT_UNWRITABLE, RENDERED_PATH_CLASH, STALE_FILE,
};
pub use file::{File, Files, HEADER};
pub use lock::Lock;
pub use name::{ENVIRONMENT, directory, environment_directory};
pub use stale::stale;
pub use standing::{Existing, InStore, Output, Stands};
pub use write::Writing;
