//! Where image references, git references and promoted values stand, and what
//! they say.
//!
//! A [`Site`] is found in one file, by the rules of that file's kind; what all
//! sites of an app say in one environment is its [`State`]. A [`Model`] has the
//! sites of a whole tree.
//!
//! The way through: `rules` say which files an adopted repository's rule reads
//! and for whom, the `kinds` find sites in one parsed file each, `app` puts those
//! of an app together, `pair` those of two environments. `write` says what has
//! to change at a site for it to say something else.

mod adopted;
mod app;
mod brief;
mod code;
mod cursor;
mod files;
mod image_choice;
mod image_request;
mod kinds;
mod model;
mod native;
mod native_model;
mod pair;
mod rules;
mod scope;
mod shared;
mod site;
mod state;
mod state_reference;
mod write;

pub use app::AppSites;
pub use brief::{Difference, brief, differences, in_full, shortened};
pub use code::{CODES, MOVING_REFERENCE, SHARED_BASE};
pub use image_choice::{AmbiguousImage, ImageNames, NoImage, choose_image, choose_image_of_app};
pub use image_request::{ImageRequest, ImageRequestFault, split_name};
pub use kinds::{sites_of_content, sites_of_file};
pub use model::Model;
pub use pair::{Pair, Pairs, pair};
pub use scope::{AppInstance, ModelScope};
pub use site::{Barrier, ImageParts, Key, Site, SitePart, SitePartKind, SiteValue, Unsaid};
pub use state::State;
pub use state_reference::{KeyedValue, KnownKeys, StateReference, is_image_text};
pub use write::{WriteOptions, changes, shared_base};
