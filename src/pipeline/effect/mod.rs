//! Whether images and values have an effect on what is rendered.
//!
//! This is found out by rendering, not by reading templates: an image or value
//! that can change, or go, without changing a byte has no effect.

mod images;
mod values;

use crate::diagnostic::codes;

pub(super) use images::unused_images;
pub(super) use values::unused_values;

codes! {
    /// An image has no effect on what is rendered.
    ///
    /// The app names an image, and another reference in its place changes no byte of what is
    /// rendered in any environment. Promoting it would deploy nothing. Usually the template spells
    /// the image out, or the key is misspelt:
    ///
    /// ```yaml
    /// image: gcr.io/shop/web:v1              # wrong: always v1
    /// image: {{ images.web.ref | quote }}    # right: what the environment says
    /// ```
    ///
    /// Use the image in the template, or remove it from the app's file.
    UNUSED_IMAGE = "unused-image", Input, Error;

    /// A value has no effect on what is rendered.
    ///
    /// Without the value, every rendered byte would be the same, in every environment that the
    /// value applies to. Either no template reads it, because its key is misspelt or the template
    /// no longer uses it, or an earlier layer already sets the same value.
    ///
    /// ```yaml
    /// # environments/prod/web.yaml
    /// values:
    ///   replica: 3        # wrong: the template reads `replicas`
    /// ```
    ///
    /// Correct the key, or remove the value. Only `rungs render --check` looks for such values,
    /// because that takes a render for each of them.
    UNUSED_VALUE = "unused-value", Input, Warning;
}
