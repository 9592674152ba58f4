//! What can be wrong with the keys and values of a file.

use crate::diagnostic::codes;

codes! {
    /// A key that is not known here.
    ///
    /// Every key of `rungs.yaml`, `environment.yaml` and an app's file is
    /// known by name. One that is not would be ignored in silence, and with it
    /// the gate or the quota that it was meant to be, so it is an error.
    ///
    /// ```yaml
    /// tire: production     # wrong
    /// tier: production     # right
    /// ```
    ///
    /// What a template reads stands below `values:`, where any key goes.
    UNKNOWN_KEY = "unknown-key", Input, Error;

    /// A value of another type than is expected here.
    ///
    /// ```yaml
    /// ladder: qa           # wrong: a list is expected
    /// ladder: [qa]         # right
    /// ```
    WRONG_TYPE = "wrong-type", Input, Error;

    /// A text that YAML reads as something else.
    ///
    /// To kubectl and to us, `no`, `off` and `y` are booleans, `1e3`, `0644`
    /// and `1.10` are numbers, and `~` is nothing. Where a text is expected
    /// such a word has to be quoted, or it would mean another name to each
    /// tool that reads it.
    ///
    /// ```yaml
    /// images:
    ///   web: { repository: ghcr.io/shop/web, tag: 1.10 }       # wrong: the number 1.1
    ///   web: { repository: ghcr.io/shop/web, tag: "1.10" }     # right
    /// ```
    UNQUOTED_TEXT = "unquoted-text", Input, Error;

    /// A key that has to be there is not.
    ///
    /// ```yaml
    /// access: [{ group: developers }]                 # wrong: which role?
    /// access: [{ group: developers, role: view }]     # right
    /// ```
    MISSING_KEY = "missing-key", Input, Error;

    /// A key without a value.
    ///
    /// `replicas:` with nothing after it is null to YAML, and null removes
    /// what an earlier layer says. That is too much for what is mostly a line
    /// that somebody meant to finish, so removal has to be written out.
    ///
    /// ```yaml
    /// values:
    ///   replicas:          # wrong
    ///   replicas: null     # right: removes what earlier layers say
    ///   replicas: 3        # right
    /// ```
    EMPTY_VALUE = "empty-value", Input, Error;

    /// A word that is none of those that are possible here.
    ///
    /// Some settings take one of a few words, which the message lists.
    ///
    /// ```yaml
    /// tier: prod           # wrong
    /// tier: production     # right
    /// ```
    UNKNOWN_CHOICE = "unknown-choice", Input, Error;
}
