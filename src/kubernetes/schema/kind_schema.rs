//! The schema of a kind, with what is to be known beside it.

use super::kinds::Scope;
use super::node::Schema;

/// The schema of a kind in an API version.
#[derive(Debug, Clone, Copy)]
pub struct KindSchema<'a> {
    /// Where its objects live.
    pub scope: Scope,
    /// The schema of an object: `apiVersion` and `kind` are required, and `metadata` of
    /// whatever has a name.
    pub root: Schema<'a>,
    /// The definition that the schema is from.
    pub source: SchemaSource,
    /// Whether `status` is written apart: the server drops what an object says of it, after it
    /// looked for unknown fields (and, in its own kinds, at the types) but before it validates.
    pub has_status: bool,
    /// Whether the server warns of this version.
    pub is_deprecated: bool,
}

/// What a schema is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaSource {
    /// Kubernetes itself, in the environment's version.
    Kubernetes,
    /// An operator's own definition, which need not be the cluster's version.
    Operator {
        /// The operator's name.
        name: &'static str,
        /// The operator's version.
        version: &'static str,
    },
    /// A `CustomResourceDefinition` of the repository.
    Definition,
}
