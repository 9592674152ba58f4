//! Why an edit is refused.

use crate::diagnostic::codes;

codes! {
    /// An edit would go through an alias.
    ///
    /// `*name` repeats what `&name` marks elsewhere, and `<<` takes keys from
    /// there. A change of the anchor would change every place that repeats it,
    /// and a change of the alias would end the repetition. Only a person knows which
    /// of them is meant. Edit the anchor, or write the value out.
    ///
    /// ```yaml
    /// image: &image web:v1
    /// sidecar: *image     # refused: edit the line above, or write `web:v1` here
    /// ```
    EDIT_ALIAS = "edit-alias", Answer, Error;

    /// An edit would change a template.
    ///
    /// What `{{ … }}` becomes is decided elsewhere, and a text in its place would
    /// override that. A file with such lines is not YAML until it is rendered. Edit
    /// the values that the template reads.
    ///
    /// ```yaml
    /// image: "{{ .Values.image }}"     # refused: edit `image` in the values
    /// ```
    EDIT_TEMPLATE = "edit-template", Answer, Error;

    /// An edit would change a text of several lines.
    ///
    /// A block of text after `|` or `>` is edited if it is a single line. If it has
    /// more lines, it is a file inside the file, and rungs cannot know which of its
    /// bytes are meant, unless what it holds is YAML: an inline patch, or Argo CD's
    /// `helm.values`. Such a file is edited if its lines are those of the file around it,
    /// as they are after `|`, and in quotes on one line without escapes.
    ///
    /// ```yaml
    /// one: |
    ///   web:v1
    /// many: |          # refused
    ///   web:v1
    ///   cart:v1
    /// values: |        # a tag in it is edited
    ///   image: { repository: web, tag: v1 }
    /// folded: >        # refused: write `|`
    ///   image: { repository: web, tag: v1 }
    /// ```
    EDIT_LINES = "edit-lines", Answer, Error;

    /// A tag says that a value is not text.
    ///
    /// A tag such as `!!int` says what its value must be, and a file with a text after
    /// it could not be read. Remove the tag first.
    ///
    /// ```yaml
    /// tag: !!float 1.10     # refused
    /// tag: "1.10"
    /// ```
    EDIT_TAG = "edit-tag", Answer, Error;

    /// What is to be edited does not exist, or is something else.
    ///
    /// A scalar is set, a key is inserted into a map, an item is added to a
    /// list. If the place does not exist or has something else, the file is not what
    /// the edit was made for, and nothing is written.
    EDIT_PLACE = "edit-place", Answer, Error;

    /// An edit would change more than was meant.
    ///
    /// After each edit the file is read again, and exactly the intended values must
    /// differ. If others differ, nothing is written. This only happens with unusual
    /// YAML: keys after `?`, a map that `<<` overrides, comments between the parts of
    /// what is removed. Edit such a file by hand.
    EDIT_UNSAFE = "edit-unsafe", Answer, Error;
}
