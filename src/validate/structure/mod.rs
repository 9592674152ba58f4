//! Objects against the schemas of their kinds, as the API server judges them.
//!
//! First the server decodes: a field that the kind does not have, or a value of another type, is
//! an error whatever else is right. Then it looks at what is there and what is missing. One
//! [walker](walk) does both, with all findings of an object and not only the first. On its way it
//! calls the [rules](super::rules) of Kubernetes' own types.
//!
//! Kubernetes' own kinds and custom ones are read by different code of the server ([`Reader`]):
//! the former are Go structs, of which a null and a field that is left out are the same; the
//! latter are maps that are compared with their definition, in which nothing is said twice.

mod constraints;
mod duplicates;
mod expected;
mod formats;
mod grafts;
mod leniencies;
mod patterns;
mod types;
mod walk;

pub(super) use grafts::Grafts;
pub(super) use patterns::Patterns;
pub(super) use walk::{ObjectSchemas, walk};
