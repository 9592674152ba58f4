//! What can be wrong with the keys and values of a file.

use crate::diagnostic::codes;

codes! {
    /// An unknown key.
    ///
    /// `rungs.yaml`, `environment.yaml` and an app's file take only the keys of the
    /// reference. Any other key, and with it the gate or the quota that it was meant
    /// to be, would be silently ignored, so it is an error.
    ///
    /// ```yaml
    /// tire: production     # wrong
    /// tier: production     # right
    /// ```
    ///
    /// What a template reads is below `values:`, which takes any key.
    UNKNOWN_KEY = "unknown-key", Input, Error;

    /// A value of the wrong type.
    ///
    /// ```yaml
    /// ladder: qa           # wrong: a list is expected
    /// ladder: [qa]         # right
    /// ```
    WRONG_TYPE = "wrong-type", Input, Error;

    /// A text that YAML reads as something else.
    ///
    /// To kubectl and to rungs, `no`, `off` and `y` are booleans, `1e3`, `0644`
    /// and `1.10` are numbers, and `~` is null. Where a text is expected, such a
    /// word has to be quoted, because tools would read it differently.
    ///
    /// ```yaml
    /// images:
    ///   web: { repository: ghcr.io/shop/web, tag: 1.10 }       # wrong: the number 1.1
    ///   web: { repository: ghcr.io/shop/web, tag: "1.10" }     # right
    /// ```
    UNQUOTED_TEXT = "unquoted-text", Input, Error;

    /// A required key is missing.
    ///
    /// ```yaml
    /// access: [{ group: developers }]                 # wrong: which role?
    /// access: [{ group: developers, role: view }]     # right
    /// ```
    MISSING_KEY = "missing-key", Input, Error;

    /// A key without a value.
    ///
    /// `replicas:` with nothing after it is null to YAML, and null removes the value
    /// of earlier layers. Most such lines are only unfinished, so a removal has to
    /// be written out.
    ///
    /// ```yaml
    /// values:
    ///   replicas:          # wrong
    ///   replicas: null     # right: removes the value of earlier layers
    ///   replicas: 3        # right
    /// ```
    EMPTY_VALUE = "empty-value", Input, Error;

    /// A word that is not one of the choices.
    ///
    /// Some settings take one of a few words, which the message lists.
    ///
    /// ```yaml
    /// tier: prod           # wrong
    /// tier: production     # right
    /// ```
    UNKNOWN_CHOICE = "unknown-choice", Input, Error;
}
