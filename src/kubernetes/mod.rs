//! What Kubernetes means by a name, an object and an image reference.
//!
//! A rendered document becomes objects ([`objects_of`]), the definitions among
//! them say what further kinds there are ([`Scopes`]), and each object is given
//! the namespace and labels of its app ([`place`]). An [`ObjectSet`] holds each
//! object once.

mod definitions;
mod image;
mod manifest;
mod names;
mod object;
mod place;
mod scope;
mod set;

pub use definitions::read_definitions;
pub use image::{Digest, ImageFault, ImageReference, is_tag};
pub use manifest::{objects_of, objects_within};
pub use names::{
    LABEL_LENGTH, NameFault, NameRule, SUBDOMAIN_LENGTH, dns_label, dns_subdomain, label_key,
    label_value, path_segment,
};
pub use object::{Object, ObjectId};
pub use place::{
    LabelSetting, MANAGED_BY, MANAGER, PART_OF, Placement, labels, place, put_in_order,
};
pub use scope::{Scope, Scopes, built_in_scope};
pub use set::ObjectSet;

/// The codes of this module.
pub fn codes() -> impl Iterator<Item = &'static crate::diagnostic::Code> {
    [definitions::CODES, manifest::CODES, place::CODES, set::CODES].into_iter().flatten().copied()
}
