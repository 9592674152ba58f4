//! The output tree: what is there, what should be, and making it so.
//!
//! Objects become [`RenderedFile`]s, files that do not clash become [`RenderedFiles`], and
//! [`OutputChanges`] say what has to happen for the tree to hold exactly those:
//! nothing is written before everything is checked, under one [`Lock`]. Only
//! files of ours are ever replaced or removed; the first line of each says that
//! it is ours.

mod changes;
mod code;
mod compare;
mod existing;
mod file;
mod name;
mod on_disk;
mod scope;
mod write;

pub use changes::{FileAction, OutputChange, OutputChanges, Summary, stale};
pub use code::CODES;
pub use existing::{Existing, InStore};
pub use file::{HEADER, RenderedFile, RenderedFiles};
pub use name::directory;
pub use on_disk::{Lock, OutputDirectory};
pub use scope::RenderScope;
pub use write::Writing;
