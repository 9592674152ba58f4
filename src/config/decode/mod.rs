//! From a YAML node to a raw type, with every problem on the way.
//!
//! This is what serde would do if it knew the spans of inner values and continued
//! after the first problem. A record lists each of its fields once: [`record!`]
//! makes the struct, its reader and its JSON Schema from that list; [`choice!`] does
//! the same for a setting that takes one of a few words.

mod code;
mod collection;
mod node;
mod problem;
mod record;
mod text;

pub(super) use code::{CODES, MISSING_KEY, UNKNOWN_CHOICE, UNKNOWN_KEY};
pub(super) use collection::{List, Map};
pub(super) use node::{Anything, Count, Decode};
pub(super) use problem::{MOST_PROBLEMS, is_enough, report_empty_values, suggest, wrong_type};
pub(super) use record::{RecordReader, SaysMore, presence, record};
pub(super) use text::{Flaw, Syntax, choice, choose, decode_key};
