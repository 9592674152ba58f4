//! What can be wrong with what an app renders.

use crate::diagnostic::codes;

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

    /// An app renders no object.
    ///
    /// The template was rendered for this environment, and every file of it came out empty: a
    /// condition leaves everything out, a loop goes over nothing, or the program returns an empty
    /// list. The environment would lose whatever the app has there.
    ///
    /// An app is deployed where its file is. To take it out of an environment, remove
    /// `environments/ENV/APP.yaml`, which a reviewer sees as what it is, instead of leaving
    /// everything out in the template.
    NOTHING_RENDERED = "nothing-rendered", Input, Error;
}
