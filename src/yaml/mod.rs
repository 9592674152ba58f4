//! YAML as Kubernetes reads it, with the place of everything.
//!
//! [`parse`] reads text into a [`Value`]: an arena whose nodes know file, line
//! and column. Layers are merged in the same tree, and objects are emitted
//! from it.

mod parse;
mod value;

pub use parse::{Dialect, parse};

pub use value::{Entry, Key, KeyNode, Kind, Node, NodeId, Number, Style, Value};
