//! YAML as Kubernetes reads it, with the place of everything.
//!
//! [`parse`] reads text into a [`Value`]: an arena whose nodes know file, line
//! and column. Layers are merged in the same tree, and [`emit`] writes objects
//! from it. A [`Route`] finds a value; [`lint`] finds scalars that other tools
//! read differently. The flow: the parser's events (`parse`) build one
//! document (`document`), whose scalars mean what Kubernetes' tools say (`scalar`)
//! and whose places `place` finds; `syntax_errors` explains what is not YAML.

mod code;
mod document;
mod emit;
mod line;
mod lint;
mod misplaced;
mod parse;
mod place;
mod route;
mod scalar;
mod secrets;
mod splice;
mod syntax_errors;
mod text;
mod value;

pub use code::CODES;
pub use emit::{emit, emit_as_written};
pub use lint::{ToolFamily, is_misread, lint, misread, printed, readings};
pub use misplaced::conflict_markers;
pub use parse::{parse, same_yaml};
pub use route::{Route, RouteError, Step};
pub use scalar::{Dialect, is_text};
pub use secrets::{
    is_secret_data, is_secret_entry, is_secret_text, leads_to_secret, mark_secrets, shown,
};
pub use splice::{
    CODES as SPLICE_CODES, Change, NewScalar, NewValue, Place, may_repeat, splice, where_written,
};
pub use value::{KeyNode, Kind, MAX_DEPTH, MapEntry, MapKey, Node, NodeId, Number, Style, Value};
