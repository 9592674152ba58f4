//! What Kubernetes means by a name, an object and an image reference.

mod object;

pub use object::{Object, ObjectId};
