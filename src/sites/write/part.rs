//! The change of one part of a site.

use crate::sites::{Removal, SitePart};
use crate::yaml::{Change, Place, Route, Step};

/// The change that gives a part this text; none if it or an outer file has that
/// already.
pub(super) fn set(part: &SitePart, text: &str) -> Option<Change> {
    (part.text != text).then(|| write(part, text))
}

pub(super) fn write(part: &SitePart, text: &str) -> Change {
    let text = text.to_owned();
    if part.is_there {
        return Change::Set { at: part.at.clone(), text };
    }
    let (map, key) = split(&part.at);
    Change::Insert { map, key, text }
}

/// The map and the key of a place.
pub(super) fn split(at: &Place) -> (Place, String) {
    let mut route = Route::root();
    let Some((last, before)) = at.route.steps().split_last() else {
        return (at.clone(), String::new());
    };
    for step in before {
        route.push(step.clone());
    }
    let key = match last {
        Step::Key(key) => key.clone(),
        Step::Index(_) | Step::Where { .. } | Step::Text(_) => String::new(),
    };
    (Place { document: at.document, route }, key)
}

/// The change that removes a part.
pub(super) fn clear(part: &SitePart, removal: Removal) -> Option<Change> {
    let at = part.at.clone();
    match removal {
        _ if part.text.is_empty() => None,
        Removal::Key => part.is_there.then_some(Change::Remove { at }),
        Removal::Empty => part.is_there.then(|| Change::Set { at, text: String::new() }),
        Removal::Null => {
            let (map, key) = split(&at);
            Some(Change::SetYaml { map, key, yaml: "null\n".to_owned() })
        }
    }
}
