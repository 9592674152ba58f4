//! The fields that a kind has, and what the server demands of them.
//!
//! The schemas of Kubernetes' own kinds and of well-known operators are embedded (`data`,
//! made by `tools/schemas`), those of other kinds come from `CustomResourceDefinition`s. Both
//! are a [`Schema`]: a place in an arena, from which one goes to the properties and items in
//! it. [`kinds`](KnownKind) are listed in plain text, so that scopes and versions are known
//! without inflating schemas. See `docs/design/0024`.

mod custom;
mod embedded;
mod keywords;
mod kind_schema;
mod kinds;
mod node;
mod schemas;

pub use custom::{CustomDefinition, CustomDefinitions, DefinitionError, DefinitionFault};
pub use keywords::{
    FieldRule, FieldType, FieldUnion, Keywords, ListKind, MapKind, NumberBound, Size,
};
pub use kind_schema::{KindSchema, SchemaSource};
pub(super) use kinds::embedded_scope;
pub use kinds::{
    KindOrigin, KnownKind, Scope, ServedVersions, built_in_scope, known_kinds, versions_of,
};
pub use node::{AdditionalProperties, Schema};
pub use schemas::Schemas;
