//! One object to deploy.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::source::{Origin, SourceFile};
use crate::yaml::Value;

/// The identity of an object. The version is not part of it: it says how the
/// object is written, not which object it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ObjectId {
    /// The cluster; none if the repository has only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The namespace; none if the kind is cluster-scoped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        match &self.namespace {
            Some(namespace) => write!(f, " {namespace}/{}", self.name)?,
            None => write!(f, " {}", self.name)?,
        }
        match &self.cluster {
            Some(cluster) => write!(f, " on {cluster}"),
            None => Ok(()),
        }
    }
}

/// One object, with the tree that it is written from.
#[derive(Debug, Clone)]
pub struct Object {
    /// The object's identity.
    pub id: ObjectId,
    /// The `apiVersion` with its group.
    pub api_version: String,
    /// The object's tree, whose root is a map.
    pub value: Value,
    /// The text to write unchanged if the object is encrypted and signed as a whole
    /// (by its `sops:` key); it then gets no labels.
    pub verbatim: Option<Arc<str>>,
    /// The place that made the object: a template's file, or the setting that asked
    /// for it.
    pub origin: Origin,
    /// The file that the object was read or rendered from, to which the tree's spans
    /// refer.
    pub file: Arc<SourceFile>,
}

impl Object {
    /// Whether it is a `CustomResourceDefinition`.
    pub fn is_definition(&self) -> bool {
        self.id.group == "apiextensions.k8s.io" && self.id.kind == "CustomResourceDefinition"
    }
}
