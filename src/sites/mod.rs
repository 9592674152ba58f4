//! Where image references, git references and promoted values stand, and what
//! they say.
//!
//! A [`Site`] is found in one file, by the rules of that file's kind; what all
//! sites of an app say in one environment is its [`State`]. A [`Model`] has the
//! sites of a whole tree.
//!
//! The way through: `rules` says which rule reads which file and for whom, the
//! kinds (`native`, `kustomize`, `yaml`, `helm_values`, `manifest`, `marker`)
//! find sites in one parsed file each, `app` puts those of an app together.

mod adopted;
mod app;
mod brief;
mod image_request;
mod cursor;
mod code;
mod detect;
mod files;
mod gathered;
mod helm_values;
mod kustomize;
mod manifest;
mod marker;
mod model;
mod moving;
mod native;
mod native_model;
mod pair;
mod promoted;
mod reading;
mod rules;
mod search;
mod shared;
mod site;
mod sources;
mod state;
mod write;
mod yaml;

pub use app::AppSites;
pub use brief::{Difference, brief, differences, in_full, shortened};
pub use code::{
    CODES, LINKED_SITE, MOVING_REFERENCE, NO_ROOM, SHARED_BASE, SITE_NOT_A_SCALAR, SITES_DISAGREE,
    STALE_DIGEST, TEMPLATED_SITE, UNMATCHED_PATTERN, UNPAIRED_SITE, UNPINNED, UNREADABLE_IMAGE,
    UNREADABLE_MARKER,
};
pub use detect::{sites_of_content, sites_of_file};
pub use image_request::{ImageRequest, ImageRequestFault};
pub use model::{AppInstance, Model, Scope};
pub use pair::{Pair, Pairs, pair};
pub use site::{Barrier, Form, ImageParts, Key, Part, Site, SiteValue, Unsaid};
pub use state::State;
pub use write::{WriteOptions, changes, is_repository_of, shared_base};
