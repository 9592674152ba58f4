//! Places in files that have an image reference, a git reference or a promoted
//! value.
//!
//! A [`Site`] is found in one file, by the rules of that file's kind. The values
//! of all of an app's sites in one environment are its [`State`]. A [`Model`] has
//! the sites of a whole tree.
//!
//! How it fits together: `rules` say which files a rule of an adopted repository
//! reads, and for which app and environment; `kinds` find the sites of one parsed
//! file; `app` collects the sites of an app, and `pair` matches those of two
//! environments. `image_choice` decides which image a request means, and `write`
//! what has to change at a site to give it a new value.

mod adopted_model;
mod ambiguous;
mod app;
mod app_files;
mod brief;
mod chart;
mod code;
mod cursor;
mod entry_findings;
mod files;
mod image_choice;
mod image_request;
mod kept;
mod kinds;
mod missing_route;
mod model;
mod native_app;
mod native_model;
mod overlaps;
mod pair;
mod rule_list;
mod rules;
mod sameness;
mod scope;
mod shared;
mod site;
mod state;
mod state_reference;
mod unbound;
mod vendored;
mod write;

pub use ambiguous::ambiguous;
pub use app::AppSites;
pub use app_files::AppFiles;
pub use brief::{Difference, brief, differences, in_full, lines_in_one, shortened};
pub use code::{CODES, NO_SITE, SHARED_BASE, SITES_DISAGREE, UNPINNED};
pub use image_choice::{AmbiguousImage, ImageNames, NoImage, choose_image, choose_image_of_app};
pub use image_request::{ImageRequest, ImageRequestFault, split_name};
pub use kept::KeptState;
pub use kinds::kustomization::is_kustomization;
pub use kinds::{LikelyImage, likely_images, likely_images_at, sites_of_content, sites_of_file};
pub use model::Model;
pub use overlaps::nested;
pub use pair::{Pair, Pairs, pair};
pub use sameness::{EnteringValue, MissingValue, WantedValues};
pub use scope::{AppInstance, ModelScope};
pub use site::{
    Barrier, ImageParts, Key, Reading, Removal, RevisionParts, Site, SitePart, SitePartKind,
    SiteValue, is_secret_value, shown_reference,
};
pub use state::{State, StateBasis};
pub use state_reference::{KeyedValue, KnownKeys, StateReference, is_image_text};
pub use unbound::{FoundUnbound, UnboundEnvironments};
pub use write::{WriteOptions, barrier, changes, shared_base};
