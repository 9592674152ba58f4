//! What Kubernetes means by a name, an object and an image reference.
//!
//! A rendered document becomes objects ([`objects_of`]), the definitions among
//! them say what further kinds there are ([`Scopes`]), and each object is given
//! the namespace and labels of its app ([`place`]). An [`ObjectSet`] holds each
//! object once.

mod code;
mod definitions;
mod identity;
mod image;
mod manifest;
mod names;
mod object;
mod place;
mod scope;
mod object_set;

pub use code::CODES;
pub use definitions::read_definitions;
pub use image::{Digest, ImageFault, ImageReference, full_repository, image_reference, is_tag};
pub use manifest::objects_of;
pub use names::{LABEL_LENGTH, NameFault, dns_label, label_key, label_value, path_segment};
pub use object::{Object, ObjectId};
pub use object_set::ObjectSet;
pub use place::{LabelSetting, MANAGED_BY, MANAGER, PART_OF, Placement, labels, place};
pub use scope::{Scope, Scopes, built_in_scope};
