//! Whether images and values have an effect on what is rendered.
//!
//! This is found out by rendering, not by reading templates: an image or value
//! that can change, or go, without changing a byte has no effect.

mod images;
mod value_probes;
mod values;

pub(super) use images::unused_images;
pub(super) use values::unused_values;
