//! The output tree: what is there, what should be, and how it is changed.
//!
//! Objects become [`RenderedFile`]s, files that do not clash become
//! [`RenderedFiles`], and [`OutputChanges`] are what has to happen for the tree
//! to hold exactly those. Nothing is written before everything is checked, under
//! one [`Lock`]. Only our own files are ever replaced or removed; the first line
//! of each says that it is ours.

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
pub use name::{directory, name_of};
pub use on_disk::{Lock, OutputDirectory};
pub use scope::RenderScope;
pub use write::Writing;
