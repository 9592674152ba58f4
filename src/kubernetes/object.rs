//! One object to deploy.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::source::{Origin, SourceFile};
use crate::yaml::Value;

/// What makes two objects the same one. The version is not part of it: it is
/// how an object is written, not which object it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ObjectId {
    /// The cluster; none where the repository has only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The namespace; none for what is cluster-scoped.
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

/// One object, with the tree it is written from.
#[derive(Debug, Clone)]
pub struct Object {
    /// Which object it is.
    pub id: ObjectId,
    /// `apiVersion`, group included.
    pub api_version: String,
    /// The object; its root is a map.
    pub value: Value,
    /// The text to write as it is, for what is encrypted and signed as a whole
    /// (an object with a `sops:` key); such an object gets no labels.
    pub verbatim: Option<Arc<str>>,
    /// What made it: a template's file, or the setting that asked for it.
    pub origin: Origin,
    /// The file it was read or rendered from, which the tree's spans are of.
    pub file: Arc<SourceFile>,
}
