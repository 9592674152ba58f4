//! Names, objects and image references as Kubernetes understands them.
//!
//! A rendered document becomes objects ([`objects_of`]), the definitions among
//! them add further kinds ([`Scopes`]), and each object is given
//! the namespace and labels of its app ([`set_metadata`]). An [`ObjectSet`] holds each
//! object once.

mod clash;
mod code;
mod definitions;
mod identity;
mod image;
mod manifest;
mod metadata;
mod names;
mod object;
mod object_set;
mod quantity;
mod schema;
mod scope;

pub use clash::clashes;
pub use code::{CODES, UNKNOWN_KIND};
pub use definitions::read_definitions;
pub use image::{Digest, ImageFault, ImageReference, full_repository, image_reference, is_tag};
pub use manifest::objects_of;
pub use metadata::{CommonMetadata, LabelSetting, labels, set_metadata};
pub use names::{LABEL_LENGTH, NameFault, dns_label, label_key, label_value, path_segment};
pub use object::{Object, ObjectId};
pub use object_set::ObjectSet;
pub use quantity::{QuantityFault, check_quantity};
pub use schema::{
    AdditionalProperties, CustomDefinition, CustomDefinitions, DefinitionError, DefinitionFault,
    FieldRule, FieldType, FieldUnion, Keywords, KindOrigin, KindSchema, KnownKind, ListKind,
    MapKind, NumberBound, Schema, SchemaSource, Schemas, Scope, ServedVersions, Size,
    built_in_scope, known_kinds, versions_of,
};
pub use scope::Scopes;
