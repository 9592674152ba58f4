//! What lists and maps of settings have in common: names that are listed twice, and
//! keys only one of which may be given.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::decode::MOST_PROBLEMS;
use super::sourced::Sourced;
use crate::diagnostic::{Finding, Findings, codes};
use crate::source::Location;

codes! {
    /// A name is listed twice.
    ///
    /// ```yaml
    /// ladder: [qa, stage, qa]       # wrong
    /// ladder: [qa, stage]           # right
    /// ```
    LISTED_TWICE = "listed-twice", Input, Error;

    /// A map takes exactly one of several keys.
    ///
    /// Some settings are one thing or another, and the key says which.
    ///
    /// ```yaml
    /// access: [{ group: sre, user: ana, role: edit }]                            # wrong
    /// access: [{ group: sre, role: edit }, { user: ana, role: edit }]            # right
    /// ```
    EXACTLY_ONE = "exactly-one", Input, Error;

    /// An empty list that could mean all or nothing.
    ///
    /// To a person `ports: []` means no port, but to a `NetworkPolicy` it means
    /// every port. For all, leave the key out; for none, leave the entry out.
    EMPTY_LIST = "empty-list", Input, Error;
}

/// The finding that a map takes exactly one of several keys.
pub(super) fn exactly_one(noun: &str, keys: &str, at: &Location) -> Finding {
    Finding::new(&EXACTLY_ONE, format!("{noun} takes exactly one of {keys}"), at.clone())
        .because("none of them is here, or more than one")
}

/// The finding that a list is empty where that could mean all or nothing.
pub(super) fn empty_list(key: &str, all: &str, at: &Location) -> Finding {
    Finding::new(&EMPTY_LIST, format!("`{key}` is an empty list"), at.clone())
        .because("all or nothing?")
        .help(format!("leave `{key}` out for {all}"))
}

/// Reports what is in a list more than once.
pub(super) fn report_twice<T>(
    list: &[Sourced<T>],
    name: impl Fn(&T) -> &str,
    noun: &str,
    findings: &mut Findings,
) {
    let mut first = HashMap::new();
    let again = list.iter().filter_map(|item| match first.entry(name(&item.value)) {
        Entry::Occupied(earlier) => Some((item, *earlier.get())),
        Entry::Vacant(place) => {
            place.insert(&item.location);
            None
        }
    });
    for (item, earlier) in again.take(MOST_PROBLEMS) {
        let message = format!("the {noun} `{}` is listed twice", name(&item.value));
        findings.push(
            Finding::new(&LISTED_TWICE, message, item.location.clone())
                .because("the second time")
                .label(earlier.clone(), "the first time")
                .help("remove one of them"),
        );
    }
}
