//! Edits of YAML files: exactly the intended bytes change, and no others.

mod anchors;
mod edits;
mod generator;
mod properties;
mod table;

use std::sync::Arc;

use rungs::diagnostic::Findings;
use rungs::source::{RepoPath, SourceFile};
use rungs::yaml::{Change, NewValue, Place, Route, Step, splice};

/// A text with changes in it.
fn edited(text: &str, changes: &[Change]) -> Result<String, Findings> {
    let file = SourceFile::new(RepoPath::new("a.yaml").unwrap(), text.to_owned());
    splice(&Arc::new(file), changes)
}

/// A place in a file's first document; in another, with its number before it:
/// `1:a.b`.
fn place(text: &str) -> Place {
    let numbered = text.split_once(':');
    let numbered = numbered.and_then(|(number, route)| Some((number.parse().ok()?, route)));
    let (document, route) = numbered.unwrap_or((0, text));
    let route = if route.is_empty() { Route::root() } else { Route::parse(route).unwrap() };
    Place { document, route }
}

fn set(at: &str, text: &str) -> Change {
    Change::Set { at: place(at), text: text.to_owned() }
}

fn insert(map: &str, key: &str, text: &str) -> Change {
    Change::Insert { map: place(map), key: key.to_owned(), text: text.to_owned() }
}

fn become_yaml(map: &str, key: &str, yaml: &str) -> Change {
    Change::SetYaml { map: place(map), key: key.to_owned(), yaml: yaml.to_owned() }
}

fn append(list: &str, item: &[(&str, &str)]) -> Change {
    let item = item.iter().map(|(key, text)| (*key, NewValue::text(*text)));
    Change::Append { list: place(list), item: NewValue::map(item) }
}

fn append_value(list: &str, item: NewValue) -> Change {
    Change::Append { list: place(list), item }
}

/// An entry of a list of maps with more in them than texts.
fn entry() -> NewValue {
    NewValue::map([
        ("state", NewValue::map([("web", NewValue::text("v2"))])),
        ("by", NewValue::text("ana")),
    ])
}

/// The same change in the first document that the text at a route holds.
fn within(text: &str, change: Change) -> Change {
    let inside = |inner: Place| {
        let mut outer = place(text);
        outer.route.push(Step::Text(inner.document));
        outer.route.extend(inner.route.steps().iter().cloned());
        outer
    };
    match change {
        Change::Set { at, text } => Change::Set { at: inside(at), text },
        Change::Insert { map, key, text } => Change::Insert { map: inside(map), key, text },
        Change::SetYaml { map, key, yaml } => Change::SetYaml { map: inside(map), key, yaml },
        Change::Append { list, item } => Change::Append { list: inside(list), item },
        Change::Remove { at } => Change::Remove { at: inside(at) },
    }
}

fn remove(at: &str) -> Change {
    Change::Remove { at: place(at) }
}
