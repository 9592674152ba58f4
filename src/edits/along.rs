//! Values that change along with an edit, because an alias or `<<` repeats what it changes.

use super::code::CHANGES_ALONG;
use crate::diagnostic::Finding;
use crate::source::Location;
use crate::yaml::{Node, Place, Route, Step, Value};

/// The note that values of a file change along with an edit, none of which is among those that
/// are known to change: it names the first. None if there are no such values.
///
/// Only what an alias or `<<` repeats is looked at: anything else changes by itself.
pub fn changes_along(
    before: &[Value],
    after: &[Value],
    is_known: &dyn Fn(&Place) -> bool,
) -> Option<Finding> {
    let mut along = Along { document: 0, is_known, first: None, more: 0 };
    for (document, (before, after)) in before.iter().zip(after).enumerate() {
        along.document = document;
        along.compare(before.root(), after.root(), &Route::root(), false);
    }
    let (route, location) = along.first?;
    let others = match along.more {
        0 => String::new(),
        1 => " and another value".to_owned(),
        more => format!(" and {more} other values"),
    };
    let verb = if along.more == 0 { "changes" } else { "change" };
    Some(
        Finding::new(&CHANGES_ALONG, format!("`{route}`{others} {verb} as well"), location)
            .because("repeats what is changed")
            .help("write the value out here, in place of the alias, if it is to stay"),
    )
}

/// What was found to change.
struct Along<'k> {
    document: usize,
    is_known: &'k dyn Fn(&Place) -> bool,
    first: Option<(Route, Location)>,
    more: usize,
}

impl Along<'_> {
    fn compare(&mut self, before: Node<'_>, after: Node<'_>, route: &Route, is_repeated: bool) {
        let place = Place { document: self.document, route: route.clone() };
        if (self.is_known)(&place) {
            return;
        }
        let is_repeated = is_repeated || before.alias_of().is_some();
        if before.is_mapping() && after.is_mapping() {
            for (key, value) in before.entries() {
                let Some(now) = after.get(key.text()) else { continue };
                let mut below = route.clone();
                below.push(Step::Key(key.text().to_owned()));
                self.compare(value, now, &below, is_repeated || key.is_repeated());
            }
        } else if before.is_sequence() && after.is_sequence() {
            for (index, (value, now)) in before.items().zip(after.items()).enumerate() {
                let mut below = route.clone();
                below.push(Step::Index(index));
                self.compare(value, now, &below, is_repeated);
            }
        } else if is_repeated && !before.equals(after) {
            match self.first {
                Some(_) => self.more += 1,
                None => self.first = Some((route.clone(), before.location())),
            }
        }
    }
}
