//! Why an edit is refused.

use crate::diagnostic::codes;

codes! {
    /// An edit would go through an alias.
    ///
    /// `*name` repeats what `&name` marks elsewhere, and `<<` takes keys from
    /// there. A change of the anchor would change every place that repeats it,
    /// and a change of the alias would end the repetition: which of them is
    /// meant, only a person knows. Edit the anchor, or write the value out.
    ///
    /// ```yaml
    /// image: &image web:v1
    /// sidecar: *image     # refused: edit the line above, or write `web:v1` here
    /// ```
    EDIT_ALIAS = "edit-alias", Answer, Error;

    /// An edit would change a template.
    ///
    /// What `{{ … }}` becomes is decided elsewhere: a text in its place would
    /// take the decision away, and a file with such lines is not YAML until it is
    /// rendered. Edit the values that the template reads.
    ///
    /// ```yaml
    /// image: "{{ .Values.image }}"     # refused: edit `image` in the values
    /// ```
    EDIT_TEMPLATE = "edit-template", Answer, Error;

    /// An edit would change a text of several lines.
    ///
    /// A block of text after `|` or `>` is edited where it is one line. Where it
    /// is more, it is a file inside the file, and which of its bytes are meant
    /// cannot be told.
    ///
    /// ```yaml
    /// one: |
    ///   web:v1
    /// many: |        # refused
    ///   web:v1
    ///   cart:v1
    /// ```
    EDIT_LINES = "edit-lines", Answer, Error;

    /// A tag says that a value is something else than text.
    ///
    /// A tag such as `!!int` says what its value must be, and a text after it
    /// would not be read. Remove the tag first.
    ///
    /// ```yaml
    /// tag: !!float 1.10     # refused
    /// tag: "1.10"
    /// ```
    EDIT_TAG = "edit-tag", Answer, Error;

    /// What is to be edited is not there, or is something else.
    ///
    /// A scalar is set, a key is inserted into a map, an item is added to a
    /// list. Where the place is not there or holds something else, the file is
    /// not what the edit was made for, and nothing is written.
    EDIT_PLACE = "edit-place", Answer, Error;

    /// An edit would change more than was meant.
    ///
    /// After each edit the file is read again, and exactly what was meant must
    /// differ. Where that is not so, nothing is written. It takes unusual YAML:
    /// keys after `?`, a map that `<<` overrides, comments between the parts of
    /// what is removed. Edit such a file by hand.
    EDIT_UNSAFE = "edit-unsafe", Answer, Error;
}
